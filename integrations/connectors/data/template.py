"""Text with places: `Hello {name}, {total:,} won`. No code, no attribute access, bounded output."""

from __future__ import annotations

import json
import re
from typing import Any

from integrations.connectors.data.rows import number_of
from integrations.sdk import FieldProblem, InvalidParams
from integrations.sdk.paths import MISSING, split_path, walk

_PLACE = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}:|]+)(?::(?P<format>[^{}|]*))?(?:\|(?P<default>[^{}]*))?\}")
_FORMAT = re.compile(r",?(?:\.(\d{1,2}))?%?\Z")
MAX_TEXT = 2_000_000


def render(template: str, values: dict[str, Any]) -> str:
    """Fill the places of a template. `{path}`, `{path:,.2f}`-like number formats, `{path|default}`.

    A path that leads nowhere and has no default is an error that names it. `{{` and `}}` are literal braces.
    """

    def fill(found: re.Match[str]) -> str:
        if found["path"] is None:
            return found[0][0]
        path = found["path"].strip()
        value = walk(values, split_path(path, field="template"))
        if value is MISSING or value is None:
            if found["default"] is not None:
                return found["default"]
            if value is None:
                return ""
            known = ", ".join(sorted(map(str, values))[:20])
            problem = FieldProblem("template", f"There is no value {path!r}.", f"Known values: {known}.")
            raise InvalidParams("The template asks for a value that is not there.", problems=[problem])
        return _shown(value, found["format"], path)

    text = _PLACE.sub(fill, template)
    if len(text) > MAX_TEXT:
        raise InvalidParams(f"The text would have more than {MAX_TEXT:,} characters.", remedy="Use fewer rows.")
    return text


def _shown(value: Any, format: str | None, path: str) -> str:
    if format:
        format = format.strip().removesuffix("f")
        number = number_of(value)
        if number is None or not _FORMAT.match(format):
            problem = FieldProblem(
                "template", f"{path!r} cannot be shown as {format!r}.", "Use forms such as {price:,} or {rate:.2f}."
            )
            raise InvalidParams("A number format of the template does not fit.", problems=[problem])
        kind = "" if format.endswith("%") or "." not in format else "f"
        return f"{number:{format}{kind}}"
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
