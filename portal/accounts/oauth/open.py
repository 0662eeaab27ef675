"""What the endpoints that programs call have in common."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt


def refusal(error: str, description: str, status: int = 400) -> JsonResponse:
    """An error answer of RFC 6749."""
    response = JsonResponse({"error": error, "error_description": description}, status=status)
    response["Cache-Control"] = "no-store"
    return response


def is_clean(data: QueryDict) -> bool:
    """PostgreSQL takes no NUL character in text; better said here than as a server error."""
    return not any("\x00" in value for values in data.lists() for value in [values[0], *values[1]])


@method_decorator(csrf_exempt, name="dispatch")
class Open:
    """For clients in browsers: any origin may call, because no cookie counts here."""

    reads_form = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "OPTIONS":
            response = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = "POST"
            response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, MCP-Protocol-Version"
        elif self.reads_form and not is_clean(request.POST):
            response = refusal("invalid_request", "A parameter holds a NUL character.")
        else:
            response = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        response["Access-Control-Allow-Origin"] = "*"
        return response
