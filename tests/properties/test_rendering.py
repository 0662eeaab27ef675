"""Rendering: optional, through the guarded client only, and honest about blocks."""

import json

import httpx2
import pytest

from integrations.sdk import MemoryStore
from portal.common import http
from properties.collectors import Collector, CollectRequest, Outcome, Profile, rendering
from properties.collectors.rendering import PlaywrightRenderer, Rendered, availability

PAGE = """<html><body><div id="list"></div><script>
fetch('/rows.json').then(r => r.json()).then(d => {
  const s = document.createElement('script'); s.type = 'application/json'; s.id = 'data';
  s.textContent = JSON.stringify(d); document.body.append(s);
  fetch('http://10.0.0.7/inside').catch(() => 0); new WebSocket('ws://10.0.0.7/socket');
});
</script></body></html>"""
ROWS = {"items": [{"no": 7, "name": "가나래미", "price": "12억", "area": 84.97}], "more": False}
PROFILE = Profile.model_validate(
    {
        "key": "dynamic",
        "title": "A dynamic site",
        "title_ko": "동적 사이트",
        "access": "open",
        "base_url": "http://site.test",
        "trade_codes": {"sale": "S"},
        "property_codes": {"apartment": "A"},
        "steps": {
            "list": {"path": "/list", "render": "#data", "paging": {"more": "more"}, "rows": {"paths": ["items"]}}
        },
        "id_field": "no",
        "fields": {"complex_name": "name", "price_text": "price", "exclusive": "area", "trade": {"const": "매매"}},
    }
)


class Canned:
    """A renderer that answers what it was given."""

    def __init__(self, answer: Rendered) -> None:
        self.answer = answer

    async def render(self, client: httpx2.AsyncClient, url: str, *, wait_for: str = "") -> Rendered:
        assert wait_for == "#data"
        return self.answer


async def collect(renderer: object, store: MemoryStore | None = None):
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(lambda request: httpx2.Response(500))) as client:
        collector = Collector(PROFILE, client, store or MemoryStore(), check_robots=False, renderer=renderer)
        return await collector.collect(CollectRequest("1168000000"))


def page_with(data: object) -> str:
    return f'<html><script id="data" type="application/json">{json.dumps(data, ensure_ascii=False)}</script></html>'


async def test_rows_of_a_rendered_page_are_read() -> None:
    result = await collect(Canned(Rendered(200, page_with(ROWS))))

    assert (result.outcome, [advert.platform_id for advert in result.adverts]) == (Outcome.COMPLETE, ["7"])


async def test_without_a_renderer_it_says_what_is_missing() -> None:
    result = await collect(None)

    assert (result.outcome, result.requests) == (Outcome.REFUSED, 0)
    assert "Rendering is not available" in result.reason and result.remedy


@pytest.mark.parametrize(
    "answer",
    [
        Rendered(302, "", "/error/abuse"),
        Rendered(429, ""),
        Rendered(200, "<html><h1>Just a moment...</h1></html>"),
    ],
)
async def test_a_block_of_a_rendered_page_opens_the_breaker(answer: Rendered) -> None:
    store = MemoryStore()

    first = await collect(Canned(answer), store)
    again = await collect(Canned(Rendered(200, page_with(ROWS))), store)

    assert first.outcome is again.outcome is Outcome.BLOCKED
    assert "resting" in again.reason


async def test_a_page_without_its_data_is_a_failure() -> None:
    result = await collect(Canned(Rendered(200, "<html><body>점검중</body></html>")))

    assert result.outcome is Outcome.FAILED and not result.may_mark_gone


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "browser_path", lambda: None)
    without_browser = availability()
    monkeypatch.setattr(rendering.importlib.util, "find_spec", lambda name: None)

    for found in (without_browser, availability()):
        assert not found.is_there and found.reason and found.remedy


@pytest.mark.skipif(not availability().is_there, reason=availability().reason)
async def test_every_request_of_the_page_passes_the_guard() -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        if request.url.path == "/rows.json":
            return httpx2.Response(200, json=ROWS)
        return httpx2.Response(200, text=PAGE, headers={"content-type": "text/html"})

    async with http.client(transport=httpx2.MockTransport(answer), trusted_url="http://site.test") as client:
        rendered = await PlaywrightRenderer(seconds=60).render(client, "http://site.test/list", wait_for="#data")

    assert rendered.status == 200 and "가나래미" in rendered.html
    assert set(asked) <= {"http://site.test/list", "http://site.test/rows.json", "http://site.test/favicon.ico"}
    assert "10.0.0.7" in rendered.refused
