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
        await asyncio.to_thread(self._save, f"{self._folder(id)}/{safe}", io.BytesIO(content))
        return describe_file(id, safe, content, content_type)

    async def save_path(self, name: str, path: Path, content_type: str = "application/octet-stream") -> FileRef:
        """Store a local file piece by piece and return the reference."""
        id, safe = str(uuid7()), _safe(name)

        def copy() -> FileRef:
            with path.open("rb") as file:
                self._save(f"{self._folder(id)}/{safe}", file)
            return describe_path(id, safe, path, content_type)

        return await asyncio.to_thread(copy)

    def _folder(self, id: str) -> str:
        return f"workspaces/{self._workspace_id}/files/{id}"

    def _read(self, id: str) -> bytes | None:
        from django.core.files.storage import default_storage

        folder = self._folder(id)
        try:
            _, names = default_storage.listdir(folder)
        except FileNotFoundError:
            return None
        if not names:
            return None
        with default_storage.open(f"{folder}/{names[0]}", "rb") as file:
            content: bytes = file.read()
            return content

    def _save(self, path: str, content: BinaryIO) -> None:
        from django.core.files import File
        from django.core.files.storage import default_storage

        stored = default_storage.save(path, File(content, name=path))
        if stored != path:  # pragma: no cover - a fresh UUID folder has no other file
            raise Rejected("The file could not be stored under its own name.")
