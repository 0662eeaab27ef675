"""Creates `.venv` and installs the locked requirements into it, if they changed. Standard library only.

Run as a script by the system's Python, before anything is installed: `python3 portal/stack/install.py [--dev]`.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / ".requirements"
RUN, DEV = "requirements.txt", "requirements-dev.txt"


class InstallError(Exception):
    """Its message is the one line a person sees."""


def main(arguments: "list[str]") -> int:
    """Install; returns the exit code."""
    try:
        install(dev="--dev" in arguments)
    except InstallError as error:
        print("error: " + " ".join(str(error).split()), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: cannot write to {VENV}: {error.strerror}. Make the folder writable.", file=sys.stderr)
        return 1
    return 0


def install(*, dev: bool) -> None:
    """Bring `.venv` up to date with the lock files. Test tools that are there already stay."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whatever `python3` is on a stranger's machine comes here
        version = sys.version.split()[0]
        raise InstallError(
            f"Python 3.11 or newer is needed, this is {version}. Name another: PYTHON=python3.12 make run"
        )
    installed = STAMP.read_text().split() if STAMP.exists() else []
    files = [RUN, DEV] if dev or len(installed) == 2 else [RUN]
    wanted = [hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in files]
    if installed == wanted:
        return
    uv = VENV / "bin" / "uv"
    if not (VENV / "bin" / "python").exists():
        print("creating .venv", flush=True)
        _call(
            [sys.executable, "-m", "venv", str(VENV)],
            "Cannot create .venv (Debian and Ubuntu: apt install python3-venv)",
        )
    if not uv.exists():
        _call([str(VENV / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "uv"], "Cannot install uv")
    print("installing " + " and ".join(files), flush=True)
    # Wheels only: a machine without a compiler fails here, with the package's name, and not half way through a build.
    sync = [str(uv), "pip", "sync", "-q", "--python", str(VENV / "bin" / "python"), "--no-build", "--require-hashes"]
    _call([*sync, *(str(ROOT / name) for name in files)], "Cannot install the requirements")
    STAMP.write_text("\n".join(wanted) + "\n")


def _call(command: "list[str]", problem: str) -> None:
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        lines = [line.strip(" ×│╰─▶├") for line in result.stdout.splitlines()]
        said = [line for line in lines if line and not line.lower().startswith(("hint", "warning", "[notice]"))]
        raise InstallError(f"{problem}: {' '.join(said[-3:]) or f'exit code {result.returncode}'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
