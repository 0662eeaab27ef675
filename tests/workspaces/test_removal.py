"""Deleting a workspace: its doors shut at once, and a worker deletes the rest, however often it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from deployments.models import Deployment, DeploymentKey
from portal.accounts.models import User
from portal.accounts.services import create_api_key
from portal.common.crypto import CannotDecrypt
from portal.common.errors import NotFound
from portal.workspaces import emptying, removal
from portal.workspaces.account_removal import delete_account
from portal.workspaces.emptying import empty
from portal.workspaces.member_services import find_invitation, invite
from portal.workspaces.models import AuditEntry, Membership, Workspace, WorkspaceRemoval
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor, actor_for, create_workspace
from portal.workspaces.vault import data_key_of, seal, unseal
from tests.pages.conftest import World, client_of, world  # noqa: F401 - a fixture
from tests.people import join, make_owner
from workflows.models import Execution, Trigger, Workflow
from workflows.services import create_workflow

State = WorkspaceRemoval.State


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


@pytest.fixture(autouse=True)
def handed_out(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have gone to a worker."""
    found: list[Any] = []
    monkeypatch.setattr(removal, "start_removal", found.append)
    monkeypatch.setattr(emptying, "start_removal", found.append)
    return found


def close(actor: Actor) -> WorkspaceRemoval:
    return removal.delete_workspace(actor, actor.workspace.name)


def fill(actor: Actor, count: int) -> None:
    for number in range(count):
        create_workflow(actor, f"Workflow {number}")


def breaking_after(batches: int) -> Callable[..., None]:
    """Stands in for the step after each batch: the worker dies in the batch after so many."""
    real, seen = emptying._went, []

    def went(row: WorkspaceRemoval, count: int) -> None:
        if len(seen) == batches:
            raise ConnectionError("the worker dies here")
        seen.append(count)
        real(row, count)

    return went


def test_every_door_is_shut_before_anything_is_deleted(world: World) -> None:  # noqa: F811
    owner, workspace = world.owner, world.owner.workspace
    member = world.viewer
    assert owner.user is not None and member.user is not None
    data_key = data_key_of(workspace)
    sealed = seal(data_key, {"secret": "x"}, "here")
    _, token = invite(owner, "new@example.com", "viewer")
    _, key = create_api_key(owner.user, "CI", workspace_id=workspace.pk, role="admin")
    trigger = Trigger.objects.create(
        workspace=workspace, workflow=world.workflow, kind="webhook", name="Hook", token="t" * 40
    )
    bearer = {"Authorization": f"Bearer {key}"}
    assert Client().get("/api/v1/workflows", headers=bearer).status_code == 200

    close(owner)

    assert Workflow.objects.filter(workspace=workspace).exists(), "nothing was deleted yet"
    for person in (owner.user, member.user):
        with pytest.raises(NotFound):
            actor_for(person, workspace)
        client = client_of(owner if person == owner.user else member)
        assert client.get(reverse("workflows:workflow-detail", args=[world.workflow.pk])).status_code in (302, 404)
        assert workspace.name not in client.get("/account").content.decode()
        named = {"X-Workspace": str(workspace.pk)}
        assert client.get("/api/v1/workflows", headers=named).status_code == 404
    assert Client().get("/api/v1/workflows", headers=bearer).status_code == 401
    assert Client().post(f"/hooks/{trigger.token}").status_code == 404
    with pytest.raises(NotFound):
        find_invitation(token)
    data_key.refresh_from_db()
    with pytest.raises(CannotDecrypt):
        unseal(data_key, sealed, "here")
    assert set(Deployment.objects.values_list("state", flat=True)) == {"retired"}
    assert not DeploymentKey.objects.filter(revoked_at=None).exists()
    stopped = Execution.objects.exclude(state__in=Execution.DONE)
    assert not stopped.filter(cancel_requested_at=None).exists()
    # Its address may be taken by another one at once.
    assert create_workspace(member.user, workspace.name, slug=workspace.slug).slug == workspace.slug


