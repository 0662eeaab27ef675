"""Templates that an app offers: complete workflows which run at once, without any key, and can be deployed.

An app lists them as `TEMPLATES` in its module `workflow_templates`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from integrations.sdk.text import Text


@dataclass(frozen=True, slots=True)
class TemplateTool:
    """One tool of a template's server: a workflow (a definition) or an action, with the contract's words."""

    name: str
    title: Text
    description: str
    definition: dict[str, Any] | None = None
    action: str = ""


@dataclass(frozen=True, slots=True)
class TemplatePrompt:
    """A question that people choose in their client; `{name}` in the text stands for an argument's value."""

    name: str
    title: Text
    description: Text
    text: Text
    arguments: tuple[tuple[str, Text, bool], ...] = ()  # name, description, whether it must be given


@dataclass(frozen=True, slots=True)
class TemplateResource:
    """Something to read beside the tools: a text, or the answer of one of the server's reading tools."""

    name: str
    title: Text
    description: Text
    text: Text | None = None
    tool: str = ""
    tool_arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A starting point. `audience` says for whom; the sample input fills the run form."""

    key: str
    title: Text
    description: Text
    audience: Text
    tools: tuple[TemplateTool, ...]
    sample_input: dict[str, Any] = field(default_factory=dict)
    go_live: Text = Text("", "")  # noqa: RUF009
    instructions: str = ""
    icon: str = "workflow"
    is_featured: bool = True
    prompts: tuple[TemplatePrompt, ...] = ()
    resources: tuple[TemplateResource, ...] = ()

    @property
    def connectors(self) -> list[str]:
        """Ids of the connectors that the template uses, in order of appearance."""
        actions = [tool.action for tool in self.tools if tool.action]
        for tool in self.tools:
            actions += [node["action"] for node in (tool.definition or {}).get("nodes", [])]
        return list(dict.fromkeys(action.partition(".")[0] for action in actions if not action.startswith("flow.")))

    @property
    def node_count(self) -> int:
        return sum(len((tool.definition or {}).get("nodes", [])) or 1 for tool in self.tools)
