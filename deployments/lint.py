"""What makes tools hard to choose or to call for a model, and how to mend it with one click. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deployments.contracts import Contract, tool_name
from workflows.definition import Catalogue, Definition

#: Rough size of a token in characters of JSON, for the hint about the length of a tool list.
CHARACTERS_PER_TOKEN = 3.6
#: Above this, the list takes a noticeable part of what a model reads at once.
MANY_TOKENS = 4000
SHORT_DESCRIPTION = 24
#: Two descriptions that share this much of their words are hard to tell apart.
OVERLAP = 0.6
VAGUE = frozenset(
    {"tool", "run", "data", "get", "do", "process", "workflow", "test", "untitled", "untitled_workflow", "new", "my"}
    | {"main", "execute", "call", "fetch", "handle"}
)
RESHAPING = ("flow.", "text.", "data.", "python.")
_WEIGHTS = {
    "vague_name": 25,
    "short_description": 30,
    "bare_inputs": 15,
    "unknown_output": 10,
    "overlap": 15,
    "many_tokens": 10,
}
_WORD = re.compile(r"\w{3,}")
_PLAIN_INPUT = re.compile(r"\{\{\s*input\.(\w+)\s*\}\}\Z")


@dataclass(frozen=True, slots=True)
class Finding:
    """One weakness. `fix` is what a click writes: a name, a description, or input → description; None: by hand."""

    code: str
    tool: str
    names: tuple[str, ...] = ()
    fix: Any = None


def tokens_of(contracts: Iterable[Contract]) -> int:
    """About how many tokens of a model's attention the tool list takes."""
    listed = [
        {"name": c.name, "description": c.description, "inputSchema": c.input_schema, "outputSchema": c.output_schema}
        for c in contracts
    ]
    return round(len(json.dumps(listed, ensure_ascii=False)) / CHARACTERS_PER_TOKEN)


def is_vague(name: str) -> bool:
    """Whether a tool name says nothing about what comes back."""
    parts = [part for part in re.split(r"[^a-z]+", name.lower()) if part]
    return name.lower() in VAGUE or len(name) < 3 or not parts or all(part in VAGUE for part in parts)


def lint(
    contract: Contract, others: Sequence[Contract] = (), *, suggestions: Mapping[str, Any] | None = None
) -> list[Finding]:
    """The weaknesses of one tool beside the others of its server."""
    suggested = suggestions or {}
    found = []
    if is_vague(contract.name):
        fix = suggested.get("name")
        found.append(Finding("vague_name", contract.name, fix=fix if fix != contract.name else None))
    if len(contract.description.strip()) < SHORT_DESCRIPTION:
        fix = suggested.get("description", "")
        better = len(fix) > len(contract.description.strip())
        found.append(Finding("short_description", contract.name, fix=fix if better else None))
    properties = contract.input_schema.get("properties", {})
    bare = tuple(name for name, schema in properties.items() if not (schema or {}).get("description"))
    if bare:
        known = {name: text for name, text in suggested.get("inputs", {}).items() if name in bare}
        found.append(Finding("bare_inputs", contract.name, bare, known or None))
    if not (contract.output_schema or {}).get("properties"):
        found.append(Finding("unknown_output", contract.name))
    rivals = [other for other in others if other.name != contract.name]
    alike = tuple(other.name for other in rivals if _overlap(contract, other) >= OVERLAP)
    if alike:
        found.append(Finding("overlap", contract.name, alike))
    if tokens_of([*others, contract]) > MANY_TOKENS:
        found.append(Finding("many_tokens", contract.name))
    return found


def score(findings: Sequence[Finding]) -> int:
    """From 100 down: what a model can rely on weighs most."""
    return max(0, 100 - sum(_WEIGHTS[finding.code] for finding in findings))


def _overlap(a: Contract, b: Contract) -> float:
    """The share of words that two descriptions have in common (Jaccard)."""
    left, right = (set(_WORD.findall(item.description.lower())) for item in (a, b))
    return len(left & right) / len(left | right) if left and right else 0.0


def suggest(definition: Definition, catalogue: Catalogue, *, title: str, language: str = "en") -> dict[str, Any]:
    """Better words taken from what the workflow is made of: its last actions and the parameters its inputs feed."""
    actions = [(node, catalogue.get(node.action)) for node in definition.every_node()]
    known = [(node, action) for node, action in actions if action is not None]
    # What fetches or changes something says what the tool is about; steps that only reshape it do not.
    speaking = [action for node, action in known if not node.action.startswith(RESHAPING)]
    speaking = speaking or [action for _node, action in known]
    named = next((action for action in speaking if not is_vague(action.id.partition(".")[2])), None)
    distinct = list({action.id: action for action in speaking}.values())[:2]
    about = " ".join(filter(None, (_text(getattr(action, "description", None), language) for action in distinct)))
    outputs = ", ".join(definition.output)
    returned = f" Returns {outputs}." if outputs and language == "en" else f" 결과: {outputs}." if outputs else ""
    return {
        "name": _name_from(title) or (tool_name(named.id.partition(".")[2]) if named else ""),
        "description": f"{about}{returned}".strip(),
        "inputs": _input_words(definition, catalogue, language),
    }


def _name_from(title: str) -> str:
    name = tool_name(title)
    return "" if is_vague(name) else name


def _text(text: Any, language: str) -> str:
    return str(text.in_language(language)).strip() if text is not None else ""


def _input_words(definition: Definition, catalogue: Catalogue, language: str) -> dict[str, str]:
    """Input → the description of the parameter that it is handed to as it is."""
    from integrations.registry import localise

    found: dict[str, str] = {}
    for node in definition.every_node():
        action = catalogue.get(node.action)
        if action is None:
            continue
        properties = localise(action.input_schema, language).get("properties", {})
        for name, value in node.params.items():
            match = _PLAIN_INPUT.match(value.strip()) if isinstance(value, str) else None
            text = (properties.get(name) or {}).get("description") or (properties.get(name) or {}).get("title")
            if match and text:
                found.setdefault(match[1], str(text))
    return found
