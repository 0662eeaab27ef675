"""Prompts and resources on the server page: a form for each, stored and served at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from deployments import selectors, services
from deployments.models import Deployment, Tool
from portal.common.errors import Invalid, NotFound
from portal.workspaces.pages import json_body, workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

KINDS = ("prompts", "resources")
NAME = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "[a-z][a-z0-9_]*"}


def prompt_schema() -> dict[str, Any]:
    """The form of a prompt, in the reader's language; `deployments.offers.Prompt` checks what comes back."""
    argument = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {**NAME, "title": _("Name")},
            "description": {"type": "string", "title": _("Description"), "maxLength": 200},
            "required": {"type": "boolean", "title": _("Has to be filled in"), "default": False},
            "choices": {"type": "array", "items": {"type": "string", "maxLength": 200}, "title": _("Suggestions")},
        },
    }
    return {
        "type": "object",
        "required": ["name", "text"],
        "properties": {
            "name": {**NAME, "title": _("Name"), "description": _("Lower-case letters, digits and underscores.")},
            "title": {"type": "string", "title": _("Title"), "maxLength": 200},
            "description": {"type": "string", "title": _("Description"), "maxLength": 1000},
            "text": {
                "type": "string",
                "title": _("Text"),
                "maxLength": 20_000,
                "description": _("Blanks stand in braces, such as {market}; each is an argument below."),
            },
            "arguments": {"type": "array", "items": argument, "title": _("Arguments")},
        },
    }


def resource_schema(tools: list[Tool]) -> dict[str, Any]:
    """The form of a resource that is a text, or what one of the reading tools answers."""
    reading = [tool.name for tool in tools if tool.annotations.get("readOnlyHint")]
    from_tool: dict[str, Any] = {
        "tool": {
            "type": "string",
            "enum": reading,
            "title": _("Answer of the tool"),
            "description": _("In place of a text: the tool is called when somebody reads the resource."),
        },
        "tool_arguments": {"title": _("Arguments of the tool (JSON)")},
    }
    return {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {**NAME, "title": _("Name"), "description": _("Lower-case letters, digits and underscores.")},
            "title": {"type": "string", "title": _("Title"), "maxLength": 200},
            "description": {"type": "string", "title": _("Description"), "maxLength": 1000},
            "text": {"type": "string", "title": _("Text"), "maxLength": 200_000},
            **(from_tool if reading else {}),
            "mime_type": {"type": "string", "title": _("Media type"), "maxLength": 100, "default": "text/markdown"},
            "uri": {
                "type": "string",
                "title": _("Address"),
                "maxLength": 300,
                "description": _("Left empty, it is made of the server and the name."),
            },
        },
    }


def offers_page(deployment: Deployment, tools: list[Tool]) -> dict[str, Any]:
    """What the tab needs: the rows, and the forms for the script."""
    return {
        "prompts": deployment.prompts,
        "resources": deployment.resources,
        "offer_data": {
            kind: {
                "values": getattr(deployment, kind),
                "url": reverse("deployments:offer-save", args=[deployment.slug, kind]),
                "schema": prompt_schema() if kind == "prompts" else resource_schema(tools),
            }
            for kind in KINDS
        },
    }


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def offer_save(request: HttpRequest, actor: Actor, slug: str, kind: str) -> HttpResponse:
    """Store one (`value`) in place of the one called `name`, add it when there is no name, or take it out."""
    if kind not in KINDS:
        raise NotFound("There is no such list.")
    deployment = selectors.get_deployment(actor.workspace, slug)
    body = json_body(request)
    name, value = body.get("name"), body.get("value")
    if value is not None and not isinstance(value, dict):
        raise Invalid("The body must be a JSON object.")
    values = list(getattr(deployment, kind))
    place = next((number for number, one in enumerate(values) if one["name"] == name), None)
    if name and place is None:
        raise NotFound("It is not there any more.", remedy="Load the page anew.")
    if place is None:
        values += [value] if value else []
    elif value is None:
        del values[place]
    else:
        # Bytes have no field in the form; they stay until a text or a tool takes their place.
        kept = {} if value.get("text") or value.get("tool") else {"blob": values[place].get("blob")}
        values[place] = {**value, **{key: old for key, old in kept.items() if old is not None}}
    services.update_deployment(actor, deployment, **{kind: values})
    messages.success(request, _("Saved. Clients see it when they ask for the list again."))
    return JsonResponse({"url": reverse("deployments:deployment-detail", args=[slug]) + "#view=offers"})
