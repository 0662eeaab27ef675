"""Access tokens in the form of RFC 9068: readable and checkable by whoever holds our public keys.

We ourselves do not believe what a token says. Each request looks up the hash of the whole token, signature
included, and the row decides: a revoked token is dead at once, and one that was changed in a single letter, or
made by somebody else, was never issued.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
from django.conf import settings
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.oauth.keys import ALGORITHM, signing_key
from portal.accounts.oauth.resources import Resource

#: Says more about the person: `workspaces` and `permissions`. Announced by the app that knows about them.
Describer = Callable[[User, Resource, list[str]], dict[str, Any]]
_describers: list[Describer] = []


def announce(describer: Describer) -> None:
    """Let an app above this one add claims; called once, when the app is ready."""
    if describer not in _describers:
        _describers.append(describer)


def access_token(
    *, client_id: str, user: User | None, acts_for: User, resource: Resource, scopes: list[str], seconds: int
) -> str:
    """A signed token. Without a user (client credentials) the subject is the client, acting for its registrant."""
    issued = int(timezone.now().timestamp())
    claims: dict[str, Any] = {
        "iss": settings.PUBLIC_URL,
        "sub": str(user.pk) if user else client_id,
        "aud": resource.url,
        "client_id": client_id,
        "scope": " ".join(scopes),
        "iat": issued,
        "exp": issued + seconds,
        "jti": uuid4().hex,
    }
    for describe in _describers:
        claims |= describe(acts_for, resource, scopes)
    kid, private = signing_key()
    return jwt.encode(claims, private, ALGORITHM, headers={"typ": "at+jwt", "kid": kid})
