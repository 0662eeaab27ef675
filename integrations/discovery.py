"""Where connectors and sandboxes live: packages of the project, folders of `integrations.connectors`, entry points."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import integrations.connectors

ENTRY_POINTS = "portal.connectors"
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a connector or sandbox is left out."""

    module: str
    message: str

    def __str__(self) -> str:
        return f"{self.module}: {self.message}"


def packages() -> Iterator[str]:
    """Packages that may hold a `connector` or `sandbox` module, each once, in a stable order."""
    seen: set[str] = set()
    for name in (*_apps(), *_general(), *_entry_points()):
        if name not in seen:
            seen.add(name)
            yield name


def _apps() -> Iterator[str]:
    """Installed apps where Django runs; else the project's own top-level packages, which are the same ones."""
    registry = sys.modules.get("django.apps")
    if registry is not None and registry.apps.apps_ready:
        yield from (config.name for config in registry.apps.get_app_configs())
        return
    for folder in sorted(ROOT.iterdir()):
        if (folder / "__init__.py").is_file():
            yield folder.name
    # The portal's own rooms are apps one level down.
    yield from (f"portal.{folder.parent.name}" for folder in sorted(ROOT.glob("portal/*/apps.py")))


def _general() -> Iterator[str]:
    base = integrations.connectors
    for found in sorted(pkgutil.iter_modules(base.__path__), key=lambda module: module.name):
        if found.ispkg:
            yield f"{base.__name__}.{found.name}"


def _entry_points() -> Iterator[str]:
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        yield point.module.rpartition(".")[0] or point.module


def load_part(package: str, part: str) -> ModuleType | Problem | None:
    """The module `package.part`; None when there is none, a `Problem` when it cannot be imported."""
    name = f"{package}.{part}"
    try:
        if importlib.util.find_spec(name) is None:
            return None
        return importlib.import_module(name)
    except Exception as error:  # a broken plug-in may raise anything while it is imported
        return Problem(name, describe(error))


def describe(error: BaseException) -> str:
    """One line: what went wrong and where."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
