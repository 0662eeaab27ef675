"""`make clean`: deletes what was built and every datum of this checkout, after a look that nothing runs."""

import shutil
from pathlib import Path

from portal.stack.accounts import service_user
from portal.stack.assets import EDITOR_BUILD
from portal.stack.attach import lock
from portal.stack.errors import StackError
from portal.stack.layout import ROOT, default_layout
from portal.stack.postgres import home_of

_CACHES = (
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
    "htmlcov",
    "test-results",
)


def clean() -> int:
    """Delete; returns the exit code. `.venv` stays."""
    layout = default_layout()
    if layout.var.exists():
        layout.prepare()
        lock(layout)
        home = home_of(layout, service_user())
        if home != layout.var:
            _remove(home)
        _remove(layout.var)
    for path in (EDITOR_BUILD, *(ROOT / name for name in _CACHES), *ROOT.glob(".coverage*")):
        _remove(path)
    for compiled in ROOT.glob("locale/*/LC_MESSAGES/*.mo"):
        _remove(compiled)
    return 0


def _remove(path: Path) -> None:
    if not path.exists():
        return
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise StackError(f"Cannot delete {path}: {error.strerror}.") from error
    print(f"deleted {path}")
