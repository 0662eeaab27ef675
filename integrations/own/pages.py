"""The pages of a workspace's own connectors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.models import Connection, WorkspaceConnector
from integrations.own import services
from integrations.own.api import sources_of
from integrations.own.documents import MAX_BYTES
from integrations.own.spec import MAX_ACTIONS
from portal.common.errors import PortalError
from portal.common.sentences import localised
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

SHOWN = 100


@require_GET
@workspace_page(Permission.CONNECTION_READ)
def own_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    rows = WorkspaceConnector.objects.for_workspace(actor.workspace).defer("document")
    page = {
        "rows": [(row, sum(not action.gone for action in services.spec_of(row).actions)) for row in rows],
        "max_mib": MAX_BYTES // 1024 // 1024,
    }
    return render(request, "integrations/own_list.html", page)


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def own_create(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new connector from a document (address or file) or from the address of an MCP server."""
    form = request.POST
    file = request.FILES.get("file")
    try:
        if form.get("kind") == "mcp":
            row = services.create_from_server(
                actor,
                address=form.get("address", ""),
                title=form.get("title", ""),
                kind=form.get("sign_in", "none"),
                header=form.get("header", ""),
            )
        else:
            content = file.read(MAX_BYTES + 1) if file is not None else None
            row = services.create_from_document(
                actor, title=form.get("title", ""), address=form.get("address", ""), content=content
            )
    except PortalError as error:
        _tell(request, error)
        return redirect("own-connectors")
    return redirect("own-connector", row.pk)


@require_GET
@workspace_page(Permission.CONNECTION_READ)
def own_detail(request: HttpRequest, actor: Actor, own_id: UUID) -> HttpResponse:
    """One connector: its actions with their words, and what else could become one."""
    row = services.get(actor.workspace, own_id)
    spec = services.spec_of(row)
    query = request.GET.get("q", "").strip().lower()
    offered = [
        item
        for item in sources_of(row)
        if not item["chosen"]
        and all(word in f"{item['source']} {item['title']} {item['description']}".lower() for word in query.split())
    ]
    page: dict[str, Any] = {
        "row": row,
        "spec": spec,
        "offered": offered[:SHOWN],
        "more": max(0, len(offered) - SHOWN),
        "query": request.GET.get("q", ""),
        "signs": list(enumerate(spec.signs)),
        "sign_number": spec.signs.index(spec.sign) if spec.sign in spec.signs else -1,
        "max_actions": MAX_ACTIONS,
        "has_connection": Connection.objects.for_workspace(actor.workspace).filter(connector=row.key).exists(),
        "needs_connection": spec.sign.kind != "none",
    }
    return render(request, "integrations/own_detail.html", page)


def _change(request: HttpRequest, own_id: UUID, change: Any, done: str) -> HttpResponse:
    """Carry a change out and go back to the connector, with what came of it."""
    try:
        change()
    except PortalError as error:
        _tell(request, error)
    else:
        messages.success(request, done)
    return redirect("own-connector", own_id)


def _tell(request: HttpRequest, error: PortalError) -> None:
    said = localised(error)
    words = [said.message, *(f"{problem.message} {problem.remedy}" for problem in said.problems), said.remedy]
    messages.error(request, " ".join(filter(None, dict.fromkeys(words))))


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def own_edit(request: HttpRequest, actor: Actor, own_id: UUID) -> HttpResponse:
    row, form = services.get(actor.workspace, own_id), request.POST
    sign = form.get("sign_in", "")

    def change() -> None:
        services.edit(
            actor,
            row,
            title=form.get("title"),
            description=form.get("description"),
            base_url=form.get("base_url") or None,
            sign=int(sign) if sign.lstrip("-").isdigit() else None,
        )

    return _change(request, own_id, change, _("The connector is saved."))


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def own_choose(request: HttpRequest, actor: Actor, own_id: UUID) -> HttpResponse:
    row, sources = services.get(actor.workspace, own_id), request.POST.getlist("source")
    return _change(
        request, own_id, lambda: services.add_actions(actor, row, sources), _("The actions are in the palette.")
    )


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def own_action(request: HttpRequest, actor: Actor, own_id: UUID, own_action: str) -> HttpResponse:
    """Change an action's words, or take it out."""
    row, form = services.get(actor.workspace, own_id), request.POST
    if form.get("act") == "remove":
        return _change(
            request, own_id, lambda: services.remove_action(actor, row, own_action), _("The action is taken out.")
        )
    words = {name: form.get(name, "").strip() for name in ("name", "title", "description", "effect") if name in form}
    words["checks_answer"] = form.get("checks_answer") == "on"  # type: ignore[assignment]
    return _change(
        request, own_id, lambda: services.edit_action(actor, row, own_action, words), _("The action is saved.")
    )


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def own_refresh(request: HttpRequest, actor: Actor, own_id: UUID) -> HttpResponse:
    """Read the source again, or take an uploaded file in its place."""
    row, file = services.get(actor.workspace, own_id), request.FILES.get("file")

    def change() -> None:
        if file is not None:
            services.replace_document(actor, row, file.read(MAX_BYTES + 1))
        else:
            services.refresh(actor, row)

    return _change(request, own_id, change, _("The source is read again."))


@require_POST
@workspace_page(Permission.CONNECTION_MANAGE)
def own_delete(request: HttpRequest, actor: Actor, own_id: UUID) -> HttpResponse:
    row = services.get(actor.workspace, own_id)
    services.delete(actor, row)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": row.title})
    return redirect("own-connectors")
