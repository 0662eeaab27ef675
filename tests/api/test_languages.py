"""Errors speak the language of the reader, and every sentence of ours has a Korean one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import polib
import pytest
from rest_framework.test import APIClient

from portal.common.sentences import Catalogue
from portal.workspaces.services import Actor

Api = Callable[..., APIClient]
ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "integrations", "workflows", "deployments", "properties", "procurement", "markets", "timeseries")
#: Words of connectors come from their upstreams, and operators read commands in English.
ELSEWHERE = ("migrations", "connectors", "sdk", "stack", "sandbox", "bench", "node_modules", "management")
ERRORS = {
    "PortalError", "NotFound", "PermissionDenied", "NotAuthenticated", "Invalid", "Conflict", "TooLarge",
    "LimitReached", "Unready", "FieldProblem", "PreconditionFailed", "PreconditionRequired", "BadRequest",
    "KeyReused", "InProgress", "LoginIsOff", "UnknownRule",
}  # fmt: skip


def _sentence(node: ast.expr) -> str | None:
    """The text with `{0}`, `{1}`, … for its values; None for what is no text in the code."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    places = iter(range(100))
    return "".join(str(part.value) if isinstance(part, ast.Constant) else f"{{{next(places)}}}" for part in node.values)


def _sentences(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in ERRORS:
            continue
        said = node.args[1:3] if name == "FieldProblem" else node.args[:1]
        said = [*said, *(word.value for word in node.keywords if word.arg in ("message", "remedy"))]
        yield from filter(None, map(_sentence, said))


def test_the_errors_speak_korean() -> None:
    """A few of the newest may still lack theirs; whoever adds many without is told which."""
    known = {entry.msgid for entry in polib.pofile(str(ROOT / "locale/ko/LC_MESSAGES/errors.po")) if entry.msgstr}
    files = [
        path
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if not any(part.startswith(ELSEWHERE) for part in path.relative_to(ROOT).parts)
    ]
    said = {text: path.name for path in files for text in _sentences(path)}
    missing = {text: name for text, name in said.items() if text not in known}
    assert len(missing) <= 0.03 * len(said), missing


def test_the_places_of_values_survive_translation() -> None:
    entries = polib.pofile(str(ROOT / "locale/ko/LC_MESSAGES/errors.po"))
    assert [
        e.msgid for e in entries if any(f"{{{n}}}" in e.msgid and f"{{{n}}}" not in e.msgstr for n in range(4))
    ] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("There is no such workflow.", "없음"),
        ("There is no version 7 of this workflow.", "버전 7 없음"),
        ("There is no node `a.b` in the draft.", "초안에 a.b 없음"),
        ("Nobody wrote this down.", "Nobody wrote this down."),
    ],
)
def test_values_are_put_where_the_other_language_wants_them(text: str, said: str) -> None:
    catalogue = Catalogue(
        {
            "There is no such workflow.": "없음",
            "There is no {0}.": "{0} 아님",
            "There is no version {0} of this workflow.": "버전 {0} 없음",
            "There is no node `{0}` in the draft.": "초안에 {0} 없음",
        }
    )
    assert catalogue(text) == said


def test_a_problem_is_told_in_korean_and_its_code_stays(owner: Actor, api: Api) -> None:
    client, url = api(owner), "/api/v1/workflows/01890000-0000-7000-8000-000000000000"
    english = client.get(url).json()
    korean = client.get(url, HTTP_ACCEPT_LANGUAGE="ko-KR,ko;q=0.9").json()

    assert english["title"] == "There is no such workflow."
    assert korean["title"] == "그런 워크플로가 없습니다."
    assert english["code"] == korean["code"] == "not_found"
    wrong = client.post("/api/v1/workflows", {"nam": "x"}, format="json", HTTP_ACCEPT_LANGUAGE="ko").json()
    assert wrong["problems"][0]["message"] == "알 수 없는 필드입니다."
    assert wrong["problems"][0]["remedy"].startswith("쓸 수 있는 필드: definition, description, name")
