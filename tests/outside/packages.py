"""The npm packages that tests use, installed from their lock file."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def installed() -> Path:
    """The `node_modules` folder, complete; test processes that ask at once wait for one installation."""
    modules = FOLDER / "node_modules"
    stamp = modules / ".lock-copy"
    lock = (FOLDER / "package-lock.json").read_bytes()
    with (FOLDER / "package.json").open("rb") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_bytes() != lock:
            npm = shutil.which("npm")
            assert npm, "npm is needed for the outside clients: install Node.js"
            subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, timeout=300)
            stamp.write_bytes(lock)
    return modules
