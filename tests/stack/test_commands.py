"""The small commands around the stack: using it from `manage.py`, cleaning up, checks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.stack import attach, clean, quality, testing
from portal.stack.errors import StackError
from portal.stack.layout import ROOT, Layout, write_private
from portal.stack.postgres import PostgresServer


@pytest.fixture
def local(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A shell of somebody who works in a checkout, as far as the environment goes."""
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ROOT_KEY", "SECRET_KEY_FILE", "ROOT_KEY_FILE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    monkeypatch.setenv("VAR_DIR", str(layout.var))
    return layout


def test_a_command_uses_the_services_of_the_running_stack(local: Layout) -> None:
    local.prepare()
    services = {"DATABASE_URL": "postgresql://running/portal", "REDIS_URL": "redis://running/0"}
    write_private(local.status_file, json.dumps({"pid": os.getpid(), "environment": services}))
    running = attach.lock(local)

    attach.use_services(["manage.py", "migrate"])

    os.close(running)
    assert {name: os.environ[name] for name in services} == services


@pytest.mark.parametrize("arguments", [["check"], ["newconnector", "x"], ["migrate", "--help"], []])
def test_commands_that_only_read_code_start_nothing(local: Layout, arguments: list[str]) -> None:
    attach.use_services(["manage.py", *arguments])
    assert os.environ["DATABASE_URL"] == ""
    assert Path(os.environ["ROOT_KEY_FILE"]).exists()
    assert not (local.var / "postgres").exists()


@pytest.mark.parametrize("settings", ["portal.settings.production", "portal.settings.test"])
def test_other_settings_get_nothing_from_this_machine(
    local: Layout, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach.use_services(["manage.py", "migrate", f"--settings={settings}"])
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", settings)
    attach.use_services(["manage.py", "migrate"])
    assert not local.var.exists()


def test_manage_py_without_a_stack_starts_its_own_servers_and_stops_them(local: Layout) -> None:
    query = "from django.db import connection as c; x = c.cursor(); x.execute('SHOW fsync'); print(x.fetchone())"
    shown = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", query],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert shown.stdout.strip() == "('on',)", shown.stderr
    server = PostgresServer(local)
    server.prepare()
    assert not (server.data / "postmaster.pid").exists()


def test_clean_deletes_what_was_made_and_nothing_else(
    local: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean, "ROOT", tmp_path)
    monkeypatch.setattr(clean, "EDITOR_BUILD", tmp_path / "static" / "editor")
    local.prepare()
    kept = tmp_path / "locale" / "ko" / "LC_MESSAGES" / "django.po"
    made = [kept.with_suffix(".mo"), tmp_path / ".coverage.host", tmp_path / "static" / "editor" / "editor.js"]
    for path in (kept, *made):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    assert clean.clean() == 0

    assert not local.var.exists()
    assert not [path for path in made if path.exists()]
    assert kept.exists()


def test_clean_refuses_while_the_stack_runs(local: Layout) -> None:
    local.prepare()
    held = attach.lock(local)
    try:
        with pytest.raises(StackError, match="in use"):
            clean.clean()
    finally:
        os.close(held)
    assert local.var.exists()


def test_each_test_process_gets_a_redis_database_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://given/portal")
    monkeypatch.setenv("REDIS_URL", "redis://:word@given:1/0")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    testing.start_for_tests()
    assert os.environ["REDIS_URL"] == "redis://:word@given:1/2"
    assert os.environ["DATABASE_URL"] == "postgresql://given/portal"


def test_a_failing_step_fails_the_check_and_shows_its_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(name: str, source: str, *optional_if: str) -> quality.Step:
        return quality.Step(name, [sys.executable, "-c", source], optional_if=optional_if)

    offline = step("audit", "raise SystemExit('ConnectionError: no route')", "ConnectionError")
    good = step("good", "pass")
    monkeypatch.setattr(quality, "steps", lambda: [good, offline])
    assert quality.check() == 0
    assert "audit             skipped" in capsys.readouterr().out

    bad = step("bad", "raise SystemExit('what is wrong')")
    monkeypatch.setattr(quality, "steps", lambda: [bad, good])
    assert quality.check() == 1
    shown = capsys.readouterr().out
    assert "what is wrong" in shown and "make check: bad failed" in shown and "good              ok" in shown


def test_the_checks_cover_every_application() -> None:
    applications = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert applications <= set(quality.PACKAGES)
