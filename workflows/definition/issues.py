"""One finding about a definition: what is wrong, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from integrations.sdk.text import Text
from portal.common.errors import FieldProblem, Invalid

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding. `node` is empty for the whole definition; `field` is a path such as `params.count`."""

    code: str
    severity: Severity
    node: str
    field: str
    message: Text
    remedy: Text = Text("", "")  # noqa: RUF009

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "node": self.node,
            "field": self.field,
            "message": self.message.in_language(language),
            "remedy": self.remedy.in_language(language),
        }


class InvalidDefinition(Invalid):
    """The definition has errors; `issues` lists them all, warnings included."""

    code = "invalid_definition"

    def __init__(self, issues: list[Issue]) -> None:
        errors = [issue for issue in issues if issue.severity == "error"]
        super().__init__(
            f"The workflow has {len(errors)} error{'' if len(errors) == 1 else 's'}.",
            problems=[
                FieldProblem(".".join(filter(None, (issue.node, issue.field))), issue.message.en, issue.remedy.en)
                for issue in errors
            ],
        )
        self.issues = issues
