"""The client's reaction to every failure shape, and its request rate."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from integrations.sdk import AuthError, ConnectorError, MemoryStore, RateLimited, Rejected, Unavailable
from markets.kis import endpoints
from markets.kis.client import KisClient, Pace, read_page
from markets.kis.hours import utc_now


async def test_a_storm_of_refusals_is_ridden_out(client, world):
    world.switch({"rate_storm": 0.3})

    pages = await asyncio.gather(*(client.market_cap(scope=scope) for scope in ("0000", "0001", "1001") * 10))

    assert all(len(page.rows) == 30 for page in pages)
    assert world.refused["EGW00201"] > 0


async def test_refusals_without_end_become_a_rate_error_with_a_wait(client, world):
    world.switch({"rate_storm": 1.0})

    with pytest.raises(RateLimited) as caught:
        await client.volume_rank()

    assert caught.value.retry_after
    assert world.calls["volume-rank"] == 5


async def test_the_real_limit_is_never_met_by_many_clients(make_client, world):
    world.switch({"per_second": 20})
    clients = [make_client(pace=Pace(), sleep=asyncio.sleep) for _ in range(4)]

    await asyncio.gather(*(client.volume_rank() for client in clients for _ in range(10)))

    assert world.refused["EGW00201"] == 0
    assert world.busiest_second <= 20


async def test_the_sandbox_refuses_the_twenty_first_call_of_a_second(client, world):
    world.switch({"per_second": 20})
    token = await client.token()

    answers = await asyncio.gather(*(client._get_once(endpoints.HOLIDAYS, {"BASS_DT": "20250211"}, token, False)
                                     for _ in range(21)), return_exceptions=True)  # fmt: skip

    assert sum(isinstance(answer, RateLimited) for answer in answers) == 1


async def test_an_error_inside_http_200_is_an_error(client, world):
    world.switch({"refuse": {"code": "OPSQ0002", "message": "없는 서비스 코드 입니다"}})

    with pytest.raises(Rejected) as caught:
        await client.volume_rank()

    assert "없는 서비스 코드" in caught.value.message
    assert caught.value.details["upstream_code"] == "OPSQ0002"
    assert world.calls["volume-rank"] == 1


async def test_an_empty_message_still_gives_a_sentence(client, world):
    world.switch({"empty_messages": True, "refuse": {"code": "OPSQ0002", "message": "anything"}})

    with pytest.raises(Rejected, match="gave no reason"):
        await client.volume_rank()


async def test_a_maintenance_page_is_unavailable_and_retried(client, world):
    world.switch({"html_503": 2})

    page = await client.volume_rank()

    assert len(page.rows) == 30


async def test_lasting_maintenance_is_unavailable_and_never_an_empty_list(client, world):
    await client.token()
    world.switch({"html_503": -1})

    with pytest.raises(Unavailable, match="maintenance"):
        await client.volume_rank()


async def test_a_slow_answer_is_cut_off_and_tried_once_more(make_client, world):
    client = make_client(answer_within=0.05)
    await client.token()
    world.switch({"delay": 10, "delay_times": -1})

    with pytest.raises(Unavailable, match=r"did not answer within 0\.05 s"):
        await client.volume_rank()

    assert world.calls["volume-rank"] == 2


async def test_one_slow_answer_is_survived(make_client, world):
    client = make_client(answer_within=0.5)
    await client.token()
    world.switch({"delay": 10, "delay_times": 1})

    assert len((await client.volume_rank()).rows) == 30


async def test_blank_rows_are_dropped_and_counted(client, world):
    world.switch({"blank_rows": 3})

    page = await client.volume_rank()

    assert (len(page.rows), page.blank) == (30, 3)


async def test_an_unreachable_upstream_is_unavailable(keys):
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("connection refused", request=request)

    async def quick(seconds: float) -> None: ...

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse), base_url="http://kis") as http:
        client = KisClient(http, keys, MemoryStore(), environment="test", sleep=quick)
        with pytest.raises(Unavailable, match="cannot be reached"):
            await client.volume_rank()


async def test_a_deadline_ends_the_wait_for_the_shared_rate(make_client):
    import time

    client = make_client(pace=Pace(1, 60.0), deadline=time.monotonic() + 0.2)
    await client.volume_rank()

    with pytest.raises(RateLimited, match="no room before the deadline"):
        await client.volume_rank()


@pytest.mark.parametrize(
    "body",
    [[], "text", {"rows": []}, {"rt_cd": "0"}, {"rt_cd": "0", "output": "nothing"}],
)
async def test_unknown_shapes_are_unavailable(client, body, keys):
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("tokenP"):
            return httpx2.Response(200, json={"access_token": "t" * 60, "expires_in": 86400})
        return httpx2.Response(200, json=body)

    async def quick(seconds: float) -> None: ...

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), base_url="http://kis") as http:
        client = KisClient(http, keys, MemoryStore(), environment="test", sleep=quick)
        with pytest.raises(Unavailable):
            await client.volume_rank()


def test_a_list_of_only_unreadable_rows_is_an_error():
    body = {"rt_cd": "0", "output": [{"mksc_shrn_iscd": "005930", "stck_prpr": "what"}]}

    with pytest.raises(Unavailable, match="No row"):
        read_page(endpoints.VOLUME_RANK, body, utc_now())


def test_one_unreadable_row_is_counted_and_the_rest_kept():
    good = {
        "mksc_shrn_iscd": "005930",
        "hts_kor_isnm": "삼성전자",
        "stck_prpr": "1",
        "data_rank": "1",
        "acml_tr_pbmn": "1",
    }

    page = read_page(endpoints.VOLUME_RANK, {"rt_cd": "0", "output": [good, good | {"stck_prpr": "?"}]}, utc_now())

    assert (len(page.rows), page.broken) == (1, 1)


async def test_upstream_words_are_stripped_of_secrets(client, world, keys):
    secret = keys.app_secret.get_secret_value()
    world.switch({"refuse": {"code": "OPSQ0002", "message": f"bad appsecret {secret}"}})

    with pytest.raises(ConnectorError) as caught:
        await client.volume_rank()

    assert secret not in repr(caught.value.as_dict())


async def test_a_foreign_token_is_an_auth_error_after_one_renewal(client, world, monkeypatch):
    world.switch({"token_pause": 0})
    await client.token()

    monkeypatch.setattr(world, "tokens", type("Nobody", (dict,), {"get": lambda self, key: None})(world.tokens))
    with pytest.raises(AuthError, match="freshly issued"):
        await client.volume_rank()

    assert world.calls["volume-rank"] == 2
