"""Keys of the workspace: made, rotated and revoked by admins; the secret is in one answer and nowhere else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from portal.account_pages import ApiKeyForm
from portal.common.errors import PortalError
from portal.workspace_pages import ROLES
from portal.workspaces import key_services as services
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor


class WorkspaceKeyForm(ApiKeyForm):
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[(role.value, ROLES[role.value][0]) for role in services.KEY_ROLES],
        initial="viewer",
        help_text=gettext_lazy("The key may do what this role may, whoever made it."),
    )


def _page(
    request: HttpRequest, actor: Actor, form: WorkspaceKeyForm | None = None, secret: str = "", error: str = ""
) -> HttpResponse:
    now = timezone.now()
    keys = []
    for key in services.workspace_keys(actor).select_related("user"):
        key.usable = key.is_usable(now)  # type: ignore[attr-defined]
        keys.append(key)
    wrong = bool(error or (form and form.errors))
    page = {"keys": keys, "key_form": form or WorkspaceKeyForm(), "secret": secret, "error": error, "wrong": wrong}
    response = render(request, "portal/keys.html", page, status=422 if wrong else 200)
    if secret:
        response["Cache-Control"] = "no-store"
    return response


@require_GET
@workspace_page(Permission.KEY_MANAGE)
def keys(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _page(request, actor)


@require_POST
@workspace_page(Permission.KEY_MANAGE)
def key_create(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = WorkspaceKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, actor, form)
    values: dict[str, Any] = form.cleaned_data
    try:
        _key, secret = services.create_workspace_key(
            actor,
            values["label"],
            values["role"],
            scopes=values["scopes"],
            expires_at=timezone.now() + timedelta(days=values["days"]) if values["days"] else None,
            per_minute=values["per_minute"] or 0,
            daily_calls=values["daily_calls"] or 0,
            monthly_calls=values["monthly_calls"] or 0,
        )
    except PortalError as error:
        return _page(request, actor, form, error=error.explain())
    return _page(request, actor, secret=secret)


@require_POST
@workspace_page(Permission.KEY_MANAGE)
def key_rotate(request: HttpRequest, actor: Actor, key_id: UUID) -> HttpResponse:
    try:
        _key, secret = services.rotate_workspace_key(actor, key_id)
    except PortalError as error:
        if error.status == 404:
            raise
        messages.error(request, error.explain())
        return redirect("workspace-keys")
    return _page(request, actor, secret=secret)


@require_POST
@workspace_page(Permission.KEY_MANAGE)
def key_revoke(request: HttpRequest, actor: Actor, key_id: UUID) -> HttpResponse:
    services.revoke_workspace_key(actor, key_id)
    messages.success(request, _("The key is revoked. Whoever still uses it gets an error."))
    return redirect("workspace-keys")
