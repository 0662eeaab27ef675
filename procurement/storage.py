"""Files in the workspace's store, written and read as streams: local folder or object store, whatever is configured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from integrations.files import folder_of, put_file
from integrations.sdk import FileRef
from portal.common.errors import NotFound

__all__ = ["chunks", "delete_file", "download", "find_file", "open_file", "put_file"]


def open_file(workspace_id: UUID, ref: FileRef) -> Any:
    """The stored file, opened for reading; `NotFound` when this workspace has none of that id."""
    path = _path(workspace_id, str(UUID(ref.id)), ref.name)
    if not default_storage.exists(path):
        raise NotFound("The file is not in the store any more.", remedy="Run the crawl again.")
    return default_storage.open(path, "rb")


def find_file(workspace_id: UUID, id: UUID) -> tuple[str, Any]:
    """Name and opened content of a file of this workspace."""
    folder = folder_of(workspace_id, str(id))
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        names = []
    if not names:
        raise NotFound("There is no such file in this workspace.")
    return names[0], default_storage.open(f"{folder}/{names[0]}", "rb")


async def chunks(file: Any, size: int = 1 << 18) -> AsyncIterator[bytes]:
    """The content piece by piece; reading happens in a thread. A plain iterator would be gathered in memory first."""
    try:
        while block := await asyncio.to_thread(file.read, size):
            yield block
    finally:
        await asyncio.to_thread(file.close)


def download(file: Any, name: str, content_type: str) -> StreamingHttpResponse:
    """The file as an attachment under its own name."""
    response = StreamingHttpResponse(chunks(file), content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    if (size := getattr(file, "size", None)) is not None:
        response["Content-Length"] = str(size)
    return response


def delete_file(workspace_id: UUID, ref: FileRef) -> None:
    """Remove a file; nothing happens when it is gone."""
    default_storage.delete(_path(workspace_id, str(UUID(ref.id)), ref.name))


def _path(workspace_id: UUID, id: str, name: str) -> str:
    return f"{folder_of(workspace_id, id)}/{name}"
