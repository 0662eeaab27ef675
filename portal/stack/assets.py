"""What is built from the sources on this machine: translation catalogues, the canvas, collected static files."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.stack.errors import StackError
from portal.stack.layout import ROOT, Layout

EDITOR = ROOT / "workflows" / "editor"
EDITOR_BUILD = ROOT / "static" / "editor"


def compile_messages(root: Path = ROOT) -> list[Path]:
    """Compile every catalogue that is newer than its compiled form; needs no gettext programs. Returns those made."""
    stale = [
        source
        for pattern in ("locale/*/LC_MESSAGES/*.po", "*/locale/*/LC_MESSAGES/*.po")
        for source in sorted(root.glob(pattern))
        if not (compiled := source.with_suffix(".mo")).exists() or compiled.stat().st_mtime < source.stat().st_mtime
    ]
    if stale:
        import polib

        for source in stale:
            temporary = source.with_suffix(f".mo.{os.getpid()}")
            polib.pofile(str(source)).save_as_mofile(str(temporary))
            temporary.replace(source.with_suffix(".mo"))
    return [source.with_suffix(".mo") for source in stale]


def collect_static_files(layout: Layout) -> bool:
    """Collect, hash and compress the static files if any of them changed; whether that was needed."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    files = [
        Path(storage.path(name))
        for finder in get_finders()
        for name, storage in finder.list([])
        if not _is_foreign(name)
    ]
    fingerprint = fingerprint_by_time(files)
    stamp = layout.state / "static.stamp"
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.exists() and stamp.exists() and stamp.read_text() == fingerprint:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(fingerprint)
    return True


def build_editor(layout: Layout) -> bool:
    """Build the canvas if its sources changed since the last build; whether this call built it.

    Two builds of one checkout would pull `node_modules` away from under each other, so the second waits for the first.
    """
    if not (EDITOR / "package.json").exists():
        return False
    if _is_built():
        return False
    npm = shutil.which("npm")
    if npm is None:
        raise StackError("The canvas must be built and npm is missing. Install Node.js 20 or newer.")
    with _alone_in(EDITOR):
        # Whoever had the lock before may have built exactly this.
        if _is_built():
            return False
        fingerprint = _editor_fingerprint()
        log = layout.state / "editor-build.log"
        with log.open("wb") as output:
            for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                result = subprocess.run(
                    [npm, *arguments], cwd=EDITOR, stdout=output, stderr=subprocess.STDOUT, check=False
                )
                if result.returncode:
                    raise StackError(f"Building the canvas failed at `npm {arguments[0]}`; {log} tells why.")
        (EDITOR_BUILD / ".stamp").write_text(fingerprint)
    return True


def _editor_fingerprint() -> str:
    return fingerprint_by_content(
        path for path in EDITOR.rglob("*") if path.is_file() and "node_modules" not in path.parts
    )


def _is_built() -> bool:
    stamp = EDITOR_BUILD / ".stamp"
    return stamp.exists() and stamp.read_text() == _editor_fingerprint()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process works in the folder. The lock is on the folder itself and ends with its process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sources_fingerprint() -> str:
    """Changes with everything that a preparation of database, catalogues and static files depends on."""
    patterns = ("*/migrations/*.py", "*/*/migrations/*.py", "locale/*/*/*.po", "static/**/*", "*/static/**/*")
    files = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return fingerprint_by_time([*files, ROOT / "requirements.txt"])


def fingerprint_by_content(paths: Iterable[Path]) -> str:
    """A hash over names and contents."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def fingerprint_by_time(paths: Iterable[Path]) -> str:
    """A hash over names, sizes and times of change: quick enough for thousands of files at every start."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        status = path.stat()
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _is_foreign(name: str) -> bool:
    return name.startswith(".") or "/." in name
