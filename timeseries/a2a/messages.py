"""Data parts of A2A messages: JSON in and out. A2A carries every number as a double and refuses NaN."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from a2a.types import Message, Part, Role
from google.protobuf import json_format, struct_pb2


def data_part(data: dict[str, Any]) -> Part:
    """A part holding a JSON object."""
    return Part(data=json_format.ParseDict(data, struct_pb2.Value()), media_type="application/json")


def data_of(parts: Any) -> dict[str, Any] | None:
    """The first JSON object among the parts."""
    for part in parts:
        if part.HasField("data"):
            found = json_format.MessageToDict(part.data)
            if isinstance(found, dict):
                return found
    return None


def message_of(data: dict[str, Any], context_id: str) -> Message:
    """A request message holding a JSON object."""
    return Message(message_id=uuid4().hex, context_id=context_id, role=Role.ROLE_USER, parts=[data_part(data)])


def whole(value: Any, default: int) -> int:
    """A number that travelled as a double, as an integer."""
    return default if value is None else int(value)
