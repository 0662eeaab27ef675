"""Whatever stops us is told in one line, without a traceback, and with an exit code."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.stack import install
from portal.stack.attach import lock, use_key_files
from portal.stack.check import check_database, check_redis
from portal.stack.errors import StackError
from portal.stack.layout import ROOT, Layout, free_port


def run_stack(tmp_path: Path, **environment: str) -> str:
    """What `make run` says when it fails at once."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    result = subprocess.run(
        [sys.executable, "-m", "portal.stack", "run"],
        cwd=ROOT,
        env=kept | {"VAR_DIR": str(tmp_path / "var")} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    lines = (result.stdout + result.stderr).splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run_stack(tmp_path, PORT=str(port)).startswith(f"error: Port {port} is in use.")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = run_stack(tmp_path, VAR_DIR=str(tmp_path / "file" / "var"))
    assert line.startswith("error: Cannot write to") and "VAR_DIR" in line


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    port = free_port()
    line = run_stack(tmp_path, DATABASE_URL=f"postgresql://portal:secret-word@127.0.0.1:{port}/portal")
    assert f"DATABASE_URL (127.0.0.1:{port}/portal)" in line
    assert line.endswith("Connection refused")
    assert "secret-word" not in line


def test_a_variable_of_the_wrong_form(tmp_path: Path) -> None:
    assert run_stack(tmp_path, PORT="eighty").startswith("error: PORT is wrong:")


def test_a_second_start_of_the_same_checkout(tmp_path: Path) -> None:
    layout = Layout(var=tmp_path / "var")
    layout.prepare()
    held = lock(layout)
    try:
        assert run_stack(tmp_path).startswith("error: This checkout is in use")
    finally:
        os.close(held)


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://localhost:port/x", "nonsense"])
def test_a_database_url_of_the_wrong_form(url: str) -> None:
    with pytest.raises(StackError, match="it looks like postgresql://"):
        check_database(url)


def test_a_redis_that_is_not_there_or_wants_another_password(redis_url: str) -> None:
    with pytest.raises(StackError, match="Cannot use the Redis of REDIS_URL"):
        check_redis(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(StackError, match="Cannot use the Redis of REDIS_URL") as caught:
        check_redis(redis_url.replace("redis://:", "redis://:wrong-"))
    assert "wrong-" not in str(caught.value)


def test_services_that_are_there_are_accepted(database_url: str, redis_url: str) -> None:
    check_database(database_url)
    check_redis(redis_url)


def test_a_package_without_a_wheel_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.txt").write_text("absent-package==1.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", Path(sys.prefix))
    monkeypatch.setattr(install, "STAMP", tmp_path / "stamp")
    monkeypatch.setenv("UV_OFFLINE", "1")

    assert install.main([]) == 1

    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.startswith("error: Cannot install the requirements:") and "absent-package" in message
    assert not (tmp_path / "stamp").exists()


def test_requirements_that_did_not_change_are_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", Path(sys.prefix))
    monkeypatch.setattr(install, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(install, "_call", lambda command, problem: calls.append(command))
    (tmp_path / "requirements.txt").write_text("one")
    (tmp_path / "requirements-dev.txt").write_text("two")

    install.install(dev=True)
    install.install(dev=True)
    install.install(dev=False)
    assert len(calls) == 1

    (tmp_path / "requirements.txt").write_text("three")
    install.install(dev=False)
    assert [Path(path).name for path in calls[1][-2:]] == ["requirements.txt", "requirements-dev.txt"]


def test_key_files_are_made_once_and_for_their_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "SECRET_KEY_FILE", "ROOT_KEY", "ROOT_KEY_FILE"):
        monkeypatch.setenv(name, "")  # empty counts as absent
    layout = Layout(var=tmp_path / "var")
    layout.prepare()

    use_key_files(layout)
    first = [Path(os.environ[name]).read_text() for name in ("SECRET_KEY_FILE", "ROOT_KEY_FILE")]
    use_key_files(layout)

    assert first == [Path(os.environ[name]).read_text() for name in ("SECRET_KEY_FILE", "ROOT_KEY_FILE")]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (layout.secrets, *sorted(layout.secrets.iterdir()))]
    assert modes == [0o700, 0o600, 0o600]
