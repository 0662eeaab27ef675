"""Prompts and resources of a server: what people pick in their client beside the tools that the model calls.

They are words, not contracts: they belong to the deployment, change without a revision and are served at once.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from deployments.models import Deployment
from integrations.sdk.template import Template
from portal.common.errors import FieldProblem, Invalid

#: `{name}` in a prompt's text; doubled braces stand for themselves.
_PLACE = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}")
#: Checked, and kept as it came.
Base64Str = Annotated[str, AfterValidator(lambda text: (b64decode(text, validate=True), text)[1])]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PromptArgument(_Model):
    """A blank of a prompt."""

    name: Name
    description: str = Field("", max_length=500)
    required: bool = False
    #: What clients suggest while somebody types; other values are taken too.
    choices: tuple[Annotated[str, Field(max_length=200)], ...] = Field((), max_length=100)


class Prompt(_Model):
    """A question with blanks, which people pick in their client. `{name}` in the text stands for an argument."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "market_brief",
                "title": "Market brief",
                "text": "Which stocks of {market} were traded most today, and why?",
                "arguments": [{"name": "market", "required": True, "choices": ["KOSPI", "KOSDAQ"]}],
            }
        }
    )

    name: Name
    title: str = Field("", max_length=200)
    description: str = Field("", max_length=1000)
    text: str = Field(min_length=1, max_length=20_000)
    arguments: tuple[PromptArgument, ...] = Field((), max_length=20)

    @model_validator(mode="after")
    def _blanks_are_arguments(self) -> Self:
        known = [argument.name for argument in self.arguments]
        if len(set(known)) < len(known):
            raise ValueError("two arguments have the same name")
        unknown = sorted({found for found in _PLACE.findall(self.text) if found} - set(known))
        if unknown:
            raise ValueError(f"the text has blanks that are no arguments: {', '.join(unknown)}")
        return self

    def missing(self, values: Mapping[str, str]) -> list[str]:
        """Names of required arguments without a value."""
        return [item.name for item in self.arguments if item.required and not values.get(item.name, "").strip()]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with its blanks filled; what was not given is left empty."""
        return _PLACE.sub(lambda m: values.get(m[1], "") if m[1] else m[0][0], self.text)


class Resource(_Model):
    """A text, bytes in base64, or what a reading tool of the same server answers to fixed arguments."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "top_twenty",
                "title": "The twenty most traded stocks",
                "mime_type": "application/json",
                "tool": "get_volume_ranking",
                "tool_arguments": {"count": 20},
            }
        }
    )

    name: Name
    #: Left empty, the address names this server and the resource.
    uri: str = Field("", max_length=300, pattern=r"^(|[a-z][a-z0-9+.-]*://[^\s]+)$")
    title: str = Field("", max_length=200)
    description: str = Field("", max_length=1000)
    mime_type: str = Field("text/markdown", max_length=100)
    text: str | None = Field(None, max_length=200_000)
    blob: Base64Str | None = Field(None, max_length=1_000_000)
    tool: str = Field("", max_length=128)
    tool_arguments: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if [self.text is not None, self.blob is not None, bool(self.tool)].count(True) != 1:
            raise ValueError("give either a text, a blob or a tool")
        return self


_PROMPTS, _RESOURCES = TypeAdapter(tuple[Prompt, ...]), TypeAdapter(tuple[Resource, ...])
MOST = 50


def checked(field: str, values: Any, *, tools: Mapping[str, Mapping[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Prompts or resources in the form in which they are stored; `Invalid` names each problem.

    `tools` are the server's tools with their annotations, which resources may read from.
    """
    adapter: TypeAdapter[Any] = _PROMPTS if field == "prompts" else _RESOURCES
    try:
        found = adapter.validate_python(values)
    except ValidationError as error:
        problems = [
            FieldProblem(".".join((field, *map(str, item["loc"]))), item["msg"].removeprefix("Value error, "))
            for item in error.errors()
        ]
        raise Invalid(f"These {field} cannot be stored.", problems=problems) from error
    problems = [
        FieldProblem(f"{field}.{number}", problem)
        for number, item in enumerate(found)
        for problem in _problems(item, found[:number], tools)
    ]
    if len(found) > MOST:
        problems.append(FieldProblem(field, f"A server has at most {MOST} of them."))
    if problems:
        raise Invalid(f"These {field} cannot be stored.", problems=problems)
    return [item.model_dump(mode="json") for item in found]


def _problems(
    item: Prompt | Resource, before: Iterable[Prompt | Resource], tools: Mapping[str, Mapping[str, Any]] | None
) -> Iterable[str]:
    if item.name in {other.name for other in before}:
        yield f"The name {item.name} occurs twice."
    if isinstance(item, Resource) and item.tool and tools is not None:
        if item.tool not in tools:
            yield f"This server has no tool {item.tool}; it has {', '.join(tools)}."
        elif not tools[item.tool].get("readOnlyHint"):
            yield f"The tool {item.tool} changes something; a resource only reads."


def of_template(template: Template, language: str) -> dict[str, list[dict[str, Any]]]:
    """A template's prompts and resources in one language, as a deployment stores them."""
    return {
        "prompts": checked(
            "prompts",
            [
                {
                    "name": prompt.name,
                    "title": prompt.title.in_language(language),
                    "description": prompt.description.in_language(language),
                    "text": prompt.text.in_language(language),
                    "arguments": [
                        {"name": name, "description": words.in_language(language), "required": required}
                        for name, words, required in prompt.arguments
                    ],
                }
                for prompt in template.prompts
            ],
        ),
        "resources": checked(
            "resources",
            [
                {
                    "name": resource.name,
                    "title": resource.title.in_language(language),
                    "description": resource.description.in_language(language),
                    "mime_type": "application/json" if resource.tool else "text/markdown",
                    "text": resource.text.in_language(language) if resource.text else None,
                    "tool": resource.tool,
                    "tool_arguments": resource.tool_arguments,
                }
                for resource in template.resources
            ],
        ),
    }


def of_deployment(deployment: Deployment) -> tuple[tuple[Prompt, ...], tuple[Resource, ...]]:
    """What is stored, as objects."""
    return _PROMPTS.validate_python(deployment.prompts), _RESOURCES.validate_python(deployment.resources)


def uri(slug: str, resource: Resource) -> str:
    """A resource's address. Not a web address: only this server resolves it."""
    return resource.uri or f"portal://{slug}/{resource.name}"
