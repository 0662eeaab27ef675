"""Second factors at rest: authenticator secrets and recovery seeds are wrapped like data keys, each bound to its place.

The library asks for decryption without saying whose secret it is. So a row that is read from the database gets its
place written beside each value in memory, a row that is saved loses it again, and what stands in the database opens
only for the person, the kind of factor and the field it was sealed for.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models.signals import post_init, post_save, pre_save
from django.dispatch import receiver

from portal.common.crypto import CannotDecrypt
from portal.common.key_service import key_service

FIELDS = ("secret", "seed")
#: Sealed for one place; sealed for any place, by earlier versions and between making and saving; in memory.
_BOUND, _LOOSE, _PLACED = "v2:", "v1:", "at:"
_ANYWHERE = "mfa_authenticator:data"


def place_of(user_id: Any, kind: str, name: str) -> str:
    """Person and kind name the row: nobody has two factors of one kind with a secret."""
    return f"mfa_authenticator:{user_id}:{kind}:{name}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _split(sealed: str) -> tuple[str, bytes]:
    _version, key_id, wrapped = sealed.split(":")
    return base64.urlsafe_b64decode(key_id).decode(), base64.urlsafe_b64decode(wrapped)


def _seal(text: str, place: str = "") -> str:
    key_id, wrapped = key_service().wrap(text.encode(), place or _ANYWHERE)
    return f"{_BOUND if place else _LOOSE}{_text(key_id.encode())}:{_text(wrapped)}"


def _open(sealed: str, place: str) -> str:
    return key_service().unwrap(*_split(sealed), place).decode()


def is_sealed(value: Any) -> bool:
    """Whether a root key protects the value, bound to its place or not."""
    return isinstance(value, str) and value.startswith((_BOUND, _LOOSE))


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Named by MFA_ADAPTER."""

    def encrypt(self, text: str) -> str:
        """Sealed, and bound to its place as soon as its row is saved."""
        return _seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        if not encrypted_text.startswith(_PLACED):
            raise CannotDecrypt(
                "A stored second factor is not bound to its person.",
                remedy="Restore the root key it was written with, then run `manage.py rotate_keys`.",
            )
        place, _, sealed = encrypted_text.removeprefix(_PLACED).partition("|")
        return _open(sealed, place)


def bound(user_id: Any, kind: str, data: Mapping[str, Any], *, plain_too: bool = False) -> dict[str, Any]:
    """The data of a row with loose secrets bound to it; `plain_too` also seals what was never sealed.

    Only the migration takes plain values: afterwards one can only have been planted.
    """
    changed = dict(data)
    for name in FIELDS:
        value = data.get(name)
        if not isinstance(value, str) or value.startswith(_BOUND):
            continue
        if value.startswith(_LOOSE):
            changed[name] = _seal(_open(value, _ANYWHERE), place_of(user_id, kind, name))
        elif plain_too:
            changed[name] = _seal(value, place_of(user_id, kind, name))
    return changed


# In memory -------------------------------------------------------------------------------------------------------


def _each(row: Authenticator, change: Callable[[str, str], str]) -> None:
    data = row.__dict__.get("data")
    if isinstance(data, dict):
        for name in FIELDS:
            if isinstance(data.get(name), str):
                data[name] = change(name, data[name])


def _placed(row: Authenticator, name: str, value: str) -> str:
    return f"{_PLACED}{place_of(row.user_id, row.type, name)}|{value}" if value.startswith(_BOUND) else value


@receiver(post_init, sender=Authenticator, dispatch_uid="mfa:place")
@receiver(post_save, sender=Authenticator, dispatch_uid="mfa:place-again")
def _place(instance: Authenticator, **_: Any) -> None:
    if not instance.get_deferred_fields() & {"user_id", "type", "data"}:
        _each(instance, lambda name, value: _placed(instance, name, value))


@receiver(pre_save, sender=Authenticator, dispatch_uid="mfa:bind")
def _bind(instance: Authenticator, **_: Any) -> None:
    _each(instance, lambda _name, value: _stored(value))
    if isinstance(instance.__dict__.get("data"), dict):
        instance.data = bound(instance.user_id, instance.type, instance.data)


def _stored(value: str) -> str:
    """The value without its place, as the database keeps it."""
    return value.removeprefix(_PLACED).partition("|")[2] if value.startswith(_PLACED) else value


# Rotation --------------------------------------------------------------------------------------------------------


def _values(row: Authenticator) -> dict[str, str]:
    """What the database keeps in this row."""
    found = {name: row.data.get(name) for name in FIELDS}
    return {name: _stored(value) for name, value in found.items() if isinstance(value, str)}


def _is_outdated(value: str) -> bool:
    if not is_sealed(value):
        return False
    return value.startswith(_LOOSE) or _split(value)[0] != key_service().current_id


def key_ids() -> list[str]:
    """The root key of each wrapped secret."""
    values = [value for row in Authenticator.objects.all() for value in _values(row).values()]
    return [_split(value)[0] for value in values if is_sealed(value)]


def wrap_anew() -> int:
    """Wrap with the current root key what an older one protects, and bind what is loose; how many."""
    changed = 0
    for pk in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            due = {name: value for name, value in (_values(row) if row else {}).items() if _is_outdated(value)}
            if row is None or not due:
                continue
            for name, value in due.items():
                place = place_of(row.user_id, row.type, name)
                row.data[name] = _seal(_open(value, place if value.startswith(_BOUND) else _ANYWHERE), place)
            row.save(update_fields=["data"])
            changed += len(due)
    return changed


def outdated() -> int:
    """How many secrets `wrap_anew` would wrap."""
    return sum(_is_outdated(value) for row in Authenticator.objects.all() for value in _values(row).values())


def give_up_lost() -> int:
    """Remove second factors that no root key opens, so that people can set up new ones; how many."""
    lost = 0
    for row in Authenticator.objects.all():
        if any(is_sealed(value) and not key_service().knows(_split(value)[0]) for value in _values(row).values()):
            row.delete()
            lost += 1
    return lost
