"""Security headers for every page, and expected errors as pages, fragments or problem+json."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from portal.common.errors import PortalError
from portal.common.problems import problem_response
from portal.common.sentences import localised

GetResponse = Callable[[HttpRequest], Any]


class SecurityHeadersMiddleware:
    """A content security policy without inline script, with a nonce at `request.csp_nonce`."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        request.csp_nonce = SimpleLazyObject(lambda: secrets.token_urlsafe(16))  # type: ignore[attr-defined]
        if self.is_async:
            return self._async_call(request)
        return self._finish(request, self.get_response(request))

    async def _async_call(self, request: HttpRequest) -> HttpResponse:
        return self._finish(request, await self.get_response(request))

    def _finish(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if "Content-Security-Policy" not in response:
            # A page whose form is answered by a redirect to somewhere else names that place.
            targets = filter(None, ("'self'", getattr(request, "form_targets", "")))
            # Styles may be set by script (charts, the canvas); scripts only come from us.
            response["Content-Security-Policy"] = (
                f"default-src 'self'; script-src 'self' 'nonce-{request.csp_nonce}'; "  # type: ignore[attr-defined]
                "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
                "connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'; "
                f"form-action {' '.join(targets)}; object-src 'none'"
            )
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(self), payment=()")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class ErrorMiddleware:
    """An expected error raised by a page becomes its status and a page (or a toast fragment for htmx)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, PortalError):
            return None
        wants_json = request.path.startswith("/api/") or "json" in request.headers.get("Accept", "")
        if wants_json:
            return problem_response(exception, request)
        template = "errors/_toast.html" if getattr(request, "htmx", False) else "errors/error.html"
        response = render(request, template, {"error": localised(exception)}, status=exception.status)
        if exception.retry_after is not None:
            response["Retry-After"] = str(max(1, round(exception.retry_after)))
        return response
