"""Writes about people: sign-in links and API keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import ApiKey, SignInLink, User
from portal.common.crypto import token_hash
from portal.common.errors import Conflict, NotFound
from portal.common.ids import random_token

SIGN_IN_LINK_MINUTES = 30
#: How long a rotated key goes on working, so that nothing breaks while the new one is handed out.
KEY_OVERLAP = timedelta(hours=24)


def create_sign_in_link(user: User) -> str:
    """A token that signs the person in once, within half an hour."""
    token = random_token(32)
    expires = timezone.now() + timedelta(minutes=SIGN_IN_LINK_MINUTES)
    SignInLink.objects.create(user=user, token_hash=token_hash(token), expires_at=expires)
    return token


@transaction.atomic
def redeem_sign_in_link(token: str) -> User:
    """The person of an unused, unexpired link, which is used up by this call."""
    link = (
        SignInLink.objects.select_for_update()
        .select_related("user")
        .filter(token_hash=token_hash(token), used_at=None, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )
    if link is None:
        raise NotFound("This sign-in link is used up or expired.", remedy="Start again to get a new one.")
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    return link.user


def create_api_key(
    user: User,
    label: str,
    *,
    workspace_id: UUID | None = None,
    scopes: Iterable[str] = (),
    expires_at: datetime | None = None,
    role: str = "",
    per_minute: int = 0,
    daily_calls: int = 0,
    monthly_calls: int = 0,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is not kept. With a role it is a key of the workspace, not of the person."""
    secret = f"{'wsk' if role else 'pat'}_{random_token(40)}"
    key = ApiKey.objects.create(
        user=user,
        workspace_id=workspace_id,
        label=label,
        prefix=secret[:10],
        token_hash=token_hash(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        role=role,
        per_minute=per_minute,
        daily_calls=daily_calls,
        monthly_calls=monthly_calls,
    )
    return key, secret


def find_personal_key(user: User, key_id: UUID) -> ApiKey:
    """A personal key of the person, locked; `NotFound` for everybody else's and for keys of workspaces."""
    key = ApiKey.objects.select_for_update().filter(user=user, role="", pk=key_id).first()
    if key is None:
        raise NotFound("There is no such key.")
    return key


@transaction.atomic
def replace_api_key(old: ApiKey, *, overlap: timedelta = KEY_OVERLAP) -> tuple[ApiKey, str]:
    """A new key like the old one, which goes on working for the overlap."""
    now = timezone.now()
    if not old.is_usable(now):
        raise Conflict("This key is expired or revoked.", remedy="Create a new one.")
    new, secret = create_api_key(
        old.user,
        old.label,
        workspace_id=old.workspace_id,
        scopes=old.scopes,
        # The new key lives as long as the old one was meant to.
        expires_at=now + (old.expires_at - old.created_at) if old.expires_at else None,
        role=old.role,
        per_minute=old.per_minute,
        daily_calls=old.daily_calls,
        monthly_calls=old.monthly_calls,
    )
    ends = now + overlap
    old.expires_at = min(old.expires_at, ends) if old.expires_at else ends
    old.save(update_fields=["expires_at"])
    return new, secret


@transaction.atomic
def rotate_api_key(user: User, key_id: UUID) -> tuple[ApiKey, str]:
    """Replace a personal key; the old one works on for a day."""
    return replace_api_key(find_personal_key(user, key_id))


@transaction.atomic
def revoke_api_key(user: User, key_id: UUID) -> ApiKey:
    key = find_personal_key(user, key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
    return key
