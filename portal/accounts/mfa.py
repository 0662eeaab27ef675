"""Second factors at rest: authenticator secrets and recovery seeds are wrapped like data keys, never in the clear."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db import transaction

from portal.common.key_service import key_service

_MARK = "v1:"
#: Whose secret it is cannot be bound: the library does not tell when it asks.
_CONTEXT = "mfa_authenticator:data"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _split(sealed: str) -> tuple[str, bytes]:
    key_id, wrapped = sealed.removeprefix(_MARK).split(":")
    return base64.urlsafe_b64decode(key_id).decode(), base64.urlsafe_b64decode(wrapped)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Named by MFA_ADAPTER."""

    def encrypt(self, text: str) -> str:
        key_id, wrapped = key_service().wrap(text.encode(), _CONTEXT)
        return f"{_MARK}{_text(key_id.encode())}:{_text(wrapped)}"

    def decrypt(self, encrypted_text: str) -> str:
        if not encrypted_text.startswith(_MARK):
            return encrypted_text  # written before secrets were wrapped; the next rotation wraps it
        return key_service().unwrap(*_split(encrypted_text), _CONTEXT).decode()


def _is_outdated(value: Any) -> bool:
    return isinstance(value, str) and not (value.startswith(_MARK) and _split(value)[0] == key_service().current_id)


def key_ids() -> list[str]:
    """The root key of each wrapped secret."""
    values = [row.data.get(name) for row in Authenticator.objects.all() for name in ("secret", "seed")]
    return [_split(value)[0] for value in values if isinstance(value, str) and value.startswith(_MARK)]


def wrap_anew() -> int:
    """Wrap what an older root key protects, or nothing does yet, with the current one; how many."""
    adapter, changed = MfaAdapter(), 0
    for pk in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            outdated = [name for name in ("secret", "seed") if row and _is_outdated(row.data.get(name))]
            if row is None or not outdated:
                continue
            row.data = {**row.data, **{name: adapter.encrypt(adapter.decrypt(row.data[name])) for name in outdated}}
            row.save(update_fields=["data"])
            changed += len(outdated)
    return changed


def outdated() -> int:
    """How many secrets `wrap_anew` would wrap."""
    rows = Authenticator.objects.all()
    return sum(_is_outdated(row.data.get(name)) for row in rows for name in ("secret", "seed"))


def give_up_lost() -> int:
    """Remove second factors that no root key opens, so that people can set up new ones; how many."""
    lost = 0
    for row in Authenticator.objects.all():
        values = [row.data.get(name) for name in ("secret", "seed")]
        wrapped = [value for value in values if isinstance(value, str) and value.startswith(_MARK)]
        if any(not key_service().knows(_split(value)[0]) for value in wrapped):
            row.delete()
            lost += 1
    return lost
