"""What `make check`, `make test`, `make messages` and `make frontend` do. Every step is an ordinary command line."""

import base64
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portal.stack.assets import build_editor, compile_messages
from portal.stack.errors import StackError
from portal.stack.layout import ROOT, default_layout

PACKAGES = ("portal", "integrations", "workflows", "deployments", "properties", "procurement", "markets", "timeseries")
_TEST_SETTINGS = {"DJANGO_SETTINGS_MODULE": "portal.settings.test"}
_PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "SECRET_KEY": "only-for-the-deployment-check-" + "0123456789abcdefghijklmnopqrstuvwxyz",
    "ROOT_KEY": base64.b64encode(bytes(range(32))).decode(),
    "PUBLIC_URL": "https://portal.example.com",
    "DATABASE_URL": "postgresql://portal@127.0.0.1/portal",
    "REDIS_URL": "redis://127.0.0.1/0",
    "UPSTREAMS": "live",
}
_UNREACHABLE = (
    "ConnectionError",
    "Max retries",
    "Failed to resolve",
    "timed out",
    "Connection refused",
    "ProxyError",
    "403",
)


@dataclass(frozen=True)
class Step:
    """One command of a check; `optional_if` lists outputs that mean "could not be asked here"."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    optional_if: tuple[str, ...] = ()


def steps() -> list[Step]:
    """Everything a reviewer would run."""
    python = sys.executable
    module = [python, "-m"]
    templates = sorted({str(path.relative_to(ROOT)) for path in _template_folders()})
    found = [
        Step("ruff check", [*module, "ruff", "check", "."]),
        Step("ruff format", [*module, "ruff", "format", "--check", "."]),
        Step("mypy", [*module, "mypy"]),
        Step("import rules", [_script("lint-imports")]),
        Step("migrations", [python, "manage.py", "makemigrations", "--check", "--dry-run"], _TEST_SETTINGS),
        Step("django check", [python, "manage.py", "check"], _TEST_SETTINGS),
        Step("deployment check", [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], _PRODUCTION),
        Step(
            "bandit", [*module, "bandit", "-q", "-r", *PACKAGES, "-c", "pyproject.toml", "--severity-level", "medium"]
        ),
        Step(
            "pip-audit",
            [*module, "pip_audit", "-r", "requirements.txt", "--disable-pip", "--require-hashes", "--timeout", "5"],
            optional_if=_UNREACHABLE,
        ),
    ]
    if templates:
        found.insert(4, Step("templates", [*module, "djlint", "--quiet", "--lint", *templates]))
    return found


def check() -> int:
    """Run all steps, show what failed; returns the exit code."""
    failed = [step.name for step in steps() if not _passes(step)]
    if failed:
        print(f"make check: {', '.join(failed)} failed")
    return 1 if failed else 0


def test(arguments: Sequence[str]) -> int:
    """Build what tests need and run them; returns pytest's exit code."""
    ensure_browser()
    layout = default_layout()
    layout.prepare()
    build_editor(layout)
    compile_messages()
    pytest = [sys.executable, "-m", "pytest", "-n", os.environ.get("TEST_WORKERS", "2"), "--dist", "loadscope"]
    coverage = ["--cov", "--cov-report=term:skip-covered"]
    if not arguments:
        coverage.append("--cov-fail-under=90")
    return subprocess.run([*pytest, *coverage, *arguments], cwd=ROOT, check=False).returncode


def messages() -> int:
    """Collect the texts of code and templates into the Korean catalogue and compile all catalogues."""
    if shutil.which("xgettext") is None and not _apt_install("gettext"):
        raise StackError("Collecting texts needs GNU gettext (xgettext). Install the package gettext.")
    ignored = [part for name in (".venv", "node_modules", "var", "tests") for part in ("--ignore", name)]
    makemessages = [
        sys.executable,
        "manage.py",
        "makemessages",
        "--locale",
        "ko",
        "--no-obsolete",
        "--no-wrap",
        *ignored,
    ]
    code = subprocess.run(makemessages, cwd=ROOT, check=False).returncode
    for made in compile_messages():
        print(f"compiled {made.relative_to(ROOT)}")
    return code


def frontend() -> int:
    """Build the canvas if it is stale."""
    layout = default_layout()
    layout.prepare()
    print("built static/editor" if build_editor(layout) else "static/editor is up to date")
    return 0


def ensure_browser() -> bool:
    """Whether there is a Chromium for the browser tests, installing Debian's where that is possible."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return True
    if _apt_install("chromium", "fonts-nanum"):
        return True
    print(
        "warning: no Chromium found and none could be installed; browser tests will fail. Install the package chromium."
    )
    return False


def _apt_install(*packages: str) -> bool:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    }
    print(f"installing {' '.join(packages)}", flush=True)
    subprocess.run([apt, "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
    install = [apt, "install", "-y", "-qq", "--no-install-recommends", *packages]
    return bool(subprocess.run(install, check=False, **quiet).returncode == 0)  # type: ignore[call-overload]


def _passes(step: Step) -> bool:
    begun = time.monotonic()
    result = subprocess.run(
        step.argv,
        cwd=ROOT,
        env=os.environ | step.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    if result.returncode == 0:
        print(f"{step.name:<17} ok       {seconds:5.1f} s", flush=True)
        return True
    if any(sign in result.stdout for sign in step.optional_if):
        print(f"{step.name:<17} skipped  its service cannot be reached from here", flush=True)
        return True
    print(f"{step.name:<17} FAILED   {seconds:5.1f} s\n{result.stdout.rstrip()}", flush=True)
    return False


def _template_folders() -> list[Path]:
    candidates = [ROOT / "templates", *(path for package in PACKAGES for path in (ROOT / package).rglob("templates"))]
    return [path for path in candidates if "node_modules" not in path.parts and any(path.rglob("*.html"))]


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def main(arguments: Sequence[str]) -> int:
    """Dispatch; an expected problem is one line."""
    action, *rest = arguments or ["check"]
    try:
        if action == "test":
            return test(rest)
        return {"check": check, "messages": messages, "frontend": frontend}[action]()
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
