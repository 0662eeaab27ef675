"""Where the numbers live: folders below the media root, one a workspace."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from portal.common.errors import LimitReached

QUOTA_BYTES = 2 * 1024**3


def root() -> Path:
    """The folder of all time-series files."""
    return Path(settings.MEDIA_ROOT) / "timeseries"


def absolute(path: str) -> Path:
    """The place of a stored relative path; it never leaves the root."""
    place = (root() / path).resolve()
    if not place.is_relative_to(root().resolve()):
        raise ValueError("The path leaves the store.")
    return place


def dataset_path(workspace: UUID, version: UUID) -> str:
    return f"{workspace}/datasets/{version}.npz"


def model_path(workspace: UUID, version: UUID) -> str:
    return f"{workspace}/models/{version}"


def input_path(workspace: UUID, job: UUID, suffix: str) -> str:
    return f"{workspace}/inputs/{job}{suffix}"


def write_input(path: str, content: bytes) -> None:
    place = absolute(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def remove(path: str) -> None:
    """Delete a stored file or folder; one that is gone already is fine."""
    if not path:
        return
    place = absolute(path)
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def require_room(used: int) -> None:
    """Refuse new files above the quota of a workspace."""
    if used >= QUOTA_BYTES:
        raise LimitReached(
            f"The models and data sets of this workspace fill {QUOTA_BYTES // 1024**3} GiB.",
            remedy="Delete data sets or model versions you no longer need.",
        )
