"""`make run` for real: every process up, a crash mended, and Ctrl-C leaves nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from portal.stack.layout import ROOT, Layout, free_port, read_json
from portal.stack.processes import is_alive, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]
# What the test session set for itself is not what a person's shell has.
OF_THE_SESSION = re.compile(
    r"^(DATABASE_URL|REDIS_URL|SECRET_KEY|ROOT_KEY|DJANGO_|PYTEST_|COV_|SANDBOX_URL|PUBLIC_URL|PORT$)"
)
QUERY = "from django.db import connection as c; x = c.cursor(); x.execute('SHOW port'); print(x.fetchone()[0])"


class Product:
    """One `make run` of an installation of its own."""

    def __init__(self, layout: Layout, port: int, log: Path) -> None:
        self.layout, self.port, self.log = layout, port, log
        kept = {name: value for name, value in os.environ.items() if not OF_THE_SESSION.match(name)}
        self.environment = kept | {"VAR_DIR": str(layout.var), "PORT": str(port)}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.stack", "run"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def says(self, text: str) -> bool:
        return text in self.log.read_text()

    def wait_until_ready(self) -> None:
        assert wait_until(lambda: self.says("ready in") or self.process.poll() is not None, timeout=200, interval=0.2)
        assert self.says("ready in"), self.log.read_text()

    def get(self, path: str) -> tuple[int, bytes]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as response:
            return response.status, response.read()

    def pid_of(self, name: str) -> int | None:
        processes = read_json(self.layout.status_file).get("processes", [])
        return next((entry["pid"] for entry in processes if entry["name"] == name), None)

    def family(self) -> list[int]:
        return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=90)


@pytest.fixture
def product(layout: Layout, tmp_path: Path) -> Iterator[Product]:
    product = Product(layout, free_port(), tmp_path / "log")
    yield product
    product.stop()


def service(product: Product, *arguments: str) -> str:
    """What `manage.py service …` prints."""
    command = [sys.executable, "manage.py", "service", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=product.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_nothing_to_ready_through_a_crash_to_a_clean_end(product: Product) -> None:
    product.wait_until_ready()

    assert product.get("/healthz") == (200, b"ok\n")
    status, body = product.get("/readyz")
    assert (status, json.loads(body)) == (200, {"database": "ok", "redis": "ok", "worker": "ok"})
    assert product.says(f"open http://localhost:{product.port}")
    assert product.says(f"sign in once with http://localhost:{product.port}/")

    worker = product.pid_of("worker")
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    assert wait_until(lambda: product.pid_of("worker") not in (None, worker), timeout=60)

    # A command of the same checkout finds the running services.
    shown = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", QUERY],
        cwd=ROOT,
        env=product.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    port_of_database = read_json(product.layout.state / "ports.json")["postgres"]
    assert shown.stdout.split() == [str(port_of_database)], shown.stderr

    # And it can give orders.
    assert service(product, "stop", "compute").split()[:2] == ["compute", "stopped"]
    assert product.pid_of("compute") is None
    assert service(product, "start", "compute").split()[:2] == ["compute", "running"]
    assert "forecasting  absent" in service(product, "status")

    family = product.family()
    assert product.stop() == 0
    assert service(product, "status") == "not running\n"
    assert not [pid for pid in family if is_alive(pid)]
    assert not product.layout.status_file.exists()
