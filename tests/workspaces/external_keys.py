"""A stand-in for an external key service, and the pattern for a real one: KEY_SERVICE names the class.

A real service answers over the network: wrap and unwrap there, pass `context` as its additional data ("encryption
context"), keep no key in this process, and translate its refusals to `CannotDecrypt`. Data keys are unwrapped for
each use, so a service that is slow or counts its calls wants a small cache of its own here.
"""

from __future__ import annotations

import os
from typing import ClassVar

from portal.common.crypto import CannotDecrypt, decrypt, encrypt


class ExternalKeys:
    """Keeps its keys to itself; they are rotated and disabled over there."""

    keys: ClassVar[dict[str, bytes]] = {}
    current: ClassVar[str] = ""
    calls: ClassVar[list[tuple[str, str]]] = []

    @classmethod
    def rotate_over_there(cls) -> str:
        cls.current = f"arn:example:key/{len(cls.keys) + 1}"
        cls.keys[cls.current] = os.urandom(32)
        return cls.current

    @property
    def current_id(self) -> str:
        return self.current or self.rotate_over_there()

    def knows(self, key_id: str) -> bool:
        return key_id in self.keys

    def wrap(self, data_key: bytes, context: str) -> tuple[str, bytes]:
        self.calls.append(("wrap", context))
        return self.current_id, encrypt(self.keys[self.current_id], data_key, context)

    def unwrap(self, key_id: str, wrapped: bytes, context: str) -> bytes:
        self.calls.append(("unwrap", context))
        if key_id not in self.keys:
            raise CannotDecrypt(f"The key service refuses the key {key_id}.", remedy="Enable the key over there.")
        return decrypt(self.keys[key_id], wrapped, context)
