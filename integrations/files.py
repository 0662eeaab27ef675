"""The SDK's `Files` over Django's default storage: one folder per workspace, one folder per file."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path, PurePath
from typing import BinaryIO
from uuid import UUID

from integrations.sdk import FileRef, Rejected
from integrations.sdk.files import describe_file, describe_path, missing_file
from portal.common.ids import uuid7

_UNSAFE = re.compile(r"[^\w.()\- ]+")
_LONGEST_NAME = 120


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", PurePath(name.replace("\\", "/")).name).strip(". ")[-_LONGEST_NAME:] or "file"


def folder_of(workspace_id: UUID | str, id: str) -> str:
    """Where a file of a workspace lies in the store, alone in its folder."""
    return f"workspaces/{workspace_id}/files/{id}"


def put_file(workspace_id: UUID | str, name: str, path: Path, content_type: str) -> FileRef:
    """Copy a finished local file into the store, piece by piece, under a checked plain name."""
    id = str(uuid7())
    with path.open("rb") as file:
        _save(f"{folder_of(workspace_id, id)}/{name}", file)
    return describe_path(id, name, path, content_type)


def _save(path: str, content: BinaryIO) -> None:
    from django.core.files import File
    from django.core.files.storage import default_storage

    stored = default_storage.save(path, File(content, name=path))
    if stored != path:  # pragma: no cover - a fresh UUID folder has no other file
        raise Rejected("The file could not be stored under its own name.")


class WorkspaceFiles:
    """Files of one workspace. An id of another workspace is simply not there."""

    def __init__(self, workspace_id: str) -> None:
        self._workspace_id = str(UUID(workspace_id))

    async def read(self, ref: FileRef) -> bytes:
        """The bytes of a file; `Rejected` when this workspace has no such file."""
        try:
            id = str(UUID(ref.id))
        except ValueError:
            raise missing_file(ref) from None
        content = await asyncio.to_thread(self._read, id)
        if content is None:
            raise missing_file(ref)
        return content

    async def save(self, name: str, content: bytes, content_type: str = "application/octet-stream") -> FileRef:
        """Store bytes and return the reference; the name is cleaned, never used as a path."""
        id, safe = str(uuid7()), _safe(name)
        await asyncio.to_thread(_save, f"{folder_of(self._workspace_id, id)}/{safe}", io.BytesIO(content))
        return describe_file(id, safe, content, content_type)

    async def save_path(self, name: str, path: Path, content_type: str = "application/octet-stream") -> FileRef:
        """Store a local file piece by piece and return the reference."""
        return await asyncio.to_thread(put_file, self._workspace_id, _safe(name), path, content_type)

    def _read(self, id: str) -> bytes | None:
        from django.core.files.storage import default_storage

        folder = folder_of(self._workspace_id, id)
        try:
            _, names = default_storage.listdir(folder)
        except FileNotFoundError:
            return None
        if not names:
            return None
        with default_storage.open(f"{folder}/{names[0]}", "rb") as file:
            content: bytes = file.read()
            return content
