"""Sealing and opening secrets with the data key of a workspace or a person."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal.accounts.models import User
from portal.common.crypto import CannotDecrypt, decrypt, encrypt, new_key
from portal.common.key_service import key_service
from portal.workspaces.models import DataKey, Workspace


def _context(key: DataKey) -> str:
    owner = f"workspace:{key.workspace_id}" if key.workspace_id else f"user:{key.user_id}"
    return f"data-key:{key.pk}:{owner}"


@transaction.atomic
def data_key_of(owner: Workspace | User) -> DataKey:
    """The current data key of a workspace or a person, made at first use."""
    field = "workspace" if isinstance(owner, Workspace) else "user"
    # Lock the owner, so that two first uses do not make two keys. The owner may be a request's lazy user.
    model: Any = Workspace if field == "workspace" else User
    model.objects.select_for_update().get(pk=owner.pk)
    found = DataKey.objects.filter(**{field: owner}, retired_at=None).first()
    if found:
        return found
    key = DataKey(**{field: owner})
    key.root_key_id, key.wrapped = key_service().wrap(new_key(), _context(key))
    key.save()
    return key


@transaction.atomic
def shred_person(user: User) -> int:
    """Destroy the person's data keys: what they sealed, here and in later backups, is noise from now on.

    For the deletion of an account, inside its transaction. Returns how many keys were destroyed.
    """
    return _shred(DataKey.objects.filter(user=user))


@transaction.atomic
def shred_workspace(workspace: Workspace) -> int:
    """Destroy the workspace's data keys, as `shred_person` does those of a person."""
    return _shred(DataKey.objects.filter(workspace=workspace))


def _shred(keys: QuerySet[DataKey]) -> int:
    now = timezone.now()
    # A row's old bytes go with the next vacuum; backups made before keep them until they expire.
    return keys.filter(shredded_at=None).update(
        wrapped=b"", shredded_at=now, retired_at=Coalesce("retired_at", Value(now))
    )


def _open_key(key: DataKey) -> bytes:
    if key.shredded_at is not None:
        raise CannotDecrypt("The key of this secret was destroyed.", remedy="Enter the secret anew.")
    return key_service().unwrap(key.root_key_id, bytes(key.wrapped), _context(key))


def wrap_anew(key: DataKey) -> None:
    """Wrap the data key with the current root key; `CannotDecrypt` when the one that wraps it now is missing."""
    key.root_key_id, key.wrapped = key_service().wrap(_open_key(key), _context(key))
    key.wrapped_at = timezone.now()
    key.save(update_fields=["root_key_id", "wrapped", "wrapped_at"])


def place_of(row: Model) -> str:
    """The place of a row's field `sealed`: what is sealed there opens nowhere else."""
    return f"{row._meta.db_table}:{row.pk}:sealed"


def seal(key: DataKey, values: dict[str, Any], place: str) -> bytes:
    """Encrypt plain values; `place` names table, row and field, and must be the same when opening.

    A table that keeps sealed values has a `data_key` and a field `sealed`, at the place that `place_of` tells: so
    the rotation finds them all.
    """
    return encrypt(_open_key(key), json.dumps(values, ensure_ascii=False).encode(), place)


def unseal(key: DataKey, sealed: bytes, place: str) -> dict[str, Any]:
    """The values sealed at this place; `CannotDecrypt` when they were moved or changed."""
    values: dict[str, Any] = json.loads(decrypt(_open_key(key), bytes(sealed), place))
    return values
