"""What every page of a workspace starts with: a signed-in member whose role holds the page's permission."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.common.errors import FieldProblem, Invalid
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

View = Callable[..., HttpResponse]


def workspace_page(permission: Permission | str) -> Callable[[View], View]:
    """`view(request, actor, …)` for members with the permission; others are sent to sign in, or refused."""

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor: Actor | None = request.actor or None  # type: ignore[attr-defined]
            if actor is None:
                return redirect("welcome")
            actor.require(permission)
            return view(request, actor, *args, **kwargs)

        return inner

    return decorate


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The object in a JSON request; `Invalid` for anything else."""
    try:
        data = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as error:
        problem = FieldProblem("", str(error), "Correct the text and send it again.")
        raise Invalid("This is no valid JSON.", problems=[problem]) from None
    if not isinstance(data, dict):
        raise Invalid("The body must be a JSON object.")
    return data
