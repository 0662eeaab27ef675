"""References to files: what travels between nodes is a reference, never the bytes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FileRef(BaseModel):
    """A file of the workspace's store. `size` is in bytes, `sha256` in hexadecimal."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"format": "file"})

    id: str = Field(description="Identifier in the file store")
    name: str
    content_type: str = "application/octet-stream"
    size: int = Field(default=0, ge=0)
    sha256: str = ""
    url: str = ""
