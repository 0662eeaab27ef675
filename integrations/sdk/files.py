"""References to files: what travels between nodes is a reference, never the bytes."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from integrations.sdk.errors import Rejected


class FileRef(BaseModel):
    """A file of the workspace's store. `size` is in bytes, `sha256` in hexadecimal."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"format": "file"})

    id: str = Field(description="Identifier in the file store")
    name: str
    content_type: str = "application/octet-stream"
    size: int = Field(default=0, ge=0)
    sha256: str = ""
    url: str = ""


class Files(Protocol):
    """The file store of one workspace."""

    async def read(self, ref: FileRef) -> bytes:
        """The bytes of a file; `Rejected` when it is not there."""

    async def save(self, name: str, content: bytes, content_type: str = "application/octet-stream") -> FileRef:
        """Store bytes and return the reference."""

    async def save_path(self, name: str, path: Path, content_type: str = "application/octet-stream") -> FileRef:
        """Store a local file without reading it into memory, and return the reference."""


def describe_file(id: str, name: str, content: bytes, content_type: str) -> FileRef:
    """A reference with size and checksum of the content."""
    return FileRef(
        id=id, name=name, content_type=content_type, size=len(content), sha256=hashlib.sha256(content).hexdigest()
    )


def describe_path(id: str, name: str, path: Path, content_type: str) -> FileRef:
    """A reference with size and checksum of a local file, read piece by piece."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return FileRef(id=id, name=name, content_type=content_type, size=path.stat().st_size, sha256=digest.hexdigest())


def missing_file(ref: FileRef) -> Rejected:
    return Rejected(f"The file {ref.name!r} is not in the store.", code="file_missing", remedy="Upload it again.")


class MemoryFiles:
    """A `Files` inside one process."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    async def read(self, ref: FileRef) -> bytes:
        try:
            return self._contents[ref.id]
        except KeyError:
            raise missing_file(ref) from None

    async def save(self, name: str, content: bytes, content_type: str = "application/octet-stream") -> FileRef:
        ref = describe_file(uuid4().hex, name, content, content_type)
        self._contents[ref.id] = content
        return ref

    async def save_path(self, name: str, path: Path, content_type: str = "application/octet-stream") -> FileRef:
        return await self.save(name, await asyncio.to_thread(path.read_bytes), content_type)
