"""Every tool of real estate answers alike: how old, from where, what was not applied, and why it is empty.

The tools are taken from their connectors, so that a new one is held to the same rule; parameters of the workspace's
tools are drawn from their own input schemas.
"""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from httpx2 import ASGITransport
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount

from integrations.registry import registry
from integrations.runtime import run_action
from integrations.sdk import Action, ConnectorError
from integrations.sdk.testing import example_of
from portal.workspaces.models import Workspace
from properties import sandbox
from properties.results import Answer
from tests.contracts.contract_values import values_of

CONNECTORS = ("properties", "molit", "lh", "applyhome", "juso")
TOOLS = {action.id: action for name in CONNECTORS for action in registry().connectors[name].actions.values()}
WORKSPACE_READS = [id for id, action in TOOLS.items() if id.startswith("properties.") and action.effect == "read"]
UPSTREAM = [id for id in TOOLS if not id.startswith("properties.")]
#: Parameters that a well-formed question leaves nothing for.
NOTHING: dict[str, dict[str, Any]] = {
    "molit.list_transactions": {"region": "강남구", "month": "202103", "months": 1, "complex_name": "없는단지"},
    "molit.market_report": {"region": "종로구", "month": "200601", "months": 1, "kind": "factory"},
    "molit.jeonse_safety": {
        "region": "강남구", "complex_name": "없는단지", "deposit_manwon": 10_000, "month": "202103", "months": 1,
    },
    "properties.search_listings": {"area": "강남구"},
    "properties.look_up_regions": {"query": "없는마을이름"},
}  # fmt: skip


def head(answer: dict[str, Any]) -> None:
    """What every answer must say."""
    assert answer["source"].strip()
    assert "as_of" in answer and isinstance(answer["unapplied"], list)
    lists = [value for name, value in answer.items() if isinstance(value, list) and name in MAIN_LISTS]
    if lists and not any(lists):
        assert answer["empty_reason"].strip(), answer
    if any(lists):
        assert answer["as_of"] is not None, answer


MAIN_LISTS = ("items", "points", "rows", "comparable", "months")


def call(tool: str, params: dict[str, Any], workspace: Workspace | None = None) -> dict[str, Any]:
    app = Starlette(routes=[Mount(sandbox.PREFIX, app=sandbox.app)])
    connector = TOOLS[tool].connector
    credential = connector.upstream.sandbox_credential if connector.upstream else None
    answer: dict[str, Any] = async_to_sync(run_action)(
        tool,
        params,
        credential=credential,
        workspace_id=str(workspace.pk) if workspace else "",
        transport=ASGITransport(app=app),
    )
    return answer


def test_the_tools_of_the_requirement_document_are_there() -> None:
    wanted = {
        "properties.search_listings", "properties.get_listing", "properties.compare_listings",
        "properties.get_price_history", "properties.list_matches", "properties.look_up_regions",
        "molit.list_transactions", "molit.market_report", "molit.jeonse_safety",
    }  # fmt: skip

    assert wanted <= set(TOOLS)


@pytest.mark.parametrize("tool", TOOLS)
def test_every_answer_has_the_head_in_its_schema(tool: str) -> None:
    action: Action[Any] = TOOLS[tool]

    schema = action.output_schema

    assert set(Answer.model_fields) <= set(schema["properties"]), tool
    assert {"as_of", "source"} <= set(schema["required"])
    for name in ("as_of", "unapplied", "empty_reason"):
        assert schema["properties"][name].get("description"), (tool, name)


@pytest.mark.parametrize("tool", [tool for tool in UPSTREAM if example_of(TOOLS[tool]) is not None])
def test_answers_of_the_state_carry_their_head(db: None, tool: str) -> None:
    sandbox.switches.__init__()  # type: ignore[misc]

    head(call(tool, example_of(TOOLS[tool]) or {}))


@pytest.mark.parametrize("tool", NOTHING)
def test_an_empty_answer_says_why(workspace: Workspace, tool: str) -> None:
    sandbox.switches.__init__()  # type: ignore[misc]

    answer = call(tool, NOTHING[tool], workspace)

    assert answer["empty_reason"].strip(), answer
    head(answer)


@pytest.mark.parametrize("tool", WORKSPACE_READS)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(data=st.data())
def test_whatever_is_asked_the_answer_has_its_head(workspace: Workspace, tool: str, data: st.DataObject) -> None:
    params = data.draw(values_of(TOOLS[tool].input_schema))

    try:
        answer = call(tool, params, workspace)
    except ConnectorError as error:
        assert error.message.strip()
    else:
        head(answer)


def test_what_could_not_be_applied_is_named(workspace: Workspace) -> None:
    answer = call("properties.search_listings", {"area": "역삼동", "trade": "sale", "rent_max": 50}, workspace)

    assert any(text.startswith("area") for text in answer["unapplied"])
    assert any(text.startswith("rent_max") for text in answer["unapplied"])
