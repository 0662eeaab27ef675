"""The vault: what is sealed opens only in its place, with its key, and never again once the key is destroyed."""

from __future__ import annotations

import pytest

from integrations.models import Connection
from integrations.services import create_connection, credential_for
from portal.accounts.models import User
from portal.common.crypto import CannotDecrypt
from portal.workspaces.models import DataKey, Workspace
from portal.workspaces.services import Actor
from portal.workspaces.vault import data_key_of, seal, shred_person, unseal
from tests.people import make_owner

SECRET = {"api_key": "planted-secret-value"}


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


def test_a_ciphertext_opens_in_its_own_place_only(owner: Actor) -> None:
    key = data_key_of(owner.workspace)
    sealed = seal(key, SECRET, "table:row-1:field")
    assert unseal(key, sealed, "table:row-1:field") == SECRET
    for place in ("table:row-2:field", "table:row-1:other", ""):
        with pytest.raises(CannotDecrypt):
            unseal(key, sealed, place)
    with pytest.raises(CannotDecrypt):
        unseal(data_key_of(make_owner().workspace), sealed, "table:row-1:field")


def test_a_connection_copied_over_another_row_does_not_open(owner: Actor) -> None:
    mine = create_connection(owner, "kakao_local", "Mine", SECRET)
    other = create_connection(owner, "kakao_local", "Other", {"api_key": "another value"})
    Connection.objects.filter(pk=other.pk).update(sealed=bytes(mine.sealed))
    with pytest.raises(CannotDecrypt):
        credential_for(owner.workspace.pk, "kakao_local", connection=str(other.pk))


def test_shredding_a_person_leaves_only_noise(owner: Actor) -> None:
    assert owner.user is not None
    personal = create_connection(owner, "kakao_local", "Mine", SECRET, personal=True)
    shared = create_connection(owner, "kakao_local", "Ours", SECRET)

    assert shred_person(owner.user) == 1
    assert shred_person(owner.user) == 0

    assert bytes(DataKey.objects.get(user=owner.user).wrapped) == b""
    with pytest.raises(CannotDecrypt, match="destroyed"):
        credential_for(owner.workspace.pk, "kakao_local", connection=str(personal.pk), user_id=owner.user.pk)
    opened = credential_for(owner.workspace.pk, "kakao_local", connection=str(shared.pk))
    assert opened is not None and opened.values["api_key"] == SECRET["api_key"]


def test_keys_go_with_their_owner(owner: Actor) -> None:
    assert owner.user is not None
    create_connection(owner, "kakao_local", "Mine", SECRET, personal=True)
    create_connection(owner, "kakao_local", "Ours", SECRET)
    User.objects.get(pk=owner.user.pk).delete()
    assert DataKey.objects.count() == 1
    Workspace.objects.get(pk=owner.workspace.pk).delete()
    assert not DataKey.objects.exists() and not Connection.objects.exists()
