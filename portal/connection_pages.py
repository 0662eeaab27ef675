"""Connections: stored credentials as cards with health, use, test and replacement."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations import oauth
from integrations.connection_health import can_test, check_connection
from integrations.models import Connection
from integrations.registry import connectors_of, localise, resolve_site
from integrations.sdk import Connector, OAuth2
from integrations.services import (
    create_connection,
    create_for_each_caller,
    delete_connection,
    record_health,
    replace_credential,
)
from integrations.uses import uses
from portal.common.errors import NotFound, PortalError
from portal.workspaces.pages import json_body, workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

#: Health of a connection → state of the design system.
STATES = {"ok": "ok", "failing": "failing", "expired": "failing", "unknown": "unknown"}


def _visible(actor: Actor) -> list[Connection]:
    """The workspace's connections and the person's own."""
    found = Connection.objects.for_workspace(actor.workspace).select_related("owner")
    return [item for item in found if item.owner_id is None or (actor.user and item.owner_id == actor.user.pk)]


def _get(actor: Actor, connection_id: UUID) -> Connection:
    found = next((item for item in _visible(actor) if item.pk == connection_id), None)
    if found is None:
        raise NotFound("There is no such connection.")
    return found


def _form_schema(connector: Connector) -> dict[str, Any]:
    """The credential's fields for the browser; secrets become password fields and are never sent back."""
    schema = connector.credential_model.model_json_schema()
    schema.pop("title", None)
    localised: dict[str, Any] = localise(schema, get_language() or "en")
    return localised


def _choice(connector: Connector, language: str) -> dict[str, Any]:
    """A service that can be connected, for the browser: by the fields of its key, or by signing in there."""
    by_sign_in = isinstance(connector.auth, OAuth2)
    return {
        "id": connector.id,
        "title": connector.title.in_language(language),
        "description": connector.description.in_language(language),
        "docs_url": connector.docs_url,
        "mode": resolve_site(connector).mode if connector.upstream else "local",
        "schema": None if by_sign_in else _form_schema(connector),
        "sign_in": by_sign_in,
        "is_ready": not by_sign_in or oauth.endpoints(connector) is not None,
        "reads_less": by_sign_in and oauth.scopes_for(connector, "read") != oauth.scopes_for(connector, "full"),
    }


@require_GET
@workspace_page(Permission.CONNECTION_READ)
def connection_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    connections = _visible(actor)
    used = uses(actor.workspace, connections)
    language = get_language() or "en"
    known = connectors_of(actor.workspace)
    rows = [
        {
            "connection": item,
            "title": known[item.connector].title.in_language(language) if item.connector in known else item.connector,
            "state": STATES.get(item.health, "unknown"),
            "used_by": used[item.pk],
            "can_test": can_test(item.connector) and not item.each_caller,
            "by_sign_in": item.connector in known and isinstance(known[item.connector].auth, OAuth2),
        }
        for item in connections
    ]
    choices = [
        _choice(connector, language)
        for connector in sorted(known.values(), key=lambda one: one.title.in_language(language))
        if connector.needs_credential
    ]
    page = {
        "rows": rows,
        "choices": choices,
        "connection_data": {
            "choices": choices,
            "create_url": reverse("connection-create"),
            "connect_url": reverse("connection-connect"),
            "wanted": request.GET.get("connect", ""),
        },
    }
    return render(request, "portal/connections.html", page)


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def connection_create(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Store a credential and try it at once."""
    body = json_body(request)
    values = body.get("values")
    name = str(body.get("name", "")).strip()[:120] or str(body.get("connector", ""))
    if body.get("each_caller") is True:
        connection = create_for_each_caller(actor, str(body.get("connector", "")), name)
        return JsonResponse({"id": str(connection.pk), "url": reverse("connections")}, status=201)
    connection = create_connection(
        actor,
        str(body.get("connector", "")),
        name,
        values if isinstance(values, dict) else {},
        personal=body.get("personal") is True,
    )
    if can_test(connection.connector):
        check_connection(actor, connection)
    return JsonResponse({"id": str(connection.pk), "url": reverse("connections")}, status=201)


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def connection_replace(request: HttpRequest, actor: Actor, connection_id: UUID) -> HttpResponse:
    values = json_body(request).get("values")
    connection = replace_credential(actor, _get(actor, connection_id), values if isinstance(values, dict) else {})
    if can_test(connection.connector):
        check_connection(actor, connection)
    return JsonResponse({"id": str(connection.pk), "url": reverse("connections")})


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def connection_test(request: HttpRequest, actor: Actor, connection_id: UUID) -> HttpResponse:
    connection = check_connection(actor, _get(actor, connection_id))
    if connection.health == Connection.Health.OK:
        messages.success(request, _("“%(name)s” works.") % {"name": connection.name})
    else:
        messages.warning(request, connection.health_message or _("The test gave no answer."))
    return redirect("connections")


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def connection_delete(request: HttpRequest, actor: Actor, connection_id: UUID) -> HttpResponse:
    connection = _get(actor, connection_id)
    used_by = uses(actor.workspace, [connection])[connection.pk]
    if used_by and request.POST.get("anyway") != "1":
        page = {"connection": connection, "used_by": used_by}
        return render(request, "portal/connection_delete.html", page)
    delete_connection(actor, connection)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": connection.name})
    return redirect("connections")


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def connection_connect(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Where to send the person to sign in at the service: for a new connection, or again for an old one."""
    body = json_body(request)
    again = body.get("connection")
    try:
        connection = _get(actor, UUID(str(again))) if again else None
    except ValueError:
        raise NotFound("There is no such connection.") from None
    url = oauth.begin(
        actor,
        connection.connector if connection else str(body.get("connector", "")),
        session=request.session.session_key or "",
        name=str(body.get("name", "")),
        personal=body.get("personal") is True,
        access="read" if body.get("access") == "read" else "full",
        connection=connection,
    )
    return JsonResponse({"url": url})


@require_GET
@workspace_page(Permission.CONNECTION_MANAGE)
def connection_callback(request: HttpRequest, actor: Actor, provider: str) -> HttpResponse:
    """The person comes back from the service."""
    try:
        connection = oauth.finish(
            actor,
            provider,
            state=request.GET.get("state", ""),
            code=request.GET.get("code", ""),
            error=request.GET.get("error", ""),
            session=request.session.session_key or "",
        )
    except PortalError as error:
        messages.error(request, f"{_(error.message)} {_(error.remedy)}".strip())
        return redirect("connections")
    if can_test(connection.connector):
        check_connection(actor, connection)
    else:
        # The service has just let the person in: more cannot be asked of it.
        record_health(connection, Connection.Health.OK)
    messages.success(request, _("“%(name)s” is connected.") % {"name": connection.name})
    response = redirect("connections")
    response["Referrer-Policy"] = "no-referrer"
    return response
