"""Naver search and Kakao against their sandboxes."""

import httpx2
import pytest

from integrations.connectors.kakao import sandbox as kakao
from integrations.connectors.naver import sandbox as naver
from integrations.sdk import AuthError, InvalidParams, RateLimited, Rejected

NAVER = {"credential": naver.CREDENTIAL}
TALK = {"credential": kakao.CREDENTIAL["kakao"]}
LOCAL = {"credential": kakao.CREDENTIAL["kakao_local"]}


async def test_news_come_clean_and_over_pages(run):
    found = await run("naver.search_news", NAVER, query="전세", count=150)
    assert found["count"] == 150 and found["total"] == 2500 and found["complete"] is False
    first = found["items"][0]
    assert first["title"] == '전세 "1"' and first["summary"] == "전세 이야기 & 더 1"
    assert first["url"].startswith("https://press.") and first["published_at"] == "2026-03-02T09:00:00+09:00"
    assert len({one["url"] for one in found["items"]}) == 150


async def test_the_end_of_a_search_is_known(run):
    found = await run("naver.search_documents", NAVER, query="재건축", count=500)
    assert found["count"] == found["total"] == 130 and found["complete"] is True
    nothing = await run("naver.search_documents", NAVER, query="없는말")
    assert nothing["items"] == [] and nothing["complete"] is True


async def test_naver_gives_out_the_first_thousand_without_an_error(run):
    found = await run("naver.search_news", NAVER, query="전세", count=1000)
    assert found["count"] == 1000 and found["complete"] is False


async def test_prices_are_numbers_or_unknown_and_places_have_degrees(run):
    products = (await run("naver.search_products", NAVER, query="의자"))["items"]
    assert products[0]["lowest_price"] == 10000 and products[0]["highest_price"] is None
    assert products[1]["highest_price"] == 24000 and products[0]["categories"] == ["가구"]
    place = (await run("naver.search_places", NAVER, query="카페"))["items"][0]
    assert 127.02 < place["longitude"] < 127.03 and 37.49 < place["latitude"] < 37.50


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(401, "024", AuthError), (429, "012", RateLimited), (400, "SE01", Rejected), (403, "", AuthError)],
)
async def test_codes_of_naver_become_errors(run, status, code, error):
    body = {"errorCode": code, "errorMessage": "as asked"}
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, json=body))
    with pytest.raises(error):
        await run("naver.search_news", {**NAVER, "transport": transport}, query="x")


async def test_messages_reach_kakaotalk(run, monkeypatch):
    monkeypatch.setattr(kakao, "sent", [])
    text = {"text": "새 공고 & 링크", "url": "https://example.com/n?a=1&b=2", "button": "보기"}
    assert await run("kakao.send_to_me", TALK, **text) == {"sent": True}
    await run("kakao.send_list_to_me", TALK, header="순위", items=["1위", "2위"], url="https://example.com")
    first, second = kakao.sent
    assert first["text"] == "새 공고 & 링크" and first["link"]["web_url"] == "https://example.com/n?a=1&b=2"
    assert first["button_title"] == "보기" and [one["title"] for one in second["contents"]] == ["1위", "2위"]


async def test_places_come_over_pages_up_to_what_was_asked(run):
    found = await run("kakao_local.search_places", LOCAL, query="카페", count=20)
    assert found["count"] == 20 and found["total"] == 32 and found["complete"] is False
    assert len({one["id"] for one in found["items"]}) == 20 and found["items"][0]["distance_m"] is None
    whole = await run("kakao_local.search_places", LOCAL, query="카페", count=45, longitude=127.0, latitude=37.5)
    assert whole["count"] == 32 and whole["complete"] is True and whole["items"][0]["distance_m"] == 100


@pytest.mark.parametrize("params", [{"longitude": 127.0}, {"radius_m": 500}, {"sort": "distance"}])
async def test_a_centre_must_be_complete(run, params):
    with pytest.raises(InvalidParams):
        await run("kakao_local.search_places", LOCAL, query="카페", **params)


async def test_an_address_has_coordinates_and_codes(run):
    (one,) = (await run("kakao_local.find_address", LOCAL, query="강남대로 396"))["items"]
    assert one["legal_dong_code"] == "1168010100" and one["zone_no"] == "06232" and 127 < one["longitude"] < 128
    assert (await run("kakao_local.find_address", LOCAL, query="없는 주소"))["items"] == []


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"code": -401, "msg": "no token"}, AuthError),
        (403, {"code": -402, "msg": "insufficient scopes"}, AuthError),
        (400, {"code": -10, "msg": "limit"}, RateLimited),
        (400, {"code": -2, "msg": "wrong parameter"}, Rejected),
    ],
)
async def test_codes_of_kakao_become_errors(run, status, body, error):
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, json=body))
    with pytest.raises(error):
        await run("kakao.send_to_me", {**TALK, "transport": transport}, text="x")
