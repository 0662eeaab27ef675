"""What is built on this machine is built when its sources changed, and only then."""

import fcntl
import gettext
import os
import threading
from pathlib import Path

import pytest

from portal.stack import assets
from portal.stack.errors import StackError
from portal.stack.layout import Layout

CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Run"
msgstr "실행"

#, fuzzy
msgid "Stop"
msgstr "중지?"

#, python-format
msgid "%(count)s row"
msgid_plural "%(count)s rows"
msgstr[0] "%(count)s행"
"""
# Stands in for npm: notes what it was asked for, and makes the build's folder.
NPM = """#!/bin/sh
echo "$1" >> "{calls}"
[ "$1" = run ] && mkdir -p "{build}"
exit ${{NPM_FAILS:-0}}
"""


def test_catalogues_are_compiled_when_stale_and_leave_out_doubtful_texts(tmp_path: Path) -> None:
    source = tmp_path / "locale" / "ko" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(CATALOGUE, encoding="utf-8")

    assert assets.compile_messages(tmp_path) == [source.with_suffix(".mo")]
    with source.with_suffix(".mo").open("rb") as file:
        translations = gettext.GNUTranslations(file)
    assert translations.gettext("Run") == "실행"
    assert translations.gettext("Stop") == "Stop"
    assert translations.ngettext("%(count)s row", "%(count)s rows", 3) == "%(count)s행"

    assert assets.compile_messages(tmp_path) == []
    newer = source.with_suffix(".mo").stat().st_mtime + 10
    os.utime(source, (newer, newer))
    assert assets.compile_messages(tmp_path) == [source.with_suffix(".mo")]


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A canvas project and an npm that only takes notes."""
    editor, calls = tmp_path / "editor", tmp_path / "calls"
    (editor / "src").mkdir(parents=True)
    (editor / "package.json").write_text("{}")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(NPM.format(calls=calls, build=tmp_path / "build"))
    npm.chmod(0o755)
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    monkeypatch.setattr(assets, "EDITOR", editor)
    monkeypatch.setattr(assets, "EDITOR_BUILD", tmp_path / "build")
    monkeypatch.setenv("PATH", f"{npm.parent}:{os.environ['PATH']}")
    return editor


def test_the_canvas_is_built_again_only_when_a_source_changed(editor: Path, layout: Layout, tmp_path: Path) -> None:
    layout.prepare()
    calls = tmp_path / "calls"

    assert assets.build_editor(layout)
    assert not assets.build_editor(layout)
    assert calls.read_text().split() == ["ci", "run"]

    (editor / "src" / "main.tsx").write_text("export {}")
    assert assets.build_editor(layout)
    assert calls.read_text().split() == ["ci", "run", "ci", "run"]


def test_a_second_build_waits_for_the_first_and_has_nothing_left_to_do(
    editor: Path, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.prepare()
    waiting = threading.Event()
    lock = fcntl.flock

    def tell_and_lock(handle: int, kind: int) -> None:
        waiting.set()
        lock(handle, kind)

    answers: list[bool] = []
    first = os.open(editor, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    monkeypatch.setattr("portal.stack.assets.fcntl.flock", tell_and_lock)
    second = threading.Thread(target=lambda: answers.append(assets.build_editor(layout)))
    second.start()
    assert waiting.wait(30)
    assert not answers

    (tmp_path / "build").mkdir()
    (tmp_path / "build" / ".stamp").write_text(assets._editor_fingerprint())
    os.close(first)
    second.join(30)
    assert answers == [False]
    assert not (tmp_path / "calls").exists()


def test_a_failing_build_is_one_line_that_names_its_log_and_is_tried_again(
    editor: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.prepare()
    with monkeypatch.context() as broken:
        broken.setenv("NPM_FAILS", "1")
        with pytest.raises(StackError, match=r"`npm ci`.*editor-build\.log"):
            assets.build_editor(layout)
    assert assets.build_editor(layout)


def test_without_npm_the_message_says_what_to_install(
    editor: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match=r"Node\.js 20"):
        assets.build_editor(layout)


def test_a_project_without_a_canvas_has_nothing_to_build(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "EDITOR", tmp_path / "absent")
    assert not assets.build_editor(layout)


def test_a_new_migration_or_static_file_asks_for_preparation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    (tmp_path / "requirements.txt").touch()
    before = assets.sources_fingerprint()
    assert assets.sources_fingerprint() == before

    for path in ("workflows/migrations/0002_more.py", "portal/accounts/migrations/0002_more.py", "static/icons/a.svg"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
        after = assets.sources_fingerprint()
        assert after != before
        before = after
