"""JSON as PostgreSQL takes it: fast, and without the two things jsonb refuses (NUL and lone surrogates)."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def dumps(value: Any) -> str:
    """Compact JSON text that jsonb accepts; NUL characters and lone surrogates become U+FFFD."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Lone surrogates (they come from "\\ud800" in somebody's JSON) and integers beyond 64 bits.
        raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        text = _SURROGATE.sub("\ufffd", raw)
    return _NUL.sub("\\1\ufffd", text) if "\\u0000" in text else text
