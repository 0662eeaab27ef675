"""The connector SDK: pure Python, no web framework. See docs/contributors/connectors.md."""

from integrations.sdk.auth import ApiKey, Credential, NoAuth, OAuth2, OAuth2Credential
from integrations.sdk.connector import Action, Connector, Option, Rate, Trigger
from integrations.sdk.context import Caller, Context, Site, Upstream
from integrations.sdk.errors import (
    AuthError,
    Cancelled,
    ConnectorError,
    FieldProblem,
    InvalidParams,
    MissingCredential,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.sdk.events import Event, EventPage
from integrations.sdk.files import FileRef, Files, MemoryFiles
from integrations.sdk.http import check_response, error_for_status, read_json, retry_after_of
from integrations.sdk.param import Param
from integrations.sdk.store import MemoryStore, Store, wait_turn
from integrations.sdk.text import Text

__all__ = [
    "Action",
    "ApiKey",
    "AuthError",
    "Caller",
    "Cancelled",
    "Connector",
    "ConnectorError",
    "Context",
    "Credential",
    "Event",
    "EventPage",
    "FieldProblem",
    "FileRef",
    "Files",
    "InvalidParams",
    "MemoryFiles",
    "MemoryStore",
    "MissingCredential",
    "NoAuth",
    "OAuth2",
    "OAuth2Credential",
    "Option",
    "Param",
    "Rate",
    "RateLimited",
    "Rejected",
    "Site",
    "Store",
    "Text",
    "Trigger",
    "Unavailable",
    "Upstream",
    "check_response",
    "error_for_status",
    "read_json",
    "retry_after_of",
    "wait_turn",
]
