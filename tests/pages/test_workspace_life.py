"""Renaming, handing over, leaving and deleting a workspace; the audit trail and the auditor right."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from deployments.models import Deployment
from portal.common.errors import Invalid, PermissionDenied
from portal.workspaces import member_services as services
from portal.workspaces.emptying import empty
from portal.workspaces.models import AuditEntry, Membership, Workspace, WorkspaceRemoval
from portal.workspaces.removal import losses
from portal.workspaces.roles import MATRIX, Permission, Role
from portal.workspaces.services import Actor, actor_for, audit
from tests.pages.conftest import World, client_of
from tests.people import join
from workflows.models import Execution


def membership(actor: Actor) -> Membership:
    return Membership.objects.get(workspace=actor.workspace, user=actor.user)


def test_a_workspace_is_renamed_with_before_and_after_in_the_trail(owner: Actor) -> None:
    client_of(owner).post(reverse("settings"), {"name": "Neu", "egress_hosts": "API.example.com\n*.naver.com"})

    owner.workspace.refresh_from_db()
    assert (owner.workspace.name, owner.workspace.egress_hosts) == ("Neu", ["*.naver.com", "api.example.com"])
    entry = AuditEntry.objects.get(verb="workspace.updated")
    assert entry.before["name"] == "Workspace of owner" and entry.after["name"] == "Neu"


@pytest.mark.parametrize("host", ["http://x.com", "x.com/path", "x y!", "*", "a..b", "-a.com", "x.com:443"])
def test_a_list_of_hosts_takes_host_names_only(owner: Actor, host: str) -> None:
    with pytest.raises(Invalid, match="list of hosts"):
        services.update_workspace(owner, name="x", egress_hosts=[host])


def test_handing_over_makes_the_former_owner_an_admin(owner: Actor) -> None:
    heir = join(owner.workspace, Role.EDITOR)

    client_of(owner).post(reverse("workspace-transfer"), {"member": str(membership(heir).pk)})

    assert membership(heir).role == "owner" and membership(owner).role == "admin"
    assert AuditEntry.objects.get(verb="workspace.transferred").after["owner"] == heir.user.email  # type: ignore[union-attr]
    again = client_of(owner).post(reverse("workspace-transfer"), {"member": str(membership(heir).pk)})
    assert again.status_code == 403, "an admin hands nothing over"


def test_deleting_says_what_goes_and_wants_the_name(world: World) -> None:
    owner, workspace = world.owner, world.owner.workspace
    client = client_of(owner)
    page = client.get(reverse("workspace-delete")).content.decode()
    assert "Runs with their logs and results" in page and "MCP servers with their URLs and keys" in page

    wrong = client.post(reverse("workspace-delete"), {"name": "something"})
    assert wrong.status_code == 422 and Workspace.objects.filter(pk=workspace.pk).exists()
    counted = {loss.name: loss.count for loss in losses(workspace)}

    begun = client.post(reverse("workspace-delete"), {"name": workspace.name})
    removal = WorkspaceRemoval.objects.get(workspace_id=workspace.pk)
    assert begun["Location"] == reverse("workspace-removal", args=[removal.pk])
    empty(removal.pk)

    assert not Workspace.objects.filter(pk=workspace.pk).exists()
    assert not Execution.objects.exists() and not Deployment.objects.exists()
    entry = AuditEntry.objects.get(verb="workspace.deleted")
    assert entry.before["holds"] == counted and counted["Runs with their logs and results"] == 5


@pytest.mark.parametrize("role", [Role.ADMIN, Role.EDITOR, Role.VIEWER])
def test_only_an_owner_deletes(world: World, role: Role) -> None:
    member = join(world.owner.workspace, role)

    answer = client_of(member).post(reverse("workspace-delete"), {"name": member.workspace.name})

    assert answer.status_code == 403 and Workspace.objects.filter(pk=member.workspace.pk).exists()


def test_an_invitation_goes_by_mail(owner: Actor, mailoutbox: list[Any]) -> None:
    answer = client_of(owner).post(
        reverse("member-invite"), {"email": "new@example.com", "role": "viewer", "send": "mail"}
    )

    assert answer.status_code == 302
    (mail,) = mailoutbox
    assert mail.to == ["new@example.com"] and "/invitation/" in mail.body and owner.workspace.name in mail.subject


# The trail -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workspaces_auditentry SET verb = 'nothing'",
        "UPDATE workspaces_auditentry SET actor_label = 'nobody'",
        "DELETE FROM workspaces_auditentry",
        "SET LOCAL portal.throw_away = 'off'; TRUNCATE workspaces_auditentry",
    ],
)
def test_the_database_refuses_to_change_the_trail(owner: Actor, statement: str) -> None:
    before = list(AuditEntry.objects.values())

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert before and list(AuditEntry.objects.values()) == before


def test_the_trail_is_filtered_paged_and_stays_in_its_workspace(owner: Actor, world: World) -> None:
    for number in range(60):
        audit(owner, "test.thing", None, after={"number": number})
    client = client_of(owner)

    assert client.get(reverse("audit")).content.decode().count("<code>test.thing</code>") == 50
    second = client.get(reverse("audit"), {"page": 2, "verb": "test.thing"}).content.decode()
    assert second.count("<code>test.thing</code>") == 10
    assert "fits this filter" in client.get(reverse("audit"), {"who": "nobody@else"}).content.decode()
    assert "fits this filter" in client.get(reverse("audit"), {"until": "2020-01-01"}).content.decode()
    assert client.get(reverse("audit"), {"since": "tomorrow"}).status_code == 422
    assert client.get(reverse("audit"), {"who": "a\0b"}).status_code == 200


def test_the_trail_is_exported_as_csv_and_json_and_says_so(owner: Actor) -> None:
    audit(owner, "test.formula", owner.workspace, before={"a": 1}, after={"b": "한글"})
    AuditEntry.objects.create(workspace_id=owner.workspace.pk, verb="x", target_label="=HYPERLINK(1)")
    client = client_of(owner)

    table = client.get(reverse("audit-export", args=["csv"]))
    text = b"".join(table.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    data = json.loads(
        b"".join(client.get(reverse("audit-export", args=["json"]), {"verb": "test.formula"}).streaming_content)
    )

    assert {"test.formula", "workspace.created", "audit.exported"} <= {row["verb"] for row in rows}
    assert "'=HYPERLINK(1)" in {row["target_label"] for row in rows}, "spreadsheets run no formula"
    (only,) = data
    assert only["before"] == {"a": 1} and only["after"] == {"b": "한글"}
    assert AuditEntry.objects.filter(verb="audit.exported").count() == 2
    assert client.get("/audit/export.exe").status_code == 404


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 200), (Role.EDITOR, 403), (Role.VIEWER, 403)])
def test_admins_read_the_trail_and_auditors_of_any_role(owner: Actor, role: Role, status: int) -> None:
    member = join(owner.workspace, role)
    assert client_of(member).get(reverse("audit")).status_code == status

    services.set_auditor(owner, membership(member).pk, is_auditor=True)

    assert client_of(member).get(reverse("audit")).status_code == 200


def test_only_an_owner_gives_the_auditor_right_and_an_admin_has_it_not(owner: Actor) -> None:
    admin = join(owner.workspace, Role.ADMIN)
    assert not admin.may(Permission.CALL_PAYLOAD)

    with pytest.raises(PermissionDenied):
        services.set_auditor(admin, membership(admin).pk, is_auditor=True)
    client_of(owner).post(reverse("member-auditor", args=[membership(admin).pk]), {"auditor": "yes"})

    assert admin.user is not None and actor_for(admin.user, owner.workspace).may(Permission.CALL_PAYLOAD)
    assert AuditEntry.objects.get(verb="member.auditor_changed").after == {"auditor": True}


def test_the_matrix_shows_every_permission_by_its_name(owner: Actor) -> None:
    page = client_of(owner).get(reverse("permissions")).content.decode()

    assert all(f"<code>{permission.value}</code>" in page for permission in Permission)
    held = sum(len(permissions) for permissions in MATRIX.values()) + 2  # two more of the auditor
    assert page.count(">yes<") == held
