"""Plain paths such as `rank.rows[0].code`: parsed once, walked without any interpreter."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from typing import Any

from workflows.expressions.errors import MissingPath

#: A name followed by field names and indexes: ("rank", "rows", 0, "code").
Parts = tuple[str | int, ...]

_STEP = re.compile(
    r"""\s*(?: \.\s*(?P<name>[^\W\d]\w*)
          | \[\s*(?: (?P<index>-?\d{1,9}) | (?P<quoted>"[^"\\\n]*"|'[^'\\\n]*') )\s*\] )""",
    re.VERBOSE,
)
_ROOT = re.compile(r"\s*([^\W\d]\w*)")
_CONSTANTS = frozenset({"True", "False", "None"})
_SHOWN = 12


class Scope:
    """Names an expression may use. A child scope (an item of a map) sees its parent's names behind its own."""

    __slots__ = ("absent", "names", "parent")

    def __init__(self, names: dict[str, Any] | None = None, parent: Scope | None = None) -> None:
        self.names: dict[str, Any] = {} if names is None else names
        self.parent = parent
        #: Why a known node has no value: "was skipped", "is disabled", …
        self.absent: dict[str, str] = {}

    def child(self, names: dict[str, Any]) -> Scope:
        return Scope(names, self)

    def get(self, name: str) -> Any:
        """The value of a name; raises `MissingPath`."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        raise self._missing(name)

    def __contains__(self, name: str) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True
            scope = scope.parent
        return False

    def visible(self) -> list[str]:
        found: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            found.update(scope.names)
            scope = scope.parent
        return sorted(found)

    def _missing(self, name: str) -> MissingPath:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.absent:
                return MissingPath(
                    f"`{name}` has no value: it {scope.absent[name]}.",
                    path=name,
                    absent=True,
                    remedy=f"Use default({name}, …) where it may be missing.",
                )
            scope = scope.parent
        known = ", ".join(self.visible()[:_SHOWN]) or "nothing"
        return MissingPath(f"There is no `{name}` here.", path=name, remedy=f"Known at this point: {known}.")


def parse_path(text: str) -> Parts | None:
    """The parts of a plain path, or None when the text is any other expression."""
    match = _ROOT.match(text)
    if match is None or match[1] in _CONSTANTS or keyword.iskeyword(match[1]):
        return None
    parts: list[str | int] = [match[1]]
    position = match.end()
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            return tuple(parts) if not text[position:].strip() else None
        if (name := step["name"]) is not None:
            if keyword.iskeyword(name):
                return None
            parts.append(name)
        elif (index := step["index"]) is not None:
            parts.append(int(index))
        else:
            parts.append(step["quoted"][1:-1])
        position = step.end()
    return tuple(parts)


def show_path(parts: Parts) -> str:
    """The path as a person would write it."""
    shown = str(parts[0])
    for part in parts[1:]:
        if isinstance(part, int):
            shown += f"[{part}]"
        elif part.isidentifier():
            shown += f".{part}"
        else:
            shown += f"[{json.dumps(part, ensure_ascii=False)}]"
    return shown


def walk(parts: Parts, scope: Scope) -> Any:
    """The value at a path; raises `MissingPath` naming the first part that does not exist and what does."""
    value = scope.get(parts[0])  # type: ignore[arg-type]
    for position in range(1, len(parts)):
        part = parts[position]
        try:
            # A key of a mapping is always text: `rows[0]` on an object means nothing, `rows["0"]` does.
            if isinstance(part, str):
                if not isinstance(value, Mapping):
                    raise _dead_end(parts, position, value)
                value = value[part]
            else:
                if not isinstance(value, list | tuple | str):
                    raise _dead_end(parts, position, value)
                value = value[part]
        except (KeyError, IndexError):
            raise _dead_end(parts, position, value) from None
    return value


def _dead_end(parts: Parts, position: int, value: Any) -> MissingPath:
    here, part, whole = show_path(parts[:position]), parts[position], show_path(parts)
    remedy = f"Check the path `{whole}`, or use default({whole}, …)."
    if value is None:
        text = f"`{here}` is empty (null), so it has no {_called(part)}."
    elif isinstance(value, Mapping):
        fields = [str(name) for name in value]
        listed = ", ".join(fields[:_SHOWN]) + (", …" if len(fields) > _SHOWN else "")
        text = f"`{here}` has no {_called(part)}; it has: {listed or 'no fields'}."
    elif isinstance(value, list | tuple):
        if isinstance(part, int):
            text = f"`{here}` has {len(value)} items, so there is no item {part}."
        else:
            text = f"`{here}` is a list of {len(value)} items; choose one first, as in `{here}[0].{part}`."
    else:
        text = f"`{here}` is {_kind(value)}, so it has no {_called(part)}."
    return MissingPath(text, path=whole, remedy=remedy)


def _called(part: str | int) -> str:
    return f"item {part}" if isinstance(part, int) else f"field `{part}`"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return f"text of {len(value)} characters" if isinstance(value, str) else "a value without fields"
