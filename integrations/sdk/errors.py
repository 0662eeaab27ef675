"""What can go wrong in an action. Raise one of these; anything else counts as a bug of the connector."""

from __future__ import annotations

from portal.common.errors import FieldProblem, PortalError


class ConnectorError(PortalError):
    """Base of the errors an action may raise."""

    code = "connector_error"
    status = 502


class AuthError(ConnectorError):
    """The upstream refuses the credential: it is missing, wrong, expired or lacks a right."""

    code = "auth_error"
    status = 424


class MissingCredential(AuthError):
    """The action needs a connection and none is chosen."""

    code = "missing_credential"


class RateLimited(ConnectorError):
    """The upstream asks to slow down; `retry_after` is in seconds."""

    code = "rate_limited"
    status = 429
    retryable = True


class Rejected(ConnectorError):
    """The upstream understood and refuses for good: repeating the same call cannot help."""

    code = "rejected"
    status = 422


class InvalidParams(Rejected):
    """The parameters do not fit the action; each problem names its field and remedy."""

    code = "invalid_params"


class Unavailable(ConnectorError):
    """The upstream did not answer properly; trying again later can help."""

    code = "unavailable"
    status = 503
    retryable = True


class Cancelled(ConnectorError):
    """The run was stopped while the action was working."""

    code = "cancelled"
    status = 499


__all__ = [
    "AuthError",
    "Cancelled",
    "ConnectorError",
    "FieldProblem",
    "InvalidParams",
    "MissingCredential",
    "RateLimited",
    "Rejected",
    "Unavailable",
]