def test_an_interrupted_deletion_goes_on_where_it_stopped(owner: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    bystander = make_owner("bystander")
    fill(owner, 9)
    fill(bystander, 2)
    monkeypatch.setattr(emptying, "BATCH", 2)
    begun = close(owner)
    assert begun.total == 9
    monkeypatch.setattr(emptying, "_went", breaking_after(2))

    with pytest.raises(ConnectionError):
        empty(begun.pk)

    begun.refresh_from_db()
    assert (begun.state, begun.done, begun.problem) == (State.FAILED, 4, "ConnectionError")
    # The batch in which it died was not deleted.
    assert Workflow.objects.filter(workspace=owner.workspace).count() == 5
    monkeypatch.undo()

    empty(begun.pk)
    empty(begun.pk)

    begun.refresh_from_db()
    assert (begun.state, begun.done, begun.problem) == (State.SUCCEEDED, 9, "") and begun.finished_at
    assert not Workspace.objects.filter(pk=owner.workspace.pk).exists()
    assert Workflow.objects.filter(workspace=bystander.workspace).count() == 2
    assert AuditEntry.objects.get(verb="workspace.deleted").workspace_id == owner.workspace.pk


def test_one_worker_at_a_time_and_a_dead_one_is_replaced(owner: Actor, handed_out: list[Any]) -> None:
    fill(owner, 1)
    begun = close(owner)
    now = timezone.now()
    WorkspaceRemoval.objects.update(state=State.RUNNING, lease_until=now + timedelta(minutes=1))

    empty(begun.pk)
    assert Workflow.objects.exists(), "somebody else is at it"
    WorkspaceRemoval.objects.update(created_at=now - timedelta(hours=1))
    assert emptying.sweep() == 0
    WorkspaceRemoval.objects.update(lease_until=now - timedelta(seconds=1))

    assert emptying.sweep() == 1 and handed_out == [begun.pk]
    empty(begun.pk)
    assert not Workflow.objects.exists() and emptying.sweep() == 0


def test_a_worker_that_lost_its_lease_deletes_nothing_more(owner: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(owner, 4)
    monkeypatch.setattr(emptying, "BATCH", 2)
    begun = close(owner)
    real = emptying._went

    def taken_over(row: WorkspaceRemoval, count: int) -> None:
        real(row, count)
        WorkspaceRemoval.objects.update(lease_until=timezone.now() + timedelta(hours=1))

    monkeypatch.setattr(emptying, "_went", taken_over)

    empty(begun.pk)

    begun.refresh_from_db()
    assert begun.state == State.RUNNING and Workflow.objects.count() == 2


def test_files_go_too(owner: Actor, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    mine, other = (f"workspaces/{one.workspace.pk}/files/a/x.csv" for one in (owner, make_owner("other")))
    for path in (mine, other):
        default_storage.save(path, ContentFile(b"x"))

    empty(close(owner).pk)

    assert not default_storage.exists(f"workspaces/{owner.workspace.pk}") and default_storage.exists(other)


def test_the_page_is_for_who_asked_and_says_how_far_it_is(owner: Actor, handed_out: list[Any]) -> None:
    fill(owner, 3)
    member = join(owner.workspace, Role.ADMIN)
    begun = close(owner)
    page, again = (reverse(name, args=[begun.pk]) for name in ("workspace-removal", "workspace-removal-again"))
    client = client_of(owner)
    WorkspaceRemoval.objects.update(done=1)

    waiting = client.get(page).content.decode()
    assert "1 of 3 records" in waiting and "hx-get" in waiting and "<html" in waiting
    assert "<html" not in client.get(page, headers={"HX-Request": "true"}).content.decode()
    WorkspaceRemoval.objects.update(state=State.FAILED, problem="Something is in the way.")
    failed = client.get(page).content.decode()
    assert "Something is in the way." in failed and "hx-get" not in failed
    for stranger in (client_of(member), client_of(make_owner("stranger"))):
        assert stranger.get(page).status_code == stranger.post(again).status_code == 404
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda work: work())
        assert client.post(again)["Location"] == page
    assert handed_out == [begun.pk]

    empty(begun.pk)

    done = client.get(page).content.decode()
    assert "3 records are gone" in done and "hx-get" not in done


def test_an_account_takes_its_own_workspaces_along(owner: Actor) -> None:
    assert owner.user is not None
    fill(owner, 1)

    delete_account(owner.user, owner.user.email)

    assert not User.objects.filter(pk=owner.user.pk).exists() and not Membership.objects.exists()
    begun = WorkspaceRemoval.objects.get()
    assert begun.user is None
    empty(begun.pk)
    assert not Workspace.objects.exists() and not Workflow.objects.exists()


def test_what_ended_a_month_ago_is_forgotten(owner: Actor) -> None:
    begun = close(owner)
    empty(begun.pk)
    assert emptying.sweep() == 0 and WorkspaceRemoval.objects.exists()

    WorkspaceRemoval.objects.update(finished_at=timezone.now() - timedelta(days=31))
    emptying.sweep()

    assert not WorkspaceRemoval.objects.exists()
