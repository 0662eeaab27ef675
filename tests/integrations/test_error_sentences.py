"""What goes wrong in a connector is told in Korean too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[2]
ERRORS = {"Rejected", "Unavailable", "AuthError", "InvalidParams", "RateLimited", "MissingCredential", "FieldProblem"}


def sentence(node: ast.expr) -> str | None:
    """The text with `{0}`, `{1}`, … for its values, as the catalogue has it; None for what is no text in the code."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    places = iter(range(100))
    return "".join(str(part.value) if isinstance(part, ast.Constant) else f"{{{next(places)}}}" for part in node.values)


def sentences(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in ERRORS:
            continue
        said = node.args[1:3] if name == "FieldProblem" else node.args[:1]
        said = [*said, *(word.value for word in node.keywords if word.arg in ("message", "remedy"))]
        # A sentence that is nothing but values has no words to translate.
        yield from (text for text in filter(None, map(sentence, said)) if any(char.isalpha() for char in text))


def test_errors_of_connectors_have_korean_words() -> None:
    known = {entry.msgid for entry in polib.pofile(str(ROOT / "locale/ko/LC_MESSAGES/errors.po")) if entry.msgstr}
    files = [
        path
        for folder in ("sdk", "connectors", "own")
        for path in (ROOT / "integrations" / folder).rglob("*.py")
        if "sandbox" not in path.as_posix()
    ]
    said = {text: path.name for path in files for text in sentences(path)}
    missing = {text: name for text, name in said.items() if text not in known}
    assert len(said) > 200 and len(missing) <= 0.03 * len(said), missing
