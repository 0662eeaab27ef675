"""The whole product in processes of its own, as `make run` starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from portal.stack.layout import ROOT, Layout, free_port, read_json
from portal.stack.processes import wait_until

# What the test session set for itself is not what a person's shell has.
_OF_THE_SESSION = re.compile(
    r"^(DATABASE_URL|REDIS_URL|SECRET_KEY|ROOT_KEY|DJANGO_|PYTEST_|COV_|SANDBOX_URL|PUBLIC_URL|PORT$)"
)


class Product:
    """One running installation with an empty folder of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.layout, self.port = Layout(var=folder / "var"), free_port()
        self.log = folder / "log"
        kept = {name: value for name, value in os.environ.items() if not _OF_THE_SESSION.match(name)}
        self.environment = kept | {"VAR_DIR": str(self.layout.var), "PORT": str(self.port)} | environment
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.stack", "run"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    def says(self, text: str) -> bool:
        return text in self.log.read_text(errors="replace")

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.says("ready in") or self.process.poll() is not None, timeout=240, interval=0.2)
        assert self.says("ready in"), self.log.read_text(errors="replace")[-4000:]

    def pid_of(self, name: str) -> int | None:
        processes = read_json(self.layout.status_file).get("processes", [])
        return next((entry["pid"] for entry in processes if entry["name"] == name), None)

    def kill(self, name: str) -> None:
        """End a process without warning; the supervisor starts it again."""
        before = self.pid_of(name)
        assert before is not None, f"{name} does not run"
        os.kill(before, signal.SIGKILL)
        assert wait_until(lambda: self.pid_of(name) not in (None, before), timeout=90), f"{name} did not come back"

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def ask(self, code: str) -> Any:
        """The JSON that a piece of Python prints inside the product."""
        return json.loads(self.manage("shell", "--no-imports", "-c", code).strip().splitlines()[-1])

    def deploy(self, template: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.manage("deploy_template", template, "--json", "--rate-limit", "0"))
        return answer

    def sign_in_link(self) -> str:
        link = json.loads(self.manage("seed_demo", "--json"))["link"]
        return str(link)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=120)
