"""`make run`: embedded services, migrations, a demo workspace and all processes, until Ctrl-C."""

import http.client
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial

from portal.settings.env import Env
from portal.stack.assets import build_editor, sources_fingerprint
from portal.stack.attach import lock, use_key_files
from portal.stack.check import check_database, check_redis
from portal.stack.commands import PROCESSES, command, is_available, public_host, read_environment
from portal.stack.control import Control
from portal.stack.errors import StackError
from portal.stack.layout import ROOT, Layout, default_layout, port_is_free, remembered_port, write_private
from portal.stack.nursery import Nursery
from portal.stack.postgres import PostgresServer
from portal.stack.processes import Running, spawn
from portal.stack.redis import RedisServer
from portal.stack.supervisor import Child, Supervisor, describe_children

_READY_TIMEOUT = 120.0
_POSTGRES_NOISE = re.compile(r"^(LOG|DETAIL|HINT):")
_REDIS_NOISE = re.compile(r"oO0OoO|version=|onfiguration loaded|initialized|overcommit|Huge|SIGTERM|shutdown|bye bye")
# Nobody waits for these two when the page opens.
_LATE = ("compute", "beat")


def run(only: Sequence[str] = PROCESSES) -> int:
    """Run the product in the foreground; returns the exit code. Processes outside of `only` wait for an order."""
    begun = time.monotonic()
    layout = default_layout()
    env = read_environment()
    layout.prepare()
    lock(layout)
    _check_named_services()
    if not port_is_free(env.port, env.host):
        raise StackError(
            f"Port {env.port} is in use. Stop the other program, or choose a port: PORT={env.port + 1} make run"
        )
    use_key_files(layout)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    os.environ.setdefault("PUBLIC_URL", f"http://localhost:{env.port}")
    os.environ.setdefault("SANDBOX_URL", f"http://127.0.0.1:{remembered_port(layout, 'sandbox')}")
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    # Containers and fresh machines start us as root; Celery would say so three times at each start.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser")

    supervisor = Supervisor(on_change=lambda: _write_status(layout, supervisor), log_folder=layout.log_folder())
    supervisor.handle_signals()
    control = Control(layout, supervisor.order)
    nursery = Nursery()
    try:
        _start_services(supervisor, layout)
        welcome = _prepare_and_start(supervisor, nursery, layout, only)
        _wait_until_ready(supervisor, only)
        _start_processes(supervisor, nursery, _LATE, only)
        nursery.close()
        if not supervisor.stopping.is_set():
            supervisor.say(f"ready in {time.monotonic() - begun:.1f} s; Ctrl-C stops everything")
            supervisor.say(f"open {os.environ['PUBLIC_URL']}")
            for line in welcome.splitlines():
                supervisor.say(f"sign in once with {line}" if line.startswith("http") else line)
        supervisor.watch()
    finally:
        if supervisor.stopping.is_set():
            supervisor.say("stopping")
        control.close()
        nursery.close()
        supervisor.stop()
        layout.status_file.unlink(missing_ok=True)
    return 0


def _check_named_services() -> None:
    """Before anything starts, so that a wrong URL is the only thing the person reads."""
    if url := os.environ.get("DATABASE_URL"):
        check_database(url)
    if url := os.environ.get("REDIS_URL"):
        check_redis(url)


def _start_services(supervisor: Supervisor, layout: Layout) -> None:
    if not os.environ.get("DATABASE_URL"):
        postgres = PostgresServer(layout)
        supervisor.add(
            Child("postgres", postgres.start, postgres.stop_signal, 20.0, is_service=True, hidden=_POSTGRES_NOISE)
        )
        os.environ["DATABASE_URL"] = postgres.url
    if not os.environ.get("REDIS_URL"):
        redis = RedisServer(layout)
        supervisor.add(Child("redis", redis.start, redis.stop_signal, is_service=True, hidden=_REDIS_NOISE))
        os.environ["REDIS_URL"] = redis.url
        if redis.warning:
            supervisor.say(redis.warning, "redis")


