"""Folders for servers of a test: short-lived, and open enough for PostgreSQL's own user to walk to."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portal.stack.layout import Layout


@contextmanager
def temporary_layout() -> Iterator[Layout]:
    """An installation of its own; pytest's own temporary folders are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="stack-test-"))
    folder.chmod(0o711)
    try:
        yield Layout(var=folder / "var")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def layout() -> Iterator[Layout]:
    with temporary_layout() as layout:
        yield layout


@pytest.fixture(scope="module")
def shared_layout() -> Iterator[Layout]:
    """One for the tests of a module that leave it usable."""
    with temporary_layout() as layout:
        yield layout
