"""Reading a value deep inside plain data: `items[0].price`, `a["odd key"]`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.sdk.errors import FieldProblem, InvalidParams

_STEP = re.compile(r"""\.?(?P<name>[^.\[\]"']+)|\[(?P<index>-?\d+)\]|\[(?P<quote>["'])(?P<key>.*?)(?P=quote)\]""")
_LONGEST = 500


class _Missing:
    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


#: What `walk` gives when the path leads nowhere; different from a stored null.
MISSING: Any = _Missing()


def split_path(path: str, *, field: str = "path") -> list[str | int]:
    """The steps of a path; `InvalidParams` names the field when it cannot be read."""
    steps: list[str | int] = []
    position = 0
    text = path.strip()
    while position < len(text) and len(text) <= _LONGEST:
        found = _STEP.match(text, position)
        if found is None:
            break
        position = found.end()
        if found["index"] is not None:
            steps.append(int(found["index"]))
        else:
            steps.append(found["name"].strip() if found["name"] is not None else found["key"])
    if position < len(text):
        problem = FieldProblem(field, "This path cannot be read.", 'Write it like items[0].price or a["odd key"].')
        raise InvalidParams("A path cannot be read.", problems=[problem])
    return steps


def walk(data: Any, steps: Sequence[str | int]) -> Any:
    """The value at the end of the steps, or `MISSING`."""
    for step in steps:
        if isinstance(data, Mapping) and str(step) in data:
            data = data[str(step)]
        elif isinstance(step, int) and isinstance(data, list) and -len(data) <= step < len(data):
            data = data[step]
        else:
            return MISSING
    return data


def get_path(data: Any, path: str, default: Any = None, *, field: str = "path") -> Any:
    """The value at `path`, or `default` when there is none."""
    found = walk(data, split_path(path, field=field))
    return default if found is MISSING else found
