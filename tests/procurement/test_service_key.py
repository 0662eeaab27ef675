"""The key in all its spellings arrives encoded once, and is shown nowhere."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest

from procurement.g2b import KeyRefused, normalise_key, redact
from procurement.g2b.keys import fingerprint
from procurement.sandbox import SANDBOX_KEY as KEY

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "spelling", [KEY, quote(KEY, safe=""), quote(KEY, safe="").lower(), quote(quote(KEY, safe="")), f" {KEY}\n"]
)
async def test_raw_encoded_and_doubly_encoded_keys_arrive_the_same(spelling, make_client, world):
    world.keys = [KEY]
    key = (
        spelling if spelling.lower() != spelling else spelling.replace(quote(KEY, safe="").lower(), quote(KEY, safe=""))
    )
    page = await make_client(key).page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "23657020"})
    assert page.total == 9


async def test_a_hexadecimal_key_is_used_as_it_is(make_client, world):
    world.keys = [HEX]
    page = await make_client(HEX).page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "23657020"})
    assert page.total == 9


@pytest.mark.parametrize("wrong", ["", "  ", "two words", "https://x/?serviceKey=a&b", "50%"])
def test_what_cannot_be_a_key_is_refused_with_a_remedy(wrong):
    with pytest.raises(KeyRefused) as caught:
        normalise_key(wrong)
    assert caught.value.remedy


def test_the_key_is_redacted_in_every_spelling():
    text = f"a {KEY} b {quote(KEY, safe='')} c {quote(KEY)} d https://x/?ServiceKey=other%3D&pageNo=1"
    cleaned = redact(text, KEY)
    assert "Sandbox0Key" not in cleaned
    assert "other" not in cleaned
    assert "pageNo=1" in cleaned
    assert KEY not in fingerprint(KEY)


async def test_the_http_librarys_log_lines_do_not_show_the_key(g2b, caplog):
    with caplog.at_level(logging.DEBUG, logger="httpx2"):
        await g2b.page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "23657020"})
    assert "getPrdctIndvAtrbInfoList02" in caplog.text
    assert "Sandbox0Key" not in caplog.text
    assert "serviceKey=***" in caplog.text


async def test_headers_the_gateway_refuses_are_never_sent(http, store, world):
    from procurement.g2b import G2bClient, Gate

    http.headers["baggage"] = "sentry-environment=production"
    http.headers["traceparent"] = "00-abc-def-01"
    client = G2bClient(http, KEY, gate=Gate(store, "test"))
    assert (await client.page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "23657020"})).total == 9
    assert world.headers_seen <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert "user-agent" in world.headers_seen


async def test_an_echoed_key_is_taken_out_of_messages(fixed_answer):
    client = fixed_answer(
        f'{{"response":{{"header":{{"resultCode":"10","resultMsg":"bad serviceKey={KEY}"}},"body":{{}}}}}}'
    )
    with pytest.raises(Exception, match=r"\*\*\*") as caught:
        await client.page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "1"})
    assert "Sandbox0Key" not in str(caught.value)
    assert "Sandbox0Key" not in caught.value.message
