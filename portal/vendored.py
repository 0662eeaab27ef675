"""Serves browser libraries straight from the Python packages that bring them, so that none is copied into the tree."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

#: Static path → (package, file inside it). htmx needs no entry: django_htmx is an installed app.
FILES = {"vendor/plotly.min.js": ("plotly", "package_data/plotly.min.js")}


def _locate(package: str, name: str) -> Path:
    """The file on disk, found without importing the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"The package {package} is not installed; run make install.")
    return Path(next(iter(spec.submodule_search_locations))) / name


class PackageFilesFinder(BaseFinder):
    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:
        if path not in FILES:
            return []
        found = str(_locate(*FILES[path]))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, FileSystemStorage]]:
        for path, (package, name) in FILES.items():
            file = _locate(package, name)
            storage = FileSystemStorage(location=str(file.parent))
            storage.prefix = str(Path(path).parent)  # type: ignore[attr-defined]
            yield file.name, storage
