"""What outside callers sent is opened by auditors only, and each opening stands in the audit trail."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from portal.common.errors import PermissionDenied
from portal.workspaces.member_services import set_auditor
from portal.workspaces.models import AuditEntry, Membership
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor, actor_for
from tests.pages.conftest import client_of
from tests.people import join, make_owner
from workflows import payloads
from workflows.bundles import export_run
from workflows.models import Execution

SENT = "what-the-caller-sent"


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


def run_of(actor: Actor, source: str, user: Any = None) -> Execution:
    return Execution.objects.create(
        workspace=actor.workspace,
        source=source,
        tool="echo",
        user=user,
        state="succeeded",
        definition={"schema_version": 1, "inputs": {}, "nodes": [], "edges": []},
        input={"text": SENT},
        output={"text": SENT},
    )


def membership(actor: Actor) -> Membership:
    return Membership.objects.get(workspace=actor.workspace, user=actor.user)


def openings() -> list[str]:
    return list(
        AuditEntry.objects.filter(verb="call.payload_opened").order_by("id").values_list("actor_label", flat=True)
    )


@pytest.mark.parametrize("role", [Role.ADMIN, Role.EDITOR, Role.VIEWER])
def test_no_role_alone_opens_the_call_of_another(owner: Actor, role: Role) -> None:
    call = run_of(owner, "mcp")
    member = join(owner.workspace, role)
    client = client_of(member)

    assert SENT not in client.get(reverse("workflows:execution-detail", args=[call.pk])).content.decode()
    assert SENT not in client.get(reverse("workflows:execution-result", args=[call.pk])).content.decode()
    assert client.get(reverse("workflows:execution-node", args=[call.pk]), {"node": "a"}).status_code == 403
    data = client.get(f"/api/v1/executions/{call.pk}").json()
    assert data["input"] is None and data["output"] is None and data["payload_hidden"] is True
    assert client.get(f"/api/v1/executions/{call.pk}/nodes").status_code == 403
    with pytest.raises(PermissionDenied):
        export_run(member, call)
    assert openings() == []


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_an_auditor_of_any_role_opens_it_and_is_recorded(owner: Actor, role: Role) -> None:
    call = run_of(owner, "mcp")
    member = join(owner.workspace, role)
    set_auditor(owner, membership(member).pk, is_auditor=True)
    assert member.user is not None

    page = client_of(member).get(reverse("workflows:execution-detail", args=[call.pk]))
    data = client_of(member).get(f"/api/v1/executions/{call.pk}").json()

    assert SENT in page.content.decode() and data["input"] == {"text": SENT}
    assert set(openings()) == {member.user.email}
    entry = AuditEntry.objects.filter(verb="call.payload_opened").latest("id")
    assert entry.target_id == str(call.pk) and entry.after["tool"] == "echo"


def test_own_calls_and_runs_of_members_need_no_auditor_and_leave_no_line(owner: Actor) -> None:
    editor = join(owner.workspace, Role.EDITOR)

    for run in (run_of(owner, "page"), run_of(owner, "mcp", editor.user)):
        assert SENT in client_of(editor).get(reverse("workflows:execution-detail", args=[run.pk])).content.decode()
    assert openings() == []


def test_a_live_page_that_asks_again_is_one_opening(owner: Actor) -> None:
    call = run_of(owner, "mcp")

    for _ in range(5):
        payloads.require(owner, call, "preview")
    payloads.require(owner, call, "export")

    assert len(openings()) == 2


def test_a_scope_narrows_the_auditor_too(owner: Actor) -> None:
    call = run_of(owner, "mcp")
    assert owner.user is not None

    narrow = actor_for(owner.user, owner.workspace, allowed=frozenset({"execution:read"}))

    assert payloads.may_open(owner, call) and not payloads.may_open(narrow, call)
