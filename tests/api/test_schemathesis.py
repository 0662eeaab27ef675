"""Every operation of the document is asked what it allows and what it forbids: no 5xx, nothing undocumented.

Requests go through the whole ASGI application. The examples are the same in every run.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi import checks as openapi_checks

from deployments.models import DeploymentKey
from deployments.services import deploy_template
from integrations.models import Connection
from portal.accounts.models import ApiKey
from portal.accounts.services import create_api_key
from portal.api.docs import generate
from portal.workspaces.models import Membership
from portal.workspaces.services import Actor
from tests.people import make_owner
from workflows import dispatch
from workflows.catalogue import get_template
from workflows.models import Execution
from workflows.services import create_version, create_workflow

POSITIVE, NEGATIVE = 3, 4
CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
]


def document() -> dict[str, Any]:
    """The document without `fields`, which cuts what is otherwise required, and without the ways to sign in.

    Every request here carries one good key: what wrong ones get is asked by the walls and the attacks on OAuth.
    """
    found = copy.deepcopy(generate())
    found["components"].pop("securitySchemes")
    for methods in found["paths"].values():
        for operation in methods.values():
            kept = [part for part in operation.get("parameters", []) if part["name"] != "fields"]
            operation["parameters"] = kept
            operation.pop("security", None)
    return found


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ApiKey, str, dict[str, str]]]:
    """A workspace with one of most things. Nothing waits: what would take time is left to workers that never come."""
    monkeypatch.setattr(dispatch, "send_task", lambda execution_id, queue: True)
    monkeypatch.setattr("workflows.api.workflow_views._wait", lambda outcome, seconds: outcome)
    monkeypatch.setattr("procurement.api.views.wait_for", lambda job, seconds: job)
    monkeypatch.setattr("timeseries.api.views.WAIT_SECONDS", 0.1)
    owner = make_owner()
    deployment, _, _ = deploy_template(owner, "echo")
    key, secret = create_api_key(owner.user, "schemathesis")
    yield key, secret, _known(owner, deployment)


def _known(owner: Actor, deployment: Any) -> dict[str, str]:
    workflow = create_workflow(owner, "Mine", definition=get_template("echo").tools[0].definition)
    version = create_version(owner, workflow.pk)
    execution = Execution.objects.create(workspace=owner.workspace, workflow=workflow, state="succeeded", output={})
    connection = Connection.objects.create(workspace=owner.workspace, connector="http", name="Theirs", sealed=b"x")
    return {
        "workflow_id": str(workflow.pk),
        "number": version.number,
        "execution_id": str(execution.pk),
        "connection_id": str(connection.pk),
        "workspace_id": str(owner.workspace.pk),
        "membership_id": str(Membership.objects.get(workspace=owner.workspace, user=owner.user).pk),
        "slug": deployment.slug,
        "key_id": str(DeploymentKey.objects.get(deployment=deployment).pk),
        "action_id": "text.echo",
        "act": "pause",
    }


#: Asking the outside world is tested with its stand-in; here its absence is an answer like any other.
OUTSIDE = {502, 503, 504}
_UPSTREAM = ("crawl_list", "crawl_plan", "crawl_csv", "markets_tools_call", "connections_test")


def _ask(case: Any, secret: str) -> list[str]:
    from portal.asgi import application

    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {secret}"}
    response = case.call(app=application)
    operation_id = case.operation.definition.raw.get("operationId")
    wanted = CHECKS[1:] if operation_id in _UPSTREAM and response.status_code in OUTSIDE else CHECKS
    if response.status_code == 412:
        # An If-Match that names no state is refused by its own status, which the check does not know.
        wanted = CHECKS[:-1]
    try:
        case.validate_response(response, checks=wanted)
    except FailureGroup as group:
        what = f"{case.method} {case.formatted_path} {case.query or ''} {case.body!r:.300} → {response.status_code}"
        found = [one for one in group.exceptions if isinstance(one, Failure)]
        return [f"{what}: {one.title}: {one.message[:400]} | {response.text[:300]}" for one in found]
    return []


@pytest.mark.timeout(900)
def test_every_operation_keeps_what_the_document_promises(world: tuple[ApiKey, str, dict[str, str]]) -> None:
    key, secret, known = world
    schema = schemathesis.openapi.from_dict(document())
    failures: list[str] = []
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        own = {one.name: known[one.name] for one in operation.path_parameters if one.name in known}
        for mode, count in ((GenerationMode.POSITIVE, POSITIVE), (GenerationMode.NEGATIVE, NEGATIVE)):

            @seed(20261121)
            @settings(
                max_examples=count,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode, path_parameters=own or None))
            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                failures.extend(_ask(case, secret))

            with contextlib.suppress(Unsatisfiable):
                # Some operations have nothing that could be wrong.
                ask()
            # Some operations end the very key that asks.
            ApiKey.objects.filter(pk=key.pk).update(revoked_at=None, expires_at=None)

    assert asked > 300
    assert failures == [], "\n".join(dict.fromkeys(failures))
