"""Every connector works offline against its sandbox, maps failures, and keeps its secrets."""

import logging
import time
from collections import defaultdict

import httpx2
import pytest
from jsonschema import Draft202012Validator

from integrations.discovery import load_part
from integrations.registry import registry
from integrations.runtime import in_context, run_action
from integrations.sandbox_server import create_app
from integrations.sdk import (
    AuthError,
    Caller,
    ConnectorError,
    MemoryFiles,
    MemoryStore,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.sdk.testing import (
    FAULTS,
    MARKER,
    RETRY_AFTER,
    FaultTransport,
    example_of,
    made_up_credential,
    sandbox_credential,
)

CONNECTORS = sorted(registry().connectors.values(), key=lambda connector: connector.id)
CALLABLE = [
    action
    for connector in CONNECTORS
    for action in connector.actions.values()
    if example_of(action) is not None and not action.heavy and not (connector.in_workspace or connector.dials)
]


def is_general(connector):
    return connector.module.startswith("integrations.connectors.")


def faulty_targets():
    """Every action of the general connectors; two of each domain, whose clients have tests of their own."""
    for connector in CONNECTORS:
        found = [action for action in CALLABLE if action.connector is connector and connector.upstream is not None]
        yield from found if is_general(connector) else found[:2]


#: These read any text or page, so a page is no failure to them.
READERS = frozenset(["http.get", "http.request", "web.read_page"])
#: What each fault must become.
EXPECTED = {
    "401": (AuthError,),
    "403": (AuthError, Rejected),
    "404": (Rejected,),
    "409": (Rejected,),
    "429": (RateLimited,),
    "500": (Unavailable,),
    "timeout": (Unavailable,),
    "refused": (Unavailable,),
    "broken-json": (Unavailable,),
    "html-page": (Unavailable,),
}


@pytest.fixture(scope="session")
def sandboxes():
    return create_app()


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """No base URL of the machine's environment; the sandbox for all."""
    for connector in CONNECTORS:
        if connector.upstream is not None:
            monkeypatch.delenv(connector.upstream.base_url_env, raising=False)
    from portal.settings.env import env

    monkeypatch.setattr(env(), "upstreams", "sandbox")


def sandbox_of(connector):
    return load_part(connector.module.rpartition(".")[0], "sandbox")


@pytest.fixture(scope="session")
def stores():
    """One store per connector, as in the product: some upstreams give out one token a minute."""
    return defaultdict(MemoryStore)


async def call(action, transport, credential, lines=None, seconds=20.0, store=None):
    return await run_action(
        action.id,
        example_of(action),
        credential=credential,
        store=store or MemoryStore(),
        files=MemoryFiles(),
        transport=transport,
        deadline=time.monotonic() + seconds,
        log=None if lines is None else lambda *parts: lines.append(parts),
    )


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.id)
def test_enough_actions_can_be_tried(connector):
    if connector.in_workspace or connector.dials:
        pytest.skip("its examples need a workspace or a server: the connector's own tests have one")
    tried = [action for action in CALLABLE if action.connector is connector]
    assert tried or all(action.heavy for action in connector.actions.values()), "give an action an `example=`"


@pytest.mark.parametrize("action", CALLABLE, ids=lambda action: action.id)
async def test_an_action_works_offline(action, sandboxes, stores):
    credential = sandbox_credential(action.connector, sandbox_of(action.connector))
    store = stores[action.connector.id]
    result = await call(action, httpx2.ASGITransport(app=sandboxes), credential, store=store)
    Draft202012Validator(action.output_schema).validate(result)


@pytest.mark.parametrize(
    "connector", [one for one in CONNECTORS if one.test_function and not one.dials], ids=lambda connector: connector.id
)
async def test_the_test_button_works_offline(connector, sandboxes, stores):
    await in_context(
        connector,
        connector.test_function,
        label=f"{connector.id}.test",
        context_options={"caller": Caller(), "workspace_id": ""},
        credential=sandbox_credential(connector, sandbox_of(connector)),
        deadline=time.monotonic() + 20,
        store=stores[connector.id],
        transport=httpx2.ASGITransport(app=sandboxes),
    )


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("action", faulty_targets(), ids=lambda action: action.id)
async def test_a_failure_of_the_upstream_becomes_the_right_error(action, kind, caplog):
    transport, lines = FaultTransport(kind), []
    credential = made_up_credential(action.connector)
    general = is_general(action.connector)
    caught = result = None
    with caplog.at_level(logging.DEBUG):
        try:
            result = await call(action, transport, credential, lines, seconds=5 if general else 1)
        except ConnectorError as error:
            caught = error
    if not transport.requests:
        assert not general, "the example must reach the upstream"
        pytest.skip("this action asks nothing of its upstream")
    as_text = action.id in READERS and kind in ("broken-json", "html-page")
    if caught is None:
        # A text is taken for what it is; a collection may go on without a part, and then says so.
        assert as_text or result.get("incomplete"), "a failure must not look like an answer"
        return
    assert caught.error_code != "internal"
    if general and not as_text:
        assert isinstance(caught, EXPECTED[kind]), caught.explain()
        if kind == "429":
            assert caught.retry_after == pytest.approx(RETRY_AFTER, abs=1)
    elif not general:
        # Domain upstreams tell their errors in bodies; a bare status comes from a gateway in front of them.
        assert isinstance(caught, (*EXPECTED[kind], Unavailable, RateLimited)), caught.explain()
    everything = repr(lines) + caplog.text + caught.explain() + repr(caught.as_dict()) + repr(caught)
    assert MARKER not in everything


@pytest.mark.parametrize(
    "connector", [one for one in CONNECTORS if one.needs_credential], ids=lambda connector: connector.id
)
def test_a_credential_never_shows_its_secrets(connector):
    credential = made_up_credential(connector)
    assert any(MARKER in secret for secret in credential.secrets()), "mark secret fields with SecretStr"
    for text in (repr(credential), str(credential), f"{credential.model_dump()}", credential.model_dump_json()):
        assert MARKER not in text
    assert any(MARKER in str(value) for value in credential.reveal().values())
