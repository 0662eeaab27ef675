"""What surrounds an action: credential, cache, limits, deadline, errors, secrets."""

import asyncio
import json
import logging
import time
from typing import Annotated

import httpx2
import pytest
from pydantic import BaseModel, Field, SecretStr

from integrations.runtime import call_action, typed_credential
from integrations.sdk import (
    AuthError,
    Caller,
    Cancelled,
    Connector,
    ConnectorError,
    Context,
    Credential,
    MemoryStore,
    MissingCredential,
    NoAuth,
    Rate,
    RateLimited,
    Rejected,
    Text,
    Unavailable,
    Upstream,
)
from portal.common.errors import Invalid, LimitReached, NotFound, Unready

SECRET = "s3cr3t/key+value=="


class Key(Credential):
    key: SecretStr


class Answer(BaseModel):
    value: int


def build(rate=None):
    """A connector with an action for each thing that can happen."""
    connector = Connector(
        "sample",
        title=Text("Sample", "견본"),
        description=Text("Sample", "견본"),
        auth=Key,
        upstream=Upstream("sample", "SAMPLE_BASE_URL", live="https://sample.example/api"),
        rate=rate,
    )
    calls = []

    @connector.action(title=Text("Fetch", "가져오기"), cache=60)
    async def fetch(ctx: Context, count: Annotated[int, Field(ge=1)] = 1) -> Answer:
        """Fetches."""
        calls.append(count)
        response = await ctx.http.get("/value")
        response.raise_for_status()
        return Answer(value=response.json()["value"])

    @connector.action(title=Text("Fail", "실패"))
    async def fail(ctx: Context, kind: str) -> Answer:
        """Fails."""
        raise _ERRORS[kind]

    @connector.action(title=Text("Slow", "느림"))
    async def slow(ctx: Context) -> Answer:
        """Waits."""
        await asyncio.sleep(60)
        return Answer(value=1)

    @connector.action(title=Text("Talk", "말하기"))
    async def talk(ctx: Context) -> Answer:
        """Says its secret."""
        secret = ctx.credential.reveal()["key"]
        ctx.log("info", f"using {secret}", url=f"https://x/?k={secret}", nested={"list": [secret]})
        await ctx.progress(1, 2, f"with {secret}")
        raise Rejected(f"refused {secret}", details={"given": secret})

    @connector.action(title=Text("Wrong", "잘못"))
    async def wrong(ctx: Context) -> Answer:
        """Returns something else."""
        return {"other": SECRET}

    connector.calls = calls
    return connector


def _json_error():
    try:
        json.loads("{")
    except ValueError as error:
        return error


_ERRORS = {
    "timeout": httpx2.ReadTimeout("x"),
    "connect": httpx2.ConnectError("x"),
    "protocol": httpx2.RemoteProtocolError("x"),
    "json": _json_error(),
    "bug": KeyError(SECRET),
    "invalid": Invalid("not so", code="shape"),
    "not_found": NotFound("nothing there"),
    "limit": LimitReached("enough", retry_after=3),
    "unready": Unready("later"),
    "cancelled": Cancelled("stop"),
}


def answering(handler):
    return httpx2.MockTransport(handler)


def value(request):
    return httpx2.Response(200, json={"value": 7})


async def call(connector, name, transport=None, **options):
    params = options.pop("params", {})
    context = {
        "caller": Caller(), "workspace_id": "", "connection_id": "c", "execution_id": "", "node_id": "",
        "idempotency_key": None, "cursor": None, "language": "en",
    } | options.pop("context", {})  # fmt: skip
    return await call_action(
        connector.actions[name],
        params,
        context_options=context,
        credential=options.pop("credential", Key(key=SecretStr(SECRET))),
        deadline=time.monotonic() + options.pop("seconds", 30),
        store=options.pop("store", None) or MemoryStore(),
        transport=transport or answering(value),
        **options,
    )


@pytest.fixture(autouse=True)
def _live(monkeypatch):
    monkeypatch.delenv("SAMPLE_BASE_URL", raising=False)


async def test_the_base_url_is_in_place():
    seen = []

    def handler(request):
        seen.append(str(request.url))
        return value(request)

    assert await call(build(), "fetch", answering(handler)) == {"value": 7}
    assert seen == ["https://sample.example/api/value"]


async def test_equal_calls_are_answered_from_the_cache_per_workspace_and_connection():
    connector, store = build(), MemoryStore()
    for context in ({}, {}, {"workspace_id": "2f0c0f4e-0000-7000-8000-000000000001"}, {"connection_id": "d"}):
        await call(connector, "fetch", store=store, context=context)
    # Spelling out a default is the same call.
    await call(connector, "fetch", store=store, params={"count": 1})
    await call(connector, "fetch", store=store, params={"count": 2})
    assert connector.calls == [1, 1, 1, 2]


