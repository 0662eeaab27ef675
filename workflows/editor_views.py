"""The page of the canvas: what it has to know before it asks the REST API for anything."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from integrations.registry import connectors_of, localise
from portal.context import Shell
from portal.workspaces.models import Membership
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import selectors
from workflows.catalogue import templates
from workflows.definition.flow import FLOW_ACTIONS, ROUTERS, WITH_BODY
from workflows.expressions import LIBRARY
from workflows.views import language

#: Stands in an address for the id that the page fills in.
NO_ID = UUID(int=0)


class NarrowShell(Shell):
    """The canvas needs the room: navigation starts as icons."""

    nav_width = "narrow"


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def workflow_editor(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    """The editor of one workflow; people who may only look get it read-only."""
    workflow = selectors.get_workflow(actor.workspace, workflow_id)
    template = templates().get(workflow.template)
    setup = {
        "id": str(workflow.pk),
        "name": workflow.name,
        "description": workflow.description,
        "language": language(),
        "may": {
            "edit": actor.may(Permission.WORKFLOW_UPDATE),
            "run": actor.may(Permission.WORKFLOW_EXECUTE),
            "deploy": actor.may(Permission.DEPLOYMENT_MANAGE),
            "connect": actor.may(Permission.CONNECTION_MANAGE),
            "moderate": actor.may(Permission.MEMBER_MANAGE),
        },
        "flow": flow_actions(language()),
        "connectors": [
            {
                "id": connector.id,
                "title": connector.title.in_language(language()),
                "group": connector.group,
                "icon": connector.icon,
                "needs_credential": connector.needs_credential,
            }
            for connector in connectors_of(actor.workspace).values()
        ],
        "functions": functions(language()),
        "me": str(actor.user.pk) if actor.user else "",
        "people": people_of(actor),
        "sample_input": template.sample_input if template else {},
        "urls": {
            "api": "/api/v1",
            "list": reverse("workflows:workflow-list"),
            "detail": reverse("workflows:workflow-detail", args=[workflow.pk]),
            "run": reverse("workflows:execution-detail", args=[NO_ID]),
            "deploy": reverse("deployments:deploy-form", args=[workflow.pk]),
            "templates": reverse("templates"),
            "triggers": reverse("workflows:trigger-list", args=[workflow.pk]),
            "compare": reverse("workflows:execution-compare"),
            "connections": reverse("connections"),
            "connector_icon": reverse("workflows:connector-icon", args=["CONNECTOR"]),
        },
    }
    page = {"workflow": workflow, "setup": setup, "shell": NarrowShell(request)}
    return render(request, "workflows/editor.html", page)


#: More are found by typing.
MAX_PEOPLE = 200


def people_of(actor: Actor) -> list[str]:
    """Addresses of the members, offered where somebody is named."""
    if not actor.may(Permission.MEMBER_READ):
        return []
    members = Membership.objects.filter(workspace=actor.workspace).order_by("user__email")
    return list(members.values_list("user__email", flat=True)[:MAX_PEOPLE])


#: What the functions of expressions do, in Korean; the English words stand beside their source.
FUNCTIONS_KO = {
    "default": "값이 없거나 null이면 대신 쓸 값",
    "upper": "대문자로 바꾼 글",
    "lower": "소문자로 바꾼 글",
    "trim": "앞뒤 빈칸을 뺀 글",
    "join": "항목을 이어 붙인 글",
    "split": "글을 나누고 빈칸을 뺀 조각들",
    "unique": "차례를 지키며 겹치는 것을 뺀 항목",
    "pluck": "각 항목의 한 필드",
    "number": "“1,234.5” 같은 글의 수, 수가 아니면 대신 쓸 값",
    "to_json": "값을 적은 JSON 글",
    "from_json": "JSON 글의 값",
    "parse_date": "ISO 글, 20260102 또는 %Y.%m.%d 같은 형식에서 읽은 서울 시각",
    "format_date": "형식에 맞춰 적은 서울 날짜",
    "now": "지금 서울 시각",
    "today": "오늘 0시(서울)",
    "days": "날짜에 더하거나 뺄 일수",
    "hours": "날짜에 더하거나 뺄 시간",
}


def functions(language: str) -> list[dict[str, str]]:
    """The functions that an expression may use."""
    return [
        {
            "name": name,
            "signature": function.signature,
            "summary": FUNCTIONS_KO[name] if language == "ko" else function.summary,
        }
        for name, function in LIBRARY.items()
    ]


def flow_actions(language: str) -> list[dict[str, Any]]:
    """The built-in flow nodes in the form of catalogue entries, with their ports."""
    return [
        {
            "id": action.id,
            "connector": "flow",
            "title": action.title.in_language(language),
            "description": action.description.in_language(language),
            "effect": action.effect,
            "timeout": action.timeout,
            "cache": action.cache,
            "input_schema": localise(action.input_schema, language),
            "output_schema": localise(action.output_schema, language),
            "ports": list(action.ports),
            "router": action.id in ROUTERS,
            "with_body": action.id in WITH_BODY,
            "dynamic_fields": ["workflow"] if "workflow" in action.input_schema.get("properties", {}) else [],
        }
        for action in FLOW_ACTIONS.values()
    ]
