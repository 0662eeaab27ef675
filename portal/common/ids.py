"""Identifiers: time-ordered UUIDs (RFC 9562, version 7) and readable random tokens."""

from __future__ import annotations

import os
import secrets
import threading
import time
from datetime import datetime
from uuid import UUID

_lock = threading.Lock()
_last_ms = 0
_sequence = 0


def uuid7() -> UUID:
    """A version 7 UUID; within one process the values only rise, also inside one millisecond."""
    global _last_ms, _sequence
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last_ms:
            # Leave room so that counting up within the millisecond does not overflow the 12 bits.
            _last_ms, _sequence = now, secrets.randbits(11)
        else:
            _sequence += 1
            if _sequence > 0xFFF:
                _last_ms, _sequence = _last_ms + 1, secrets.randbits(11)
        milliseconds, counter = _last_ms, _sequence
    tail = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | tail)


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghijkmnpqrstuvwxyz"


def random_token(length: int = 40) -> str:
    """A URL-safe random string without look-alike characters (about 5.8 bits a character)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def uuid7_floor(moment: datetime, *, shifted_by: int = 0) -> UUID:
    """The least id of a row made at this time or later, so many seconds off: an index on ids then finds a period."""
    milliseconds = int((moment.timestamp() + shifted_by) * 1000)
    bounded = min(max(0, milliseconds), (1 << 48) - 1)
    return UUID(int=(bounded << 80) | (0x7 << 76) | (0b10 << 62))
