"""Envelope encryption: a data key per workspace or person, wrapped by a root key (AES-256-GCM, NIST SP 800-38D)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.common.errors import PortalError

NONCE_BYTES = 12
KEY_BYTES = 32


class CannotDecrypt(PortalError):
    """The key does not fit: another root key, a moved row, or a changed ciphertext."""

    code = "cannot_decrypt"
    status = 500


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def encrypt(key: bytes, plaintext: bytes, context: str) -> bytes:
    """nonce + ciphertext + tag. `context` binds the ciphertext to its place (table, row, field)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def decrypt(key: bytes, sealed: bytes, context: str) -> bytes:
    """The plaintext; `CannotDecrypt` when key, ciphertext and context do not belong together."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except InvalidTag:
        raise CannotDecrypt(
            "A stored secret cannot be decrypted with the current keys.",
            remedy="Restore the root key (ROOT_KEY or ROOT_KEY_FILE) that was in use when the data was written.",
        ) from None


class KeyService(Protocol):
    """What wraps data keys: the root keys of this installation, or an external key service.

    `context` must be bound to the wrapped key as additional data; `unwrap` with another context raises
    `CannotDecrypt`, and so does a key id that is unknown or no longer allowed.
    """

    @property
    def current_id(self) -> str:
        """The id of the key that `wrap` uses now (at most 200 characters)."""
        ...

    def knows(self, key_id: str) -> bool:
        """Whether `unwrap` can use this key."""
        ...

    def wrap(self, data_key: bytes, context: str) -> tuple[str, bytes]:
        """The id of the wrapping key, and the wrapped data key."""
        ...

    def unwrap(self, key_id: str, wrapped: bytes, context: str) -> bytes:
        """The data key."""
        ...


class RootKeys:
    """The keys that wrap data keys, newest first. Old ones stay until every data key is wrapped anew."""

    def __init__(self, encoded: Sequence[str]) -> None:
        if not encoded:
            raise CannotDecrypt("No root key is configured.", remedy="Set ROOT_KEY or ROOT_KEY_FILE.")
        self._keys = {self.key_id(key): key for key in map(self._decode, encoded)}
        self.current_id = next(iter(self._keys))

    @staticmethod
    def _decode(text: str) -> bytes:
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise CannotDecrypt("A root key is not 32 bytes in base64.", remedy="Check ROOT_KEY or ROOT_KEY_FILE.")
        return key

    @staticmethod
    def key_id(key: bytes) -> str:
        return hashlib.sha256(b"root-key-id:" + key).hexdigest()[:16]

    def knows(self, key_id: str) -> bool:
        return key_id in self._keys

    def wrap(self, data_key: bytes, context: str) -> tuple[str, bytes]:
        """The id of the root key used, and the wrapped data key."""
        return self.current_id, encrypt(self._keys[self.current_id], data_key, context)

    def unwrap(self, key_id: str, wrapped: bytes, context: str) -> bytes:
        if key_id not in self._keys:
            raise CannotDecrypt(
                f"The root key {key_id} that protects this data is not configured.",
                remedy="Restore it as a further line of ROOT_KEY_FILE.",
            )
        return decrypt(self._keys[key_id], wrapped, context)


def token_hash(token: str) -> str:
    """SHA-256 of a random token, in hexadecimal. Tokens have enough entropy that no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(a: str, b: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(a.encode(), b.encode())
