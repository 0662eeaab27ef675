"""The function library of expressions. Each function is source that runs inside the sandbox, sent only when used.

Korea has had no daylight saving time since 1988, so Asia/Seoul is a fixed offset here; the sandbox has no zone data.
"""

from __future__ import annotations

from typing import NamedTuple


class Function(NamedTuple):
    """A library function: its signature and purpose for people, its source for the sandbox."""

    signature: str
    summary: str
    source: str
    needs: tuple[str, ...] = ()


#: Functions the interpreter itself offers.
_OFFERED = """
abs all any bool dict divmod enumerate filter float format int isinstance len list map max min pow range repr reversed
round set sorted str sum tuple zip
"""
BUILTINS = frozenset(_OFFERED.split())

#: These give lazy objects; a whole expression that is one of them becomes a list.
LAZY = frozenset({"enumerate", "filter", "map", "range", "reversed", "zip"})

LIBRARY: dict[str, Function] = {
    "default": Function(
        "default(value, fallback=None)",
        "The value, or the fallback when the value is missing or null",
        "def default(value, fallback=None):\n    return fallback if value is None else value\n",
    ),
    "upper": Function("upper(text)", "Text in capitals", "def upper(text):\n    return str(text).upper()\n"),
    "lower": Function("lower(text)", "Text in small letters", "def lower(text):\n    return str(text).lower()\n"),
    "trim": Function(
        "trim(text)", "Text without blanks at its ends", "def trim(text):\n    return str(text).strip()\n"
    ),
    "join": Function(
        'join(items, separator=", ")',
        "The items as one text",
        'def join(items, separator=", "):\n'
        '    return separator.join(["" if item is None else str(item) for item in items])\n',
    ),
    "split": Function(
        'split(text, separator=",")',
        "The trimmed pieces of a text",
        'def split(text, separator=","):\n    return [piece.strip() for piece in str(text).split(separator)]\n',
    ),
    "unique": Function(
        "unique(items)",
        "The items without repeats, in their order",
        "def unique(items):\n"
        "    found = []\n"
        "    seen = set()\n"
        "    for item in items:\n"
        "        mark = repr(item)\n"
        "        if mark not in seen:\n"
        "            seen.add(mark)\n"
        "            found.append(item)\n"
        "    return found\n",
    ),
    "pluck": Function(
        "pluck(items, field)",
        "One field of every item that has it",
        "def pluck(items, field):\n    return [item[field] for item in items if field in item]\n",
    ),
    "number": Function(
        "number(text, fallback=…)",
        'The number in a text such as "1,234.5"; the fallback, if given, when it is none',
        "def number(text, *fallback):\n"
        "    try:\n"
        "        if not isinstance(text, str):\n"
        "            return text if isinstance(text, (int, float)) else float(text)\n"
        '        cleaned = text.replace(",", "").replace("_", "").strip()\n'
        '        return float(cleaned) if "." in cleaned or "e" in cleaned.lower() else int(cleaned)\n'
        "    except (ValueError, TypeError):\n"
        "        if fallback:\n"
        "            return fallback[0]\n"
        "        raise\n",
    ),
    "to_json": Function(
        "to_json(value)",
        "The value as JSON text",
        "def to_json(value):\n    import json\n    return json.dumps(value, ensure_ascii=False)\n",
    ),
    "from_json": Function(
        "from_json(text)",
        "The value of a JSON text",
        "def from_json(text):\n    import json\n    return json.loads(text)\n",
    ),
    "parse_date": Function(
        "parse_date(text, pattern=None)",
        "A date and time in Asia/Seoul from ISO text, from 20260102, or by a pattern such as %Y.%m.%d",
        "def parse_date(text, pattern=None):\n"
        "    from datetime import date, datetime, time\n"
        "    if isinstance(text, datetime):\n"
        "        value = text\n"
        "    elif isinstance(text, date):\n"
        "        value = datetime(text.year, text.month, text.day)\n"
        "    elif pattern is not None:\n"
        "        value = datetime.strptime(str(text), pattern)\n"
        "    elif isinstance(text, (int, float)) and not isinstance(text, bool) and text > 99999999:\n"
        "        return datetime.fromtimestamp(text, _seoul())\n"
        "    else:\n"
        "        text = str(text).strip()\n"
        "        if len(text) == 8 and text.isdigit():\n"
        '            text = text[:4] + "-" + text[4:6] + "-" + text[6:]\n'
        '        value = datetime.fromisoformat(text.replace("Z", "+00:00"))\n'
        "    if value.tzinfo is None:\n"
        "        return value.replace(tzinfo=_seoul())\n"
        "    return value.astimezone(_seoul())\n",
        ("_seoul",),
    ),
    "format_date": Function(
        'format_date(value, pattern="%Y-%m-%d")',
        "A date or date text in Asia/Seoul, written by the pattern",
        'def format_date(value, pattern="%Y-%m-%d"):\n    return parse_date(value).strftime(pattern)\n',
        ("parse_date",),
    ),
    "now": Function(
        "now()",
        "The present moment in Asia/Seoul",
        "def now():\n    from datetime import datetime\n    return datetime.now(_seoul())\n",
        ("_seoul",),
    ),
    "today": Function(
        "today()",
        "Midnight of today in Asia/Seoul",
        "def today():\n    return now().replace(hour=0, minute=0, second=0, microsecond=0)\n",
        ("now",),
    ),
    "days": Function(
        "days(count)",
        "A span of days, to add to or subtract from a date",
        "def days(count):\n    from datetime import timedelta\n    return timedelta(days=count)\n",
    ),
    "hours": Function(
        "hours(count)",
        "A span of hours, to add to or subtract from a date",
        "def hours(count):\n    from datetime import timedelta\n    return timedelta(hours=count)\n",
    ),
}

_INTERNAL: dict[str, Function] = {
    "_seoul": Function(
        "",
        "",
        'def _seoul():\n    from datetime import timedelta, timezone\n    return timezone(timedelta(hours=9), "KST")\n',
    ),
    # `row.code` reads a field of data; on anything else (a date) it reads an attribute.
    "_field": Function(
        "",
        "",
        "def _field(value, name):\n"
        "    if isinstance(value, dict):\n"
        "        if name in value:\n"
        "            return value[name]\n"
        '        raise KeyError(f"no field {name!r}; there are: " + ", ".join([str(key) for key in value][:12]))\n'
        "    return getattr(value, name)\n",
    ),
}

#: Names a node must not take, because expressions give them another meaning. Functions are told apart by their use.
SCOPE_NAMES = frozenset({"input", "item", "index", "vars", "caller", "env", "error"})


def prelude(names: set[str]) -> str:
    """The source of the named functions and of what they need, in an order that works."""
    wanted: list[str] = []

    def add(name: str) -> None:
        function = LIBRARY.get(name) or _INTERNAL.get(name)
        if function is None or name in wanted:
            return
        for needed in function.needs:
            add(needed)
        wanted.append(name)

    for name in sorted(names):
        add(name)
    return "".join((LIBRARY.get(name) or _INTERNAL[name]).source for name in wanted)
