"""The service key of data.go.kr: normalise it once, never show it.

The portal prints the same key twice, percent-encoded and raw base64; newer keys are 64 hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import logging
import re
from urllib.parse import quote, unquote

from procurement.g2b.errors import KeyRefused

_ENCODED = re.compile(r"%(2B|2F|3D)", re.IGNORECASE)
_IN_URL = re.compile(r"(service_?key=)[^&\s\"'<>]+", re.IGNORECASE)
MASK = "***"


def normalise_key(text: str) -> str:
    """The raw key of a raw, percent-encoded or hexadecimal one; `KeyRefused` when it cannot be a key."""
    key = text.strip()
    # Doubly encoded keys are pasted from URLs; each pass removes one layer.
    for _ in range(2):
        if not re.search(r"%25(2B|2F|3D)", key, re.IGNORECASE) and not _ENCODED.search(key):
            break
        key = unquote(key)
    if not key:
        raise KeyRefused("The service key is empty.", remedy="Paste the key shown on data.go.kr (encoded or decoded).")
    if re.search(r"[\s%<>&]", key):
        raise KeyRefused(
            "The service key holds characters no key has.",
            remedy="Paste only the key itself, without quotes, spaces or the rest of a URL.",
        )
    return key


def fingerprint(key: str) -> str:
    """A short name of the key for counters and logs that says nothing about it."""
    return hashlib.blake2b(key.encode(), digest_size=6, person=b"g2b-key").hexdigest()


def redact(text: str, key: str = "") -> str:
    """The text without the key, in whichever spelling, and without any `serviceKey=` value."""
    if key:
        for spelling in {key, quote(key, safe=""), quote(key, safe="").lower(), quote(key, safe="/"), quote(key)}:
            text = text.replace(spelling, MASK)
    return _IN_URL.sub(rf"\1{MASK}", text)


class KeyFilter(logging.Filter):
    """Takes the key out of log lines of the HTTP library, which prints whole URLs."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        cleaned = redact(text)
        if cleaned != text:
            record.msg, record.args = cleaned, ()
        return True


def protect_logs(*names: str) -> None:
    """Install the filter once on each named logger."""
    for name in names or ("httpx2", "httpx"):
        logger = logging.getLogger(name)
        if not any(isinstance(found, KeyFilter) for found in logger.filters):
            logger.addFilter(KeyFilter())
