"""Reading the open web: feeds and the text of pages."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel

from integrations.connectors.web.feeds import Feed, parse_feed
from integrations.sdk import (
    Connector,
    Context,
    FieldProblem,
    InvalidParams,
    Param,
    Rejected,
    Text,
    Unavailable,
    Upstream,
    check_response,
)
from integrations.sdk.html import text_of_html
from integrations.sdk.http import require_address

if TYPE_CHECKING:
    import httpx2

web = Connector(
    "web",
    title=Text("Web pages and feeds", "웹 페이지와 피드"),
    description=Text(
        "Reads RSS and Atom feeds and the text of web pages.", "RSS·Atom 피드와 웹 페이지의 글을 읽습니다."
    ),
    upstream=Upstream(key="web", base_url_env="WEB_BASE_URL", live="", sandbox="/web"),
    group="web",
)

Url = Annotated[
    str, Param("Address, from https:// on", "https://로 시작하는 주소", title="URL", min_length=1, max_length=4000)
]
MAX_BYTES = 10 * 1024 * 1024


class Link(BaseModel):
    """A link of a page."""

    url: str
    text: str = ""


class Page(BaseModel):
    """The readable part of a page. `complete` is false when the text was cut at the wanted length."""

    url: str
    title: str = ""
    description: str = ""
    text: str = ""
    links: list[Link] = []
    complete: bool = True


class _Facts(HTMLParser):
    """Title, description, links and declared encoding of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.description = ""
        self.links: list[list[str]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "title" and not self.title:
            self._inside = "title"
        elif tag == "meta" and values.get("name", values.get("property", "")).lower() in (
            "description",
            "og:description",
        ):
            self.description = self.description or values.get("content", "")
        elif tag == "a" and values.get("href"):
            self.links.append([values["href"], ""])
            self._inside = "a"

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        elif self._inside == "a":
            self.links[-1][1] += data


async def _fetch(ctx: Context, url: str, accept: str) -> httpx2.Response:
    require_address(url, ctx.upstream.base_url)
    response = await ctx.http.get(
        url, headers={"Accept": accept}, follow_redirects=True, extensions={"portal_max_bytes": MAX_BYTES}
    )
    return check_response(response, service=response.url.host)


@web.action(
    title=Text("Read feed", "피드 읽기"),
    description_ko="RSS나 Atom 피드의 글을 새것부터 읽습니다.",
    cache=60,
    example={"url": "/feed.xml"},
)
async def read_feed(
    ctx: Context,
    url: Url,
    count: Annotated[int, Param("Entries at most", "최대 글 수", ge=1, le=500)] = 20,
    since: Annotated[
        str | None, Param("Only entries after this time (ISO 8601)", "이 시각 이후의 글만(ISO 8601)")
    ] = None,
) -> Feed:
    """Reads the entries of an RSS or Atom feed, newest first."""
    response = await _fetch(ctx, url, "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5")
    feed = parse_feed(response.content, response.charset_encoding)
    if since is not None:
        after = _utc(since)
        feed.items = [
            one for one in feed.items if one.published_at and dt.datetime.fromisoformat(one.published_at) > after
        ]
    feed.items = feed.items[:count]
    feed.count = len(feed.items)
    return feed


@web.action(
    title=Text("Read page", "페이지 읽기"),
    description_ko="웹 페이지의 제목과 읽을 수 있는 글을 가져옵니다.",
    cache=60,
    example={"url": "/page.html"},
)
async def read_page(
    ctx: Context,
    url: Url,
    max_characters: Annotated[int, Param("Characters at most", "최대 글자 수", ge=100, le=1_000_000)] = 20_000,
    links: Annotated[bool, Param("List the links too", "링크 목록도 포함")] = False,
) -> Page:
    """Reads title and readable text of a web page."""
    response = await _fetch(ctx, url, "text/html, application/xhtml+xml, text/plain;q=0.8")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml", "text/plain", ""):
        raise Rejected(f"This is {kind}, not a page.", remedy="Use the HTTP connector to get it as a file.")
    if not response.content.strip():
        raise Unavailable("The page is empty.", code="broken_answer")
    text = response.text
    if kind == "text/plain":
        return Page(url=_plain(response), text=text[:max_characters], complete=len(text) <= max_characters)
    facts = _Facts()
    facts.feed(text)
    readable = text_of_html(text)
    found = (
        [Link(url=target, text=" ".join(label.split())) for target, label in _targets(response, facts)] if links else []
    )
    return Page(
        url=_plain(response),
        title=" ".join(facts.title.split()),
        description=facts.description.strip(),
        text=readable[:max_characters],
        links=found,
        complete=len(readable) <= max_characters,
    )


def _plain(response: httpx2.Response) -> str:
    return str(response.url)


def _targets(response: httpx2.Response, facts: _Facts) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for href, label in facts.links[:5000]:
        try:
            target = str(response.url.join(href))
        except Exception:  # noqa: S112 - pages hold anything; a link that is none is left out
            continue
        if urlsplit(target).scheme in ("http", "https"):
            found.setdefault(target.partition("#")[0], label)
    return list(found.items())[:1000]


def _utc(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        problem = FieldProblem("since", "This is not a time.", "Write it like 2026-03-02T09:00:00+09:00.")
        raise InvalidParams("The time cannot be read.", problems=[problem]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=9)))


from integrations.connectors.web import events as _events  # noqa: E402, F401 - registers the triggers
