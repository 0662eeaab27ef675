"""A fitted model on disk without pickle: `model.json` + `arrays.npz`, tied together by a digest.

Loading reads JSON and plain arrays only; a changed, truncated or foreign file raises ArtefactProblem.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from timeseries.data.errors import ArtefactProblem

Arrays = dict[str, npt.NDArray[Any]]
SCHEMA = 1
MAX_ARRAY_BYTES = 512 * 1024 * 1024


def write(folder: Path, config: dict[str, Any], arrays: Arrays) -> int:
    """Write both files into a temporary folder, sync, then rename into place. Returns the size in bytes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    packed = buffer.getvalue()
    body = {"schema": SCHEMA, "config": config, "arrays_sha256": hashlib.sha256(packed).hexdigest()}
    body["config_sha256"] = _config_digest(config)
    temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
    try:
        _write_synced(temporary / "arrays.npz", packed)
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1).encode()
        _write_synced(temporary / "model.json", text)
        if folder.exists():
            raise ArtefactProblem(f"A model already stands in {folder.name}.")
        temporary.rename(folder)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)
    return len(packed) + len(text)


def read(folder: Path) -> tuple[dict[str, Any], Arrays]:
    """Read and verify both files. Raises ArtefactProblem on any damage."""
    try:
        body = json.loads((folder / "model.json").read_bytes())
        packed = (folder / "arrays.npz").read_bytes()
    except (OSError, ValueError) as error:
        raise ArtefactProblem(f"The stored model cannot be read: {error}") from error
    if not isinstance(body, dict) or body.get("schema") != SCHEMA or not isinstance(body.get("config"), dict):
        raise ArtefactProblem("The stored model has an unknown layout.")
    if hashlib.sha256(packed).hexdigest() != body.get("arrays_sha256"):
        raise ArtefactProblem("The weights of the stored model were changed or damaged after it was saved.")
    if _config_digest(body["config"]) != body.get("config_sha256"):
        raise ArtefactProblem("The settings of the stored model were changed after it was saved.")
    return body["config"], _read_arrays(packed)


def _read_arrays(packed: bytes) -> Arrays:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as entries:
            if sum(entry.file_size for entry in entries.infolist()) > MAX_ARRAY_BYTES:
                raise ArtefactProblem("The stored weights are larger than any model of this service.")
        with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, OSError, zipfile.BadZipFile, KeyError) as error:
        raise ArtefactProblem(f"The stored weights cannot be read: {error}") from error


def _config_digest(config: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(config, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
