"""File names and cells that cannot do harm, and files that appear only when they are complete."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from procurement.g2b.errors import BadRequest

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?%?\Z")
#: What a spreadsheet takes for the beginning of a formula, full-width forms included.
_STARTS = tuple("=+-@\t\r＝＋－＠")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}


def safe_cell(value: str) -> str:
    """The value, with an apostrophe before anything a spreadsheet would run; plain numbers stay numbers."""
    if value.startswith(_STARTS) and not _NUMBER.match(value):
        return "'" + value
    return value


def safe_name(name: str, suffix: str) -> str:
    """A bare file name with the given suffix; `BadRequest` for anything that tries to be a path."""
    cleaned = unicodedata.normalize("NFC", name).strip()
    problem = ""
    if not cleaned:
        problem = "is empty"
    elif re.search(r"[/\\:\x00-\x1f<>|?*\"\u2215\u2044\uff0f\uff3c]", cleaned):
        problem = "holds a path separator or a character no file name has"
    elif cleaned.startswith((".", "~")) or cleaned.endswith((".", " ")) or ".." in cleaned:
        problem = "starts or ends with a dot, or goes up a folder"
    elif cleaned.split(".")[0].lower() in _RESERVED:
        problem = "is reserved on some systems"
    elif len(cleaned.encode()) > 180:
        problem = "is longer than 180 bytes"
    if problem:
        raise BadRequest(f"The file name {problem}.", remedy='Give a plain name such as "desktops-2026.csv".')
    if not cleaned.lower().endswith(suffix):
        if "." in cleaned and re.fullmatch(r"\.[A-Za-z0-9]{1,8}", Path(cleaned).suffix):
            raise BadRequest(f"The file name must end in {suffix}.", remedy=f"Rename it to end in {suffix}.")
        cleaned += suffix
    return cleaned


@contextlib.contextmanager
def atomic(target: Path) -> Iterator[Path]:
    """A temporary path next to the target; it replaces the target when the block ends without an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".writing-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o640)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
