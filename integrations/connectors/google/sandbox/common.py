"""What the Google stand-ins share: the token, error bodies, pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from integrations.sdk.standin_oauth import OAuthStandIn

TOKEN = "ya29.sandbox-token"  # noqa: S105 - the sandbox's own public token
PAGE = 2
sign_in = OAuthStandIn("Google", TOKEN, style="google", account="mina@sandbox.example")
Handler = Callable[[Request], Awaitable[Response]]


def error(status: int, message: str, reason: str, name: str) -> Response:
    """An error in Google's form."""
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return JSONResponse({"error": {"code": status, "message": message, "errors": errors, "status": name}}, status)


def not_found(what: str = "Requested entity was not found.") -> Response:
    return error(404, what, "notFound", "NOT_FOUND")


def signed(handler: Handler) -> Handler:
    """Refuses requests without the token."""

    async def endpoint(request: Request) -> Response:
        if not sign_in.accepts(request):
            return error(401, "Request had invalid authentication credentials.", "authError", "UNAUTHENTICATED")
        return await handler(request)

    return endpoint


def page(request: Request, rows: list[Any], name: str, size_name: str = "maxResults") -> Response:
    """One page of rows; pages are small so that paging is exercised."""
    size = min(int(request.query_params.get(size_name, 100)), PAGE)
    start = int(request.query_params.get("pageToken", "t0")[1:])
    data: dict[str, Any] = {name: rows[start : start + size]}
    if start + size < len(rows):
        data["nextPageToken"] = f"t{start + size}"
    return JSONResponse(data)
