"""Keeping a credential's secrets out of everything an action says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

import orjson

MASK = "•••"
#: Shorter values would mask ordinary words.
_SHORTEST = 4


class Redactor:
    """Replaces secrets, also in their URL-encoded and Base64 forms."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) >= _SHORTEST:
                encoded = base64.b64encode(secret.encode()).decode()
                forms |= {secret, quote(secret, safe=""), quote_plus(secret), encoded, encoded.rstrip("=")}
                forms.add(json.dumps(secret, ensure_ascii=False)[1:-1])
        # Longest first, so that a secret which contains another one disappears whole.
        self._forms = sorted(forms, key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def text(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def result(self, result: Any) -> Any:
        """A result as plain JSON data. Most hold no secret, and one look at the whole text shows it."""
        if not self._forms:
            return result
        text = orjson.dumps(result, option=orjson.OPT_NON_STR_KEYS, default=str).decode()
        return self.value(result) if any(form in text for form in self._forms) else result

    def value(self, value: Any) -> Any:
        """The same data with every text in it redacted."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value
