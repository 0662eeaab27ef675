"""Keys are renewed while everything stays readable, wherever the work stops; what is lost is said clearly."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.checks import Error, run_checks
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone

from integrations.models import Connection
from integrations.services import create_connection, credential_for
from portal.accounts.models import SigningKey
from portal.accounts.oauth import keys as signing_keys
from portal.common.crypto import CannotDecrypt
from portal.workspaces import key_rotation
from portal.workspaces.key_rotation import ROTATE_AFTER, rotate, sealed_models, status
from portal.workspaces.models import DataKey, RootKeyUse
from portal.workspaces.services import Actor
from portal.workspaces.tasks import rotate_keys
from tests.people import make_owner
from tests.workspaces.external_keys import ExternalKeys

SECRET = {"api_key": "planted-secret-value"}


def _root_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


@pytest.fixture
def connections(owner: Actor) -> list[Connection]:
    """Three of the workspace and two of the person."""
    ours = [create_connection(owner, "kakao_local", f"Ours {n}", SECRET) for n in range(3)]
    return ours + [create_connection(owner, "kakao_local", f"Mine {n}", SECRET, personal=True) for n in range(2)]


def _assert_readable(owner: Actor) -> None:
    assert owner.user is not None
    found = Connection.objects.all()
    assert found
    for one in found:
        opened = credential_for(
            owner.workspace.pk, "kakao_local", connection=str(one.pk), user_id=owner.user.pk if one.owner_id else None
        )
        assert opened is not None and opened.values["api_key"] == SECRET["api_key"]


def _age(days: float) -> None:
    DataKey.objects.update(created_at=timezone.now() - timedelta(days=days))


def test_data_keys_are_renewed_after_ninety_days(owner: Actor, connections: list[Connection]) -> None:
    before = set(DataKey.objects.values_list("pk", flat=True))
    _age(89)
    rotate_keys()
    assert set(DataKey.objects.values_list("pk", flat=True)) == before

    _age(90)
    report = rotate()

    assert (report.renewed, report.moved, report.destroyed, report.unreadable) == (2, 5, 2, [])
    assert not before & set(DataKey.objects.values_list("pk", flat=True))
    _assert_readable(owner)
    assert rotate().text() == key_rotation.Report().text()


def test_a_dry_run_says_the_same_and_changes_nothing(owner: Actor, connections: list[Connection]) -> None:
    before = list(DataKey.objects.values_list("pk", "wrapped"))
    said = rotate(everything=True, dry_run=True)
    assert list(DataKey.objects.values_list("pk", "wrapped")) == before
    assert rotate(everything=True).text() == said.text()


@pytest.mark.parametrize("stops_after", range(6))
def test_a_rotation_that_died_goes_on(
    owner: Actor, connections: list[Connection], monkeypatch: pytest.MonkeyPatch, stops_after: int
) -> None:
    left = [stops_after]
    real = key_rotation.seal

    def dies(*arguments: Any) -> bytes:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(*arguments)

    monkeypatch.setattr(key_rotation, "BATCH", 1)
    monkeypatch.setattr(key_rotation, "seal", dies)
    if stops_after < 5:
        with pytest.raises(KeyboardInterrupt):
            rotate(everything=True)
    else:
        rotate(everything=True)
    _assert_readable(owner)
    assert Connection.objects.filter(data_key__retired_at=None).count() == stops_after

    monkeypatch.setattr(key_rotation, "seal", real)
    rotate()
    _assert_readable(owner)
    assert not DataKey.objects.filter(retired_at__isnull=False).exists()


def test_a_new_root_key_takes_over(owner: Actor, connections: list[Connection], settings: Any) -> None:
    signing_keys.signing_key()
    rotate()
    old = settings.ROOT_KEYS
    settings.ROOT_KEYS = [_root_key(), *old]
    out = StringIO()
    call_command("rotate_keys", "--dry-run", stdout=out)
    assert "would be: 3 keys wrapped anew, 0 data keys renewed" in out.getvalue()

    call_command("rotate_keys", stdout=out)

    assert "done: 3 keys wrapped anew" in out.getvalue()
    # The old line can go.
    settings.ROOT_KEYS = settings.ROOT_KEYS[:1]
    _assert_readable(owner)
    assert signing_keys.signing_key() and status().unknown_root_keys == {}


def test_a_database_without_its_root_key_says_so(owner: Actor, connections: list[Connection], settings: Any) -> None:
    signing_keys.signing_key()
    lost_id = status().current_id
    settings.ROOT_KEYS = [_root_key()]

    with pytest.raises(CannotDecrypt) as caught:
        credential_for(owner.workspace.pk, "kakao_local", connection=str(connections[0].pk))
    assert lost_id in caught.value.message and "ROOT_KEY_FILE" in caught.value.remedy
    (error,) = [one for one in run_checks(tags=["database"], databases=["default"]) if isinstance(one, Error)]
    assert error.id == "workspaces.E002" and f"{lost_id} is not configured, and 3 keys" in error.msg
    with pytest.raises(CommandError, match=lost_id):
        call_command("rotate_keys", "--all", stdout=StringIO())
    # Nothing was harmed: with the key back, everything opens.
    settings.ROOT_KEYS = [*settings.ROOT_KEYS, os.environ["ROOT_KEY"]]
    call_command("rotate_keys", stdout=StringIO())
    _assert_readable(owner)


def test_what_is_lost_can_be_given_up(owner: Actor, connections: list[Connection], settings: Any) -> None:
    settings.ROOT_KEYS = [_root_key()]
    call_command("rotate_keys", "--give-up-lost", stdout=StringIO())
    assert not run_checks(tags=["database"], databases=["default"])
    with pytest.raises(CannotDecrypt, match="destroyed"):
        credential_for(owner.workspace.pk, "kakao_local", connection=str(connections[0].pk))
    assert create_connection(owner, "kakao_local", "Anew", SECRET)


def test_no_root_key_at_all_says_so(db: None, settings: Any) -> None:
    settings.ROOT_KEYS = []
    (error,) = run_checks(tags=["database"], databases=["default"])
    assert "No root key" in error.msg and "ROOT_KEY_FILE" in (error.hint or "")


def test_an_old_root_key_is_warned_about(owner: Actor, caplog: pytest.LogCaptureFixture) -> None:
    rotate()
    assert status().warnings() == []
    RootKeyUse.objects.update(created_at=timezone.now() - ROTATE_AFTER + timedelta(days=10))
    rotate_keys()
    assert "A new root key is due" in caplog.text
    (warning,) = run_checks(tags=["database"], databases=["default"])
    assert warning.id == "workspaces.W001" and "rotate_keys" in warning.msg


def test_a_standing_beat_is_warned_about(owner: Actor, connections: list[Connection]) -> None:
    _age(105)
    assert any("does beat run" in text for text in status().warnings())


@pytest.fixture
def external(settings: Any) -> Iterator[type[ExternalKeys]]:
    ExternalKeys.keys, ExternalKeys.current, ExternalKeys.calls = {}, "", []
    settings.KEY_SERVICE = f"{ExternalKeys.__module__}.ExternalKeys"
    yield ExternalKeys


def test_an_external_service_may_hold_the_root_key(external: type[ExternalKeys], owner: Actor) -> None:
    create_connection(owner, "kakao_local", "Ours", SECRET)
    _assert_readable(owner)
    key = DataKey.objects.get()
    assert key.root_key_id == external.current and any(str(key.pk) in context for _, context in external.calls)

    first, second = external.current, external.rotate_over_there()
    rotate()
    assert DataKey.objects.get().root_key_id == second
    del external.keys[first]
    _assert_readable(owner)
    del external.keys[second]
    with pytest.raises(CannotDecrypt, match="refuses"):
        _assert_readable(owner)


def test_every_table_with_secrets_is_found_and_lets_its_owner_go() -> None:
    found = sealed_models()
    assert Connection in found
    for model in found:
        key = model._meta.get_field("data_key")
        assert isinstance(model._meta.get_field("sealed"), models.BinaryField), model
        # PROTECT would keep people and workspaces from being deleted.
        assert key.remote_field.on_delete is models.RESTRICT, model


def test_unreadable_rows_stay_and_are_named(owner: Actor, connections: list[Connection]) -> None:
    broken = connections[0]
    Connection.objects.filter(pk=broken.pk).update(sealed=b"x" * 40)
    report = rotate(everything=True)
    assert report.moved == 4 and report.unreadable and str(broken.pk) in report.unreadable[0]
    assert DataKey.objects.filter(retired_at__isnull=False).count() == 1
    assert not SigningKey.objects.exists()


def test_second_factors_are_wrapped_and_renewed_too(owner: Actor, settings: Any) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from allauth.mfa.utils import decrypt

    secret = generate_totp_secret()
    TOTP.activate(owner.user, secret)
    old = Authenticator.objects.get()
    assert secret not in str(old.data) and decrypt(old.data["secret"]) == secret
    settings.ROOT_KEYS = [_root_key(), *settings.ROOT_KEYS]
    assert rotate(dry_run=True).wrapped_anew == rotate().wrapped_anew == 1
    settings.ROOT_KEYS = settings.ROOT_KEYS[:1]
    assert decrypt(Authenticator.objects.get().data["secret"]) == secret and rotate().wrapped_anew == 0
    settings.ROOT_KEYS = [_root_key()]
    assert status().unknown_root_keys
    call_command("rotate_keys", "--give-up-lost", stdout=StringIO())
    assert not Authenticator.objects.exists()
