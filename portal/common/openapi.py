"""How views become the OpenAPI document: tags, summaries, headers, errors and examples in one place for all."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from portal.common.api import MAX_KEY

#: First part of a path → the chapter of the document it stands in.
TAGS = {
    "auth": "Sign-in",
    "users": "People",
    "keys": "API keys",
    "workspaces": "Workspaces",
    "invitations": "Workspaces",
    "workflows": "Workflows",
    "executions": "Executions",
    "nodes": "Nodes",
    "integrations": "Integrations",
    "connections": "Integrations",
    "deployments": "Deployments",
    "templates": "Deployments",
    "notifications": "Notifications",
    "monitoring": "Monitoring",
    "health": "Monitoring",
    "crawl": "Procurement",
    "files": "Procurement",
    "procurement": "Procurement",
    "server": "Procurement",
    "trigger-kinds": "Workflows",
    "markets": "Markets",
    "properties": "Properties",
    "tasks": "Properties",
    "agents": "Properties",
}
#: Everything else is named by the requirement of the time-series service without a prefix of its own.
OTHERWISE = "Time series"

WORKSPACE = OpenApiParameter(
    "X-Workspace",
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    description="The workspace meant; without it, the one the key is for, or the one last used",
)
ONCE = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Repeating the request with the same key within a day gives the first answer again",
)
FIELDS = OpenApiParameter(
    "fields",
    str,
    description="Names of fields, separated by commas: the answer (or each row of it) has only these",
)


class Schema(AutoSchema):
    """Reads what the views of `portal.common.rest` declare."""

    #: Component → the class it stands for, so that two apps may both call something `PreviewInput`.
    _owners: ClassVar[dict[str, type]] = {}

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        name = str(super().get_serializer_name(serializer, direction))
        made_by = type(serializer)
        if self._owners.setdefault(name, made_by) is made_by:
            return name
        return f"{_room(made_by)}{name}"

    def get_tags(self) -> list[str]:
        return [TAGS.get(self.path.removeprefix("/api/v1/").split("/")[0], OTHERWISE)]

    def _words(self) -> str:
        method = getattr(self.view, self.method.lower(), None)
        own = inspect.getdoc(method) if method is not None and _is_own(method) else None
        return own or inspect.getdoc(type(self.view)) or ""

    def get_description(self) -> str:  # type: ignore[override]
        return self._words()

    def get_summary(self) -> str | None:
        first = self._words().split("\n\n")[0].replace("\n", " ")
        return first.split(". ")[0].split("; ")[0].split(": ")[0].strip().rstrip(".:;") or None

    def get_override_parameters(self) -> list[Any]:
        method = self.method.lower()
        found: list[Any] = []
        if query := getattr(self.view, "query", {}).get(method):
            found.append(query)
        if getattr(self.view, "permissions", None) and "{workspace_id}" not in self.path:
            found.append(WORKSPACE)
        if method in getattr(self.view, "once", ()):
            found.append(ONCE)
        if method == "get" and hasattr(self.view, "query_names") and self._answers_json():
            found.append(FIELDS)
        return found

    def _answers_json(self) -> bool:
        return not getattr(self.view, "sends_files", False)


def _room(made_by: type) -> str:
    """The innermost package that says what the class is about, as the beginning of a name."""
    parts = [part for part in made_by.__module__.split(".") if part not in ("portal", "api", "serializers", "views")]
    return (parts[-2] if parts[-1].endswith("_views") else parts[-1]).title().replace("_", "")


def _is_own(method: Any) -> bool:
    """Whether the method's words are those of the product, not of the framework."""
    return not getattr(method, "__module__", "").startswith("rest_framework")


def only_api(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Before the work: the document is about /api/v1, not about pages that happen to use the framework."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]