async def test_a_failure_is_not_cached():
    connector, store = build(), MemoryStore()
    with pytest.raises(Unavailable):
        await call(connector, "fetch", answering(lambda request: httpx2.Response(500)), store=store)
    assert await call(connector, "fetch", store=store) == {"value": 7}


async def test_the_rate_is_shared_by_calls_with_the_same_secret():
    connector, store = build(Rate(2, per=30)), MemoryStore()
    for count in (1, 2):
        await call(connector, "fetch", store=store, params={"count": count}, context={"connection_id": str(count)})
    with pytest.raises(RateLimited) as caught:
        await call(connector, "fetch", store=store, params={"count": 3}, seconds=0.5)
    assert caught.value.retry_after == 30
    other = Key(key=SecretStr("another-key"))
    assert await call(connector, "fetch", store=store, params={"count": 4}, credential=other) == {"value": 7}


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AuthError), (403, AuthError), (404, Rejected), (429, RateLimited), (500, Unavailable), (502, Unavailable)],
)
async def test_a_bare_raise_for_status_is_enough(status, error):
    transport = answering(lambda request: httpx2.Response(status, headers={"Retry-After": "9"}, text=SECRET))
    with pytest.raises(error) as caught:
        await call(build(), "fetch", transport)
    assert SECRET not in caught.value.explain()
    if status == 429:
        assert caught.value.retry_after == 9


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("timeout", Unavailable, "timeout"),
        ("connect", Unavailable, "connect_failed"),
        ("protocol", Unavailable, "connection_lost"),
        ("json", Unavailable, "broken_answer"),
        ("bug", ConnectorError, "internal"),
        ("invalid", Rejected, "shape"),
        ("not_found", Rejected, "not_found"),
        ("limit", RateLimited, "limit_reached"),
        ("unready", Unavailable, "unready"),
        ("cancelled", Cancelled, "cancelled"),
    ],
)
async def test_every_exception_becomes_one_of_the_sdk(kind, error, code, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(ConnectorError) as caught:
        await call(build(), "fail", params={"kind": kind})
    assert type(caught.value) is error and caught.value.error_code == code
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert SECRET not in caught.value.explain() + caplog.text
    if kind == "bug":
        assert "KeyError" in caplog.text and "test_runtime.py" in caplog.text


async def test_broken_json_over_the_wire_is_unavailable():
    with pytest.raises(Unavailable) as caught:
        await call(build(), "fetch", answering(lambda request: httpx2.Response(200, text='{"value": ')))
    assert caught.value.error_code == "broken_answer"


async def test_a_result_that_does_not_fit_is_a_mistake_of_the_connector():
    with pytest.raises(ConnectorError) as caught:
        await call(build(), "wrong")
    assert caught.value.error_code == "internal" and SECRET not in caught.value.explain()


async def test_the_deadline_ends_the_action():
    with pytest.raises(Unavailable) as caught:
        await call(build(), "slow", seconds=0.05)
    assert caught.value.error_code == "timeout"


async def test_cancelling_the_task_is_not_turned_into_an_error():
    task = asyncio.create_task(call(build(), "slow"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stopped_run_ends_at_the_next_progress():
    with pytest.raises(Cancelled):
        await call(build(), "talk", is_cancelled=lambda: True, log=lambda *parts: None)


async def test_no_secret_leaves_in_any_form():
    lines, steps = [], []

    async def progress(*parts):
        steps.append(parts)

    with pytest.raises(Rejected) as caught:
        await call(build(), "talk", log=lambda *parts: lines.append(parts), progress=progress)
    everything = repr(lines) + repr(steps) + caught.value.explain() + repr(caught.value.as_dict())
    for form in (SECRET, "s3cr3t%2Fkey%2Bvalue%3D%3D", "czNjcjN0L2tleSt2YWx1ZT09"):
        assert form not in everything
    assert "using •••" in everything


def test_a_missing_or_stale_credential_tells_what_to_do():
    connector = build()
    with pytest.raises(MissingCredential) as caught:
        typed_credential(connector, None)
    assert "Connections page" in caught.value.remedy
    with pytest.raises(AuthError) as caught:
        typed_credential(connector, {"key": SECRET, "extra": SECRET})
    assert SECRET not in caught.value.explain()
    assert typed_credential(connector, {"key": SECRET}).secrets() == [SECRET]
    assert isinstance(typed_credential(connector, None, required=False), NoAuth)
    assert SECRET not in repr(typed_credential(connector, {"key": SECRET}))


async def test_a_private_base_url_set_by_the_operator_is_reached(monkeypatch):
    monkeypatch.setenv("SAMPLE_BASE_URL", "http://10.9.8.7:8080/gateway/")
    seen = []

    def handler(request):
        seen.append(str(request.url))
        return value(request)

    await call(build(), "fetch", answering(handler))
    assert seen == ["http://10.9.8.7:8080/gateway/value"]
