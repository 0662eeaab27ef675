"""Writes about people: sign-in links and API keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import ApiKey, SignInLink, User
from portal.common.crypto import token_hash
from portal.common.errors import NotFound
from portal.common.ids import random_token

SIGN_IN_LINK_MINUTES = 30


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
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is not kept."""
    secret = f"pat_{random_token(40)}"
    key = ApiKey.objects.create(
        user=user,
        workspace_id=workspace_id,
        label=label,
        prefix=secret[:10],
        token_hash=token_hash(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    return key, secret


def revoke_api_key(user: User, key_id: UUID) -> ApiKey:
    key = ApiKey.objects.filter(user=user, pk=key_id).first()
    if key is None:
        raise NotFound("There is no such key.")
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
    return key
