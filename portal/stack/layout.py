"""Where things lie on disk: the checkout, its `var` folder, and the files in it that only the owner may read."""

import base64
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.stack.errors import StackError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Layout:
    """Folders of one installation."""

    root: Path = ROOT
    var: Path = ROOT / "var"

    @property
    def secrets(self) -> Path:
        """Key and password files, mode 0600 in a folder of mode 0700."""
        return self.var / "secrets"

    @property
    def state(self) -> Path:
        """Ports, locks and the status file of the supervisor."""
        return self.var / "stack"

    @property
    def status_file(self) -> Path:
        """Written by the supervisor while it runs."""
        return self.state / "status.json"

    def log_folder(self) -> Path:
        """A file of recent lines for each process; made here when it is missing."""
        folder = self.var / "log"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def prepare(self) -> None:
        """Create the folders; raises StackError when the disk does not let us."""
        try:
            self.var.mkdir(parents=True, exist_ok=True)
            self.state.mkdir(exist_ok=True)
            self.secrets.mkdir(mode=0o700, exist_ok=True)
            probe = self.state / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise StackError(
                f"Cannot write to {self.var}: {error.strerror}. Make the folder writable, or name another with VAR_DIR."
            ) from error


def default_layout() -> Layout:
    """The layout of this checkout; the environment variable VAR_DIR moves the writable part."""
    var = os.environ.get("VAR_DIR")
    return Layout(var=Path(var).expanduser().resolve()) if var else Layout()


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically; it is readable by its owner only from the first byte on."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def ensure_secret(path: Path, *, size: int = 32) -> tuple[str, bool]:
    """The text of a secret file (URL-safe characters) and whether it was made just now."""
    try:
        return path.read_text(encoding="utf-8").strip(), False
    except FileNotFoundError:
        text = secrets.token_urlsafe(size)
        write_private(path, text + "\n")
        return text, True


def ensure_root_key(path: Path) -> None:
    """Create the key that wraps all data keys: 32 random bytes in base64."""
    if not path.exists():
        write_private(path, base64.b64encode(secrets.token_bytes(32)).decode() + "\n")


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether we could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port that is free at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def remembered_port(layout: Layout, name: str) -> int:
    """The port `name` had last time if it is still free, else a new one, remembered for the next start."""
    file = layout.state / "ports.json"
    ports = read_json(file)
    port = ports.get(name)
    if isinstance(port, int) and port_is_free(port):
        return port
    ports[name] = free_port()
    write_private(file, json.dumps(ports))
    return int(ports[name])


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of ours; empty when it is missing or was cut off by a crash."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}
