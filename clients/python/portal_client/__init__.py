"""Typed client of the portal's REST API."""

from portal_client.client import AsyncPortal, Portal
from portal_client.errors import ApiError, FieldProblem
from portal_client.transport import UNSET, VERSION, ServerEvent

__version__ = VERSION
__all__ = ["UNSET", "ApiError", "AsyncPortal", "FieldProblem", "Portal", "ServerEvent", "__version__"]
