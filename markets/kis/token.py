"""One access token per app key and environment, shared by every process and never issued twice at once."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken

from integrations.sdk import RateLimited, Unavailable
from markets.kis.errors import TokenTooOften
from markets.kis.wire import SEOUL

if TYPE_CHECKING:
    from integrations.sdk import Store
    from markets.kis.keys import KisKeys

#: Renew this long before the end, so that a call under way never outlives its token.
MARGIN = 600.0
ISSUE_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `expires_at` in seconds since the epoch."""

    value: str
    expires_at: float

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at})"


def token_of(body: dict[str, object], *, now: float) -> Token:
    """The token of a tokenP answer. The end is the earlier of `expires_in` and the zone-less Seoul time stamp."""
    value = body.get("access_token")
    if not isinstance(value, str) or not value:
        raise Unavailable("KIS answered the token request without a token.", code="kis_malformed")
    ends = []
    try:
        ends.append(now + float(str(body.get("expires_in", "86400"))))
        if stamp := str(body.get("access_token_token_expired") or "").strip():
            moment = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SEOUL)
            ends.append(moment.timestamp())
    except ValueError as error:
        raise Unavailable(
            "KIS answered the token request with an unreadable lifetime.", code="kis_malformed"
        ) from error
    return Token(value, min(end for end in ends if end > now) if any(end > now for end in ends) else now + MARGIN + 60)


class TokenStore:
    """The shared token. It is stored encrypted with a key made from the app secret, so the store opens nothing."""

    def __init__(self, store: Store, keys: KisKeys, environment: str) -> None:
        self._store = store
        place = hashlib.sha256(environment.encode()).hexdigest()[:8]
        self._key = f"token:{place}:{keys.fingerprint()}"
        secret = hashlib.sha256(b"kis-token\0" + keys.app_secret.get_secret_value().encode()).digest()
        self._box = Fernet(base64.urlsafe_b64encode(secret))

    async def read(self) -> Token | None:
        """The shared token, None when there is none that lasts."""
        raw = await self._store.get(self._key)
        if raw is None:
            return None
        try:
            value, expires_at = json.loads(self._box.decrypt(raw))
        except (InvalidToken, ValueError):
            # Another app secret wrote it: the key was rotated.
            return None
        return Token(value, expires_at) if expires_at - MARGIN > time.time() else None

    async def obtain(self, issue: Callable[[], Awaitable[Token]], *, refused: str | None = None) -> Token:
        """The shared token, or a newly issued one; `refused` is the value the upstream just turned down."""
        token = await self.read()
        if token is not None and token.value != refused:
            return token
        async with self._store.lock(f"{self._key}:lock", ttl=30.0, wait=20.0) as held:
            token = await self.read()
            if token is not None and token.value != refused:
                return token
            if not held:
                raise Unavailable("Another process is still fetching the KIS access token.", code="kis_token_busy")
            if await self._store.get(f"{self._key}:pause") is not None:
                raise TokenTooOften(
                    "KIS issues one access token a minute for each app key.",
                    remedy="Wait a minute and try again.",
                    retry_after=ISSUE_PAUSE,
                )
            try:
                token = await issue()
            except RateLimited:
                await self._store.set(f"{self._key}:pause", b"1", ttl=ISSUE_PAUSE)
                raise
            sealed = self._box.encrypt(json.dumps([token.value, token.expires_at]).encode())
            await self._store.set(self._key, sealed, ttl=max(1.0, token.expires_at - time.time() - MARGIN))
            return token

    async def forget(self, value: str) -> None:
        """Drop the shared token if it still is the refused one."""
        token = await self.read()
        if token is not None and token.value == value:
            await self._store.delete(self._key)
