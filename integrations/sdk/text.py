"""Words for people in both languages of the product."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """One phrase in English and Korean."""

    en: str
    ko: str

    def in_language(self, code: str | None) -> str:
        """The phrase in the language of `code` (`ko`, `ko-KR`, `en`, …); English when unknown."""
        return self.ko if code and code.lower().startswith("ko") else self.en

    def __str__(self) -> str:
        return self.en
