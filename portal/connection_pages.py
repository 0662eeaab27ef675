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

from integrations.connection_health import can_test, check_connection
from integrations.models import Connection
from integrations.registry import localise, registry, resolve_site
from integrations.sdk import Connector, OAuth2
from integrations.services import create_connection, delete_connection, replace_credential
from portal.common.errors import NotFound
from portal.home_pages import connections_in_use
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


@require_GET
@workspace_page(Permission.CONNECTION_READ)
def connection_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    used = connections_in_use(actor)
    language = get_language() or "en"
    known = registry().connectors
    rows = [
        {
            "connection": item,
            "title": known[item.connector].title.in_language(language) if item.connector in known else item.connector,
            "state": STATES.get(item.health, "unknown"),
            "used_by": used.get(item.connector, []),
            "can_test": can_test(item.connector),
        }
        for item in _visible(actor)
    ]
    choices = [
        {
            "id": connector.id,
            "title": connector.title.in_language(language),
            "description": connector.description.in_language(language),
            "docs_url": connector.docs_url,
            "mode": resolve_site(connector).mode if connector.upstream else "local",
            "schema": _form_schema(connector),
            "replace_url": "",
        }
        for connector in sorted(known.values(), key=lambda one: one.title.in_language(language))
        if connector.needs_credential and not isinstance(connector.auth, OAuth2)
    ]
    page = {
        "rows": rows,
        "choices": choices,
        "connection_data": {"choices": choices, "create_url": reverse("connection-create")},
    }
    return render(request, "portal/connections.html", page)


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def connection_create(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Store a credential and try it at once."""
    body = json_body(request)
    values = body.get("values")
    connection = create_connection(
        actor,
        str(body.get("connector", "")),
        str(body.get("name", "")).strip()[:120] or str(body.get("connector", "")),
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
    delete_connection(actor, connection)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": connection.name})
    return redirect("connections")
