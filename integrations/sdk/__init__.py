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
from integrations.sdk.files import FileRef
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
    "FieldProblem",
    "FileRef",
    "InvalidParams",
    "MemoryStore",
    "MissingCredential",
    "NoAuth",
    "OAuth2",
    "OAuth2Credential",
    "Option",
    "Rate",
    "RateLimited",
    "Rejected",
    "Site",
    "Store",
    "Text",
    "Trigger",
    "Unavailable",
    "Upstream",
    "wait_turn",
]
