"""Errors of the REST API as problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from portal.common.errors import FieldProblem, Invalid, NotAuthenticated, NotFound, PermissionDenied, PortalError
from portal.common.sentences import localised

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"


def problem(error: PortalError, instance: str = "") -> dict[str, Any]:
    """The body of an error answer, in the reader's language."""
    error = localised(error)
    body: dict[str, Any] = {
        "type": f"urn:portal:problem:{error.error_code}",
        "title": error.message,
        "status": error.status,
        **error.as_dict(),
    }
    if instance:
        body["instance"] = instance
    return body


def problem_response(error: PortalError, request: HttpRequest | None = None) -> JsonResponse:
    """The error as a plain Django response, for views outside the REST framework."""
    response = JsonResponse(problem(error, request.path if request else ""), status=error.status)
    response["Content-Type"] = CONTENT_TYPE
    if error.retry_after is not None:
        response["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Every expected error of a REST view becomes a problem; a bug stays a 500 and is logged by Django."""
    error = _as_portal_error(exc)
    if error is None:
        return None
    request = context.get("request")
    response = Response(problem(error, request.path if request else ""), status=error.status)
    response.content_type = CONTENT_TYPE
    if error.retry_after is not None:
        response["Retry-After"] = str(max(1, round(error.retry_after)))
    if header := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def _as_portal_error(exc: Exception) -> PortalError | None:
    if isinstance(exc, PortalError):
        return exc
    if isinstance(exc, Http404 | exceptions.NotFound):
        return NotFound("There is no such thing, or you may not see it.")
    if isinstance(exc, exceptions.ValidationError):
        return Invalid("The input is not valid.", problems=list(_flatten(exc.detail)))
    if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return NotAuthenticated(str(exc.detail))
    if isinstance(exc, exceptions.PermissionDenied | DjangoPermissionDenied):
        return PermissionDenied("You may not do this.")
    if isinstance(exc, exceptions.APIException):
        error = PortalError(str(exc.detail), code=str(exc.default_code), retry_after=getattr(exc, "wait", None))
        error.status = exc.status_code  # type: ignore[misc]
        return error
    return None


def _flatten(detail: Any, path: str = "") -> list[FieldProblem]:
    if isinstance(detail, dict):
        found: list[FieldProblem] = []
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            found += _flatten(value, f"{path}.{name}".strip("."))
        return found
    if isinstance(detail, list):
        return [item for part in detail for item in _flatten(part, path)]
    return [FieldProblem(path, str(detail))]