def _prepare_and_start(supervisor: Supervisor, nursery: Nursery, layout: Layout, only: Sequence[str]) -> str:
    """Migrations and static files come before the processes that use them, unless nothing of them changed since."""
    stamp = layout.state / "prepared.stamp"
    processes = [name for name in PROCESSES if name not in _LATE]
    fingerprint = sources_fingerprint()
    # A database of somebody else's may have been emptied meanwhile; ours lives and dies with the stamp's folder.
    is_ours = any(child.name == PostgresServer.name for child in supervisor.children)
    if is_ours and stamp.exists() and stamp.read_text() == fingerprint:
        nursery.grow(os.environ)
        _start_processes(supervisor, nursery, processes, only)
        return _prepare(supervisor, nursery, layout)
    welcome = _prepare(supervisor, None, layout)
    if is_ours and not supervisor.stopping.is_set():
        stamp.write_text(fingerprint)
    nursery.grow(os.environ)
    _start_processes(supervisor, nursery, processes, only)
    return welcome


def _prepare(supervisor: Supervisor, nursery: Nursery | None, layout: Layout) -> str:
    """Build and migrate; returns what to show once everything runs."""
    if supervisor.stopping.is_set():
        return ""
    if build_editor(layout):
        supervisor.say("built the canvas")
    with tempfile.TemporaryFile() as output:
        process = _start_process([sys.executable, "-m", "portal.stack.prepare"], nursery, output.fileno(), 2)
        while not supervisor.stopping.wait(0.1):
            if process.poll() is None:
                continue
            if process.returncode:
                raise StackError("Preparing the database failed, see the lines above.")
            output.seek(0)
            return output.read().decode()
        process.kill()
        process.wait()
    return ""


def _start_processes(supervisor: Supervisor, nursery: Nursery, names: Sequence[str], only: Sequence[str]) -> None:
    for name in names:
        if supervisor.stopping.is_set():
            return
        if not is_available(name):
            supervisor.say(f"no {name} process in this installation")
            continue
        start = partial(_start_process, command(name, read_environment()), nursery, name=name)
        supervisor.add(Child(name, start, grace=15.0), held=name not in only)


def _start_process(
    arguments: list[str], nursery: Nursery | None, output: int, errors: int | None = None, *, name: str = ""
) -> Running:
    environment = os.environ | {"STACK_PROCESS": name}
    if nursery is not None:
        fork = nursery.fork(arguments, environment, output, output if errors is None else errors)
        if fork is not None:
            return fork
    return spawn(arguments, env=environment, cwd=ROOT, stdout=output, stderr=errors)


def _wait_until_ready(supervisor: Supervisor, only: Sequence[str]) -> None:
    if "web" not in only:
        return
    env = read_environment()
    path = "/readyz" if "worker" in only else "/healthz"
    deadline = time.monotonic() + _READY_TIMEOUT

    def is_ready() -> bool:
        status = probe(env, path)
        if status not in (None, 200, 503):
            raise StackError(f"The web process answers with status {status}; its lines above tell why.")
        return status == 200 or time.monotonic() > deadline

    supervisor.watch(until=is_ready, most_failures=3)
    if time.monotonic() > deadline:
        raise StackError(f"Not ready after {_READY_TIMEOUT:.0f} s; the lines above tell what is slow or broken.")


def probe(env: Env, path: str) -> int | None:
    """The status with which the web process of this machine answers, None if it does not."""
    host = "127.0.0.1" if env.host in ("0.0.0.0", "::") else env.host  # noqa: S104  # nosec B104 - compared, not bound
    connection = http.client.HTTPConnection(host, env.port, timeout=5)
    try:
        # A proxy ends https in front of us; say so, or production settings redirect.
        connection.request("GET", path, headers={"Host": public_host(env), "X-Forwarded-Proto": "https"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _write_status(layout: Layout, supervisor: Supervisor) -> None:
    """Who runs, and how to reach the services: for `manage.py` commands started meanwhile."""
    names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY_FILE", "ROOT_KEY_FILE", "SANDBOX_URL", "PUBLIC_URL", "PORT")
    status = {
        "pid": os.getpid(),
        "url": os.environ.get("PUBLIC_URL", ""),
        "environment": {name: os.environ[name] for name in names if name in os.environ},
        "processes": list(describe_children(supervisor.children)),
    }
    write_private(layout.status_file, json.dumps(status, indent=1))
