"""A person's own data: the archive of it, and the end of the account."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.account.internal.userkit import user_id_to_str
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection
from portal import person_export
from portal.accounts.models import ApiKey, PersonExport, User
from portal.accounts.services import create_api_key
from portal.common.crypto import CannotDecrypt
from portal.common.errors import Conflict
from portal.workspaces import key_services
from portal.workspaces.account_removal import ERASED, delete_account
from portal.workspaces.models import AuditEntry, DataKey, Membership, Workspace
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor, audit
from portal.workspaces.vault import data_key_of, seal, shred_person, unseal
from tests.pages.conftest import client_of
from tests.people import join, make_owner


@pytest.fixture(autouse=True)
def _store(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(person_export, "_send", lambda export_id: None)


def confirmed(actor: Actor) -> Client:
    """A browser in which the person has just given the password again."""
    client = client_of(actor)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = user_id_to_str(actor.user)  # type: ignore[arg-type]
    session.save()
    return client


def archive_of(client: Client, export: PersonExport) -> zipfile.ZipFile:
    answer = client.get(reverse("account-export-file", args=[export.pk]))
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def test_an_export_holds_what_names_the_person_and_no_secret(owner: Actor) -> None:
    assert owner.user is not None
    other = make_owner("other")
    key, secret = create_api_key(owner.user, "Script")
    client = client_of(owner)

    client.post(reverse("account-export"))
    export = PersonExport.objects.get()
    waiting = client.get(reverse("account-data")).content.decode()
    assert 'hx-trigger="load delay:1s"' in waiting
    person_export.make(export.pk)
    export.refresh_from_db()

    assert export.state == "succeeded" and export.done == export.total > 10
    archive = archive_of(client, export)
    names = set(archive.namelist())
    assert {"README.txt", "accounts.user.json", "accounts.apikey.json", "workspaces.membership.json"} <= names
    everything = b"".join(archive.read(name) for name in names).decode()
    assert owner.user.email in everything and other.user.email not in everything  # type: ignore[union-attr]
    assert secret not in everything and key.token_hash not in everything and owner.user.password not in everything
    assert json.loads(archive.read("accounts.apikey.json"))[0]["prefix"] == key.prefix
    assert "Download" in client.get(reverse("account-export-state", args=[export.pk])).content.decode()


def test_an_export_is_nobody_elses_and_ends_after_a_day(owner: Actor) -> None:
    assert owner.user is not None
    export = person_export.ask(owner.user)
    with pytest.raises(Conflict):
        person_export.ask(owner.user)
    person_export.make(export.pk)
    page = reverse("account-export-file", args=[export.pk])

    assert client_of(make_owner("stranger")).get(page).status_code == 404
    PersonExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client_of(owner).get(page).status_code == 404
    assert person_export.sweep() == 1 and not PersonExport.objects.exists()


def test_a_failed_export_says_so(owner: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert owner.user is not None
    export = person_export.ask(owner.user)
    monkeypatch.setattr(person_export, "_sources", lambda user: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        person_export.make(export.pk)

    assert "The export failed" in client_of(owner).get(reverse("account-data")).content.decode()


def test_an_only_owner_settles_shared_workspaces_first(owner: Actor) -> None:
    join(owner.workspace, Role.ADMIN)
    assert owner.user is not None
    client = confirmed(owner)

    page = client.get(reverse("account-delete")).content.decode()
    assert "First hand these workspaces over" in page and 'name="email"' not in page
    answer = client.post(reverse("account-delete"), {"email": owner.user.email})

    assert answer.status_code == 422 and "only owner" in answer.content.decode()
    assert User.objects.filter(pk=owner.user.pk).exists()


def test_deleting_an_account_takes_its_own_workspace_and_shreds_its_key(owner: Actor) -> None:
    assert owner.user is not None
    person, address = owner.user, owner.user.email
    shared = make_owner("colleague")
    Membership.objects.create(workspace=shared.workspace, user=person, role=Role.ADMIN)
    here = Actor(shared.workspace, person, Role.ADMIN, address="192.0.2.7")
    _key, secret = key_services.create_workspace_key(here, "Job", "viewer")
    audit(here, "test.thing", person)
    create_api_key(person, "Mine")
    Connection.objects.create(workspace=shared.workspace, connector="http", name="Mine", owner=person, sealed=b"x")
    data_key_of(person)

    client = confirmed(owner)
    page = client.get(reverse("account-delete")).content.decode()
    assert owner.workspace.name in page and shared.workspace.name in page
    assert client.post(reverse("account-delete"), {"email": "somebody@else.example"}).status_code == 422
    done = client.post(reverse("account-delete"), {"email": address.upper()}, follow=True)

    assert "Your account is deleted" in done.content.decode()
    assert not User.objects.filter(pk=person.pk).exists()
    assert not Workspace.objects.filter(pk=owner.workspace.pk, closed_at=None).exists()
    assert not DataKey.objects.filter(user_id=person.pk).exists() and not Connection.objects.exists()
    entries = AuditEntry.objects.filter(workspace_id=shared.workspace.pk, actor_id=person.pk)
    assert entries and {(entry.actor_label, entry.address) for entry in entries} == {(ERASED, None)}
    assert AuditEntry.objects.get(verb="test.thing").target_label == ERASED
    assert AuditEntry.objects.get(verb="member.account_deleted").before == {"role": "admin"}
    # The workspace's key works on; the colleague answers for it.
    assert ApiKey.objects.get().user == shared.user
    assert Client().get("/api/v1/workflows", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_what_a_shredded_key_sealed_stays_unreadable(owner: Actor) -> None:
    assert owner.user is not None
    key = data_key_of(owner.user)
    sealed = seal(key, {"token": "secret"}, "place")

    shred_person(owner.user)

    key.refresh_from_db()
    with pytest.raises(CannotDecrypt):
        unseal(key, sealed, "place")


def test_deleting_needs_the_password_again(owner: Actor) -> None:
    answer = client_of(owner).get(reverse("account-delete"))

    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/")
    assert owner.user is not None
    with pytest.raises(Exception, match="Nothing was deleted"):
        delete_account(owner.user, "")
