"""Deploying, comparing, rolling back, pausing: the URL and the keys survive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deployments import services
from deployments.contracts import Contract, compare, contract_of_action, tool_name
from deployments.probe import ProbeFailed
from portal.common.errors import Conflict, Invalid, NotFound, PermissionDenied
from portal.workspaces.models import AuditEntry
from portal.workspaces.roles import Role
from tests.deployments.client import BOTH, http, in_loop, request, sdk_client
from tests.deployments.conftest import Served
from tests.people import join, make_owner
from workflows.catalogue import templates
from workflows.models import Workflow

Serve = Callable[..., Served]


def names_served(served: Served) -> list[str]:
    async def work() -> list[str]:
        async with sdk_client(served.path, served.headers) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    return in_loop(work)


def status_of(served: Served) -> int:
    async def work() -> int:
        async with http({**served.headers, **BOTH}) as web:
            return (await web.post(served.path, json=request("tools/list"))).status_code

    return in_loop(work)


@pytest.mark.parametrize("key", sorted(templates()))
def test_every_template_deploys_and_lists_its_tools(serve: Serve, key: str) -> None:
    served = serve(key)

    names = names_served(served)
    own = [tool.name for tool in templates()[key].tools]
    # Servers with tools that may outlast a call also offer the way to their results.
    assert names[: len(own)] == own and names[len(own) :] in ([], ["get_result"])


def test_a_deploy_switches_and_a_rollback_switches_back(serve: Serve) -> None:
    served = serve()
    services.deploy(served.actor, served.deployment, [contract_of_action("text.upper", name="shout")])
    assert names_served(served) == ["shout"]

    services.activate(served.actor, served.deployment, 1)

    assert names_served(served) == ["echo"]
    verbs = AuditEntry.objects.filter(verb="deployment.activated").values_list("after__revision", flat=True)
    assert sorted(verbs) == [1, 1, 2]


def test_a_revision_that_fails_its_probe_never_goes_live(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve()

    def fail(slug: str, revision_id: Any) -> list[str]:
        raise ProbeFailed("no answer")

    monkeypatch.setattr(services, "probe_now", fail)
    with pytest.raises(ProbeFailed):
        services.deploy(served.actor, served.deployment, [contract_of_action("text.upper", name="shout")])

    assert names_served(served) == ["echo"]
    assert served.deployment.revisions.count() == 1


def test_pause_and_retire_take_effect_at_once(serve: Serve) -> None:
    served = serve()
    services.set_state(served.actor, served.deployment, "paused")
    assert status_of(served) == 503
    services.set_state(served.actor, served.deployment, "live")
    assert status_of(served) == 200
    services.set_state(served.actor, served.deployment, "retired")
    assert status_of(served) == 404
    with pytest.raises(Conflict):
        services.set_state(served.actor, served.deployment, "live")


def test_a_rotated_key_works_beside_its_successor_for_a_while(serve: Serve) -> None:
    served = serve()
    old = served.deployment.keys.get()

    _, secret = services.rotate_key(served.actor, served.deployment, old.pk)

    assert names_served(served) == ["echo"]
    assert names_served(Served(served.actor, served.deployment, secret)) == ["echo"]
    old.refresh_from_db()
    assert old.expires_at is not None
    assert secret not in str(AuditEntry.objects.values_list("before", "after"))


def test_deploying_a_workflow_again_keeps_the_tool_name(serve: Serve) -> None:
    served = serve()
    workflow = Workflow.objects.get(template="echo")
    workflow.draft = {**workflow.draft, "output": {"text": "{{ echo.text }}", "size": "{{ len(echo.text) }}"}}
    workflow.save()

    _, revision = services.deploy_workflow(served.actor, workflow, deployment=served.deployment)

    assert [tool.name for tool in revision.tools.all()] == ["echo"]
    assert revision.verdict == "additive"
    assert revision.changes == [
        {"verdict": "additive", "tool": "echo", "field": "output.size", "message": "A new field in the result."}
    ]


def test_only_editors_of_the_workspace_may_deploy(serve: Serve) -> None:
    served = serve()
    contracts = [contract_of_action("text.upper")]

    with pytest.raises(PermissionDenied):
        services.deploy(join(served.actor.workspace, Role.VIEWER), served.deployment, contracts)
    with pytest.raises(NotFound):
        services.deploy(make_owner("stranger"), served.deployment, contracts)
    with pytest.raises(NotFound):
        services.create_key(make_owner("stranger"), served.deployment, "mine")


@pytest.mark.parametrize(
    ("contracts", "field"),
    [([], "tools"), ([contract_of_action("text.upper"), contract_of_action("text.upper")], "tools")],
)
def test_a_bad_tool_list_names_the_field(serve: Serve, contracts: list[Contract], field: str) -> None:
    served = serve()

    with pytest.raises(Invalid) as caught:
        services.deploy(served.actor, served.deployment, contracts)

    assert caught.value.problems[0].field == field
    assert served.deployment.revisions.count() == 1


def _contract(**changes: Any) -> Contract:
    fields: dict[str, Any] = {
        "name": "t",
        "title": "T",
        "description": "Does it",
        "input_schema": {"type": "object", "properties": {"a": {"type": "string"}}, "required": []},
        "output_schema": {"type": "object", "properties": {"r": {"type": "string"}}},
        "annotations": {"readOnlyHint": True, "destructiveHint": False},
    }
    return Contract(**{**fields, **changes})


def _inputs(**properties: Any) -> dict[str, Any]:
    required = [name for name, schema in properties.items() if schema.pop("needed", False)]
    return {"type": "object", "properties": properties, "required": required}


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        (_contract(), "none"),
        (_contract(description="Does it well"), "risky"),
        (_contract(input_schema=_inputs(a={"type": "string"}, b={"type": "string"})), "additive"),
        (_contract(input_schema=_inputs(a={"type": "string"}, b={"type": "string", "needed": True})), "breaking"),
        (_contract(input_schema=_inputs()), "breaking"),
        (_contract(input_schema=_inputs(a={"type": "integer"})), "breaking"),
        (_contract(input_schema=_inputs(a={"type": "string", "needed": True})), "breaking"),
        (_contract(input_schema=_inputs(a={"type": "string", "enum": ["x"]})), "breaking"),
        (_contract(input_schema=_inputs(a={"type": "string", "default": "x"})), "risky"),
        (_contract(output_schema={"type": "object", "properties": {}}), "breaking"),
        (_contract(annotations={"readOnlyHint": False, "destructiveHint": True}), "risky"),
        (_contract(name="other"), "breaking"),
    ],
)
def test_the_verdict_on_a_changed_contract(new: Contract, verdict: str) -> None:
    assert compare([_contract()], [new])[0] == verdict


def test_tool_names_are_made_from_titles() -> None:
    assert tool_name("Most traded stocks!") == "most_traded_stocks"
    assert tool_name("거래대금") == "tool"
