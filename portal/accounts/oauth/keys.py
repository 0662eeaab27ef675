"""The keys that sign access tokens: made here, kept wrapped by the root key, published as a JWKS, rotated by beat."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from django.utils import timezone

from portal.accounts.models import SigningKey
from portal.common.key_service import key_service

#: RFC 9068 asks every issuer for RS256.
ALGORITHM = "RS256"
RSA_BITS = 2048
ROTATE_AFTER = timedelta(days=90)
#: A new key is published this long before it signs, so that whoever caches the JWKS knows it by then.
PUBLISHED_FIRST = timedelta(minutes=10)
#: An old key stays published this long after its successor came: far longer than any token lives.
KEPT_AFTER = timedelta(days=1)


def _text(number: int) -> str:
    size = (number.bit_length() + 7) // 8
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).rstrip(b"=").decode()


def _thumbprint(jwk: dict[str, str]) -> str:
    """The key's own name (RFC 7638)."""
    needed = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(needed.encode()).digest()).rstrip(b"=").decode()


def _context(kid: str) -> str:
    return f"accounts_signingkey:{kid}:wrapped"


def make_key() -> SigningKey:
    """A new signing key."""
    private = generate_private_key(65537, RSA_BITS)
    public: RSAPublicKey = private.public_key()
    numbers = public.public_numbers()
    jwk = {"kty": "RSA", "n": _text(numbers.n), "e": _text(numbers.e)}
    kid = _thumbprint(jwk)
    jwk |= {"kid": kid, "use": "sig", "alg": ALGORITHM}
    packed = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    root_key_id, wrapped = key_service().wrap(packed, _context(kid))
    return SigningKey.objects.create(kid=kid, public_jwk=jwk, root_key_id=root_key_id, wrapped=wrapped)


@lru_cache(maxsize=8)
def _private(kid: str, root_key_id: str, wrapped: bytes) -> RSAPrivateKey:
    key = load_der_private_key(key_service().unwrap(root_key_id, wrapped, _context(kid)), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def signing_key() -> tuple[str, RSAPrivateKey]:
    """Name and private key that sign now; the first one is made at first use."""
    known = list(SigningKey.objects.all()[:3])
    settled = timezone.now() - PUBLISHED_FIRST
    key = next((one for one in known if one.created_at <= settled), known[-1] if known else None) or make_key()
    return key.kid, _private(key.kid, key.root_key_id, bytes(key.wrapped))


def published_keys() -> list[dict[str, Any]]:
    """The public keys, newest first."""
    return list(SigningKey.objects.values_list("public_jwk", flat=True))


def rotate(*, now: bool = False) -> int:
    """Make a successor of a key that is old enough (or at once), delete what no living token needs; keys changed."""
    keys = list(SigningKey.objects.all())
    changed = 0
    if keys and (now or keys[0].created_at <= timezone.now() - ROTATE_AFTER):
        keys.insert(0, make_key())
        changed += 1
    for successor, old in pairwise(keys):
        if successor.created_at <= timezone.now() - KEPT_AFTER:
            old.delete()
            changed += 1
    return changed


def wrap_anew() -> int:
    """Wrap keys that an older root key protects with the current one; how many."""
    service = key_service()
    outdated = SigningKey.objects.exclude(root_key_id=service.current_id)
    for key in outdated:
        packed = service.unwrap(key.root_key_id, bytes(key.wrapped), _context(key.kid))
        key.root_key_id, key.wrapped = service.wrap(packed, _context(key.kid))
        key.save(update_fields=["root_key_id", "wrapped"])
    return len(outdated)
