"""What can go wrong in the listing manager."""

from __future__ import annotations

from portal.common.errors import PortalError


class NoLegalBasis(PortalError):
    """Collecting a private platform needs a recorded ground."""

    code = "no_legal_basis"
    status = 409


class UnknownPlatform(PortalError):
    """There is no such platform, or it can only be linked to."""

    code = "unknown_platform"
    status = 404


class UnknownRegion(PortalError):
    """A region name or code is unknown or ambiguous."""

    code = "unknown_region"
    status = 422
