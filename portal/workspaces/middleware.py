"""Which workspace a request is about: `request.workspace` and `request.actor`, both lazy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from portal.common.callers import client_address
from portal.workspaces.models import Membership
from portal.workspaces.services import Actor


def current_actor(request: HttpRequest) -> Actor | None:
    """The signed-in person in the workspace they last chose, or in their first one; None for nobody."""
    user: Any = request.user
    if not user.is_authenticated:
        return None
    memberships = Membership.objects.select_related("workspace__plan").filter(user=user)
    wanted: UUID | None = user.last_workspace_id
    found = (wanted and memberships.filter(workspace_id=wanted).first()) or memberships.order_by("id").first()
    if found is None:
        return None
    return Actor(found.workspace, user, found.role, is_auditor=found.is_auditor, address=client_address(request))


class WorkspaceMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: current_actor(request))  # type: ignore[attr-defined]
        request.workspace = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: request.actor.workspace if request.actor else None  # type: ignore[attr-defined]
        )
        response = self.get_response(request)
        if (decision := getattr(request, "rate_decision", None)) is not None:
            for name, value in decision.headers():
                response[name] = value
        return response
