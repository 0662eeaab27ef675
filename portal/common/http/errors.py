"""What an outgoing request can meet before an answer exists."""

from __future__ import annotations

from portal.common.errors import PortalError


class Refused(PortalError):
    """The request breaks a rule of ours (address, allow-list, size): repeating it cannot help."""

    code = "request_refused"
    status = 422


class Unreachable(PortalError):
    """The other side did not answer properly or in time: trying again later can help."""

    code = "unreachable"
    status = 503
    retryable = True
