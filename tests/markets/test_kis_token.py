"""The access token is issued once, shared, renewed when refused, and never shown."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from integrations.sdk import AuthError, RateLimited
from markets.kis.client import KisClient
from markets.kis.errors import TokenTooOften
from markets.kis.keys import KisKeys


async def no_sleep(seconds: float) -> None:
    """Retries without their pause."""


async def test_many_racing_clients_issue_one_token(make_client, world):
    await asyncio.gather(*(make_client().token() for _ in range(25)))

    assert world.tokens_issued == 1


async def test_a_second_process_reuses_the_stored_token(make_client, world):
    first = await make_client().token()
    second = await make_client().token()

    assert first.value == second.value
    assert world.calls["tokenP"] == 1


async def test_the_stored_token_is_not_readable_without_the_app_secret(make_client, store):
    token = await make_client().token()

    kept = [value for value, _ in store._values.values()]
    assert kept
    assert all(token.value.encode() not in value for value in kept)


@pytest.mark.parametrize("status", ["500", "200"])
async def test_a_token_refused_once_is_replaced_and_the_call_succeeds(client, world, status):
    await client.volume_rank()
    world.switch({"expire_token": status})

    page = await client.volume_rank()

    assert len(page.rows) == 30
    assert world.tokens_issued == 2


async def test_two_processes_meeting_an_expired_token_issue_one_new_one(make_client, world):
    clients = [make_client() for _ in range(6)]
    await clients[0].volume_rank()
    world.switch({"expire_token": "500"})

    await asyncio.gather(*(client.volume_rank() for client in clients))

    assert world.tokens_issued == 2


async def test_a_token_asked_for_too_often_is_not_asked_for_again(http, keys, world):
    from integrations.sdk import MemoryStore

    elsewhere = KisClient(http, keys, MemoryStore(), environment="test", sleep=no_sleep)
    await elsewhere.token()
    ours = KisClient(http, keys, MemoryStore(), environment="test", sleep=no_sleep)

    for _ in range(3):
        with pytest.raises(TokenTooOften) as caught:
            await ours.volume_rank()

    assert caught.value.retry_after == 60
    assert isinstance(caught.value, RateLimited)
    assert world.calls["tokenP"] == 2


async def test_real_and_other_environments_do_not_share_a_token(http, keys, store, world):
    world.switch({"token_pause": 0})
    for environment in ("real", "mock"):
        await KisClient(http, keys, store, environment=environment, sleep=no_sleep).token()

    assert world.tokens_issued == 2


@pytest.mark.parametrize(
    ("key", "secret"),
    [("invalid-key-0123456789", "s" * 40), ("k" * 36, "invalid-secret-0123456789")],
)
async def test_wrong_keys_say_what_to_check_and_nothing_secret(http, store, key, secret, world):
    client = KisClient(http, KisKeys(app_key=key, app_secret=secret), store, environment="test", sleep=no_sleep)

    with pytest.raises(AuthError) as caught:
        await client.volume_rank()

    assert "app key and secret" in caught.value.remedy
    assert key not in repr(caught.value.as_dict()) and secret not in repr(caught.value.as_dict())
    assert world.calls["tokenP"] == 1


async def test_a_token_answer_with_the_earlier_seoul_time_wins(keys, store):
    """`expires_in` says a day, the time stamp (Seoul, without a zone) only two hours: the earlier end counts."""
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    ends = datetime.now(ZoneInfo("Asia/Seoul")) + timedelta(hours=2)

    def answer(request: httpx2.Request) -> httpx2.Response:
        body = {
            "access_token": "t" * 100,
            "expires_in": 86400,
            "access_token_token_expired": ends.strftime("%Y-%m-%d %H:%M:%S"),
        }
        return httpx2.Response(200, json=body)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), base_url="http://kis") as http:
        token = await KisClient(http, keys, store, environment="test").token()

    assert abs(token.expires_at - ends.timestamp()) < 2


async def test_neither_keys_nor_token_show_in_a_representation(make_client, keys):
    token = await make_client().token()

    for text in (repr(keys), str(keys), repr(token)):
        assert keys.app_secret.get_secret_value() not in text
        assert token.value not in text
