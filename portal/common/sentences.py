"""Error sentences in the reader's language.

Errors are raised in English, also by packages that know nothing of Django, and are translated where they leave the
product. The catalogue is `locale/<language>/LC_MESSAGES/errors.po`; a sentence with values in it stands there with
`{0}`, `{1}`, … in their places.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.utils.translation import get_language

from portal.common.errors import FieldProblem, PortalError

LOCALE = Path(__file__).resolve().parents[2] / "locale"
_PLACE = re.compile(r"\{(\d+)\}")
Translate = Callable[[str], str]


class Catalogue:
    """The sentences of one language."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._fixed = {text: said for text, said in texts.items() if not _PLACE.search(text)}
        self._patterns = [
            (_pattern(text), said)
            # The longest first: "There is no workflow {0} here." before "There is no {0}."
            for text, said in sorted(texts.items(), key=lambda item: -len(_PLACE.sub("", item[0])))
            if _PLACE.search(text)
        ]

    def __call__(self, text: str) -> str:
        """The sentence in this language; one that is not known stays as it is."""
        if (said := self._fixed.get(text)) is not None:
            return said
        for pattern, template in self._patterns:
            if found := pattern.fullmatch(text):
                return _PLACE.sub(lambda place: found.group(int(place[1]) + 1), template)
        return text


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("(.{0,400}?)".join(re.escape(part) for part in _PLACE.split(text)[::2]), re.DOTALL)


@lru_cache(maxsize=4)
def _catalogue(language: str) -> Translate:
    file = LOCALE / language / "LC_MESSAGES" / "errors.mo"
    if not file.exists():
        return str
    with file.open("rb") as content:
        texts = gettext.GNUTranslations(content)._catalog  # type: ignore[attr-defined]
    return Catalogue({text: said for text, said in texts.items() if isinstance(text, str) and text and said})


def say(text: str) -> str:
    """The sentence in the language of this request."""
    language = (get_language() or "en").partition("-")[0]
    return text if language == "en" else _catalogue(language)(text)


def localised(error: PortalError) -> PortalError:
    """The error with its words in the reader's language; the error itself when that is English."""
    if (get_language() or "en").startswith("en"):
        return error
    problems = [FieldProblem(one.field, say(one.message), say(one.remedy)) for one in error.problems]
    said = PortalError(
        say(error.message),
        code=error.error_code,
        remedy=say(error.remedy),
        problems=problems,
        retry_after=error.retry_after,
        details=error.details,
    )
    said.status, said.retryable = error.status, error.retryable  # type: ignore[misc]
    return said
