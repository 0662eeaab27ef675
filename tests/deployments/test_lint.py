"""What makes a tool hard to choose, and the words that mend it."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.contracts import Contract
from deployments.lint import is_vague, lint, score, suggest, tokens_of
from integrations.registry import catalogue
from workflows.definition import load

GOOD = "Stocks ranked by traded value of the session, in won, with their share of the market."


def tool(name: str = "ranked_stocks", description: str = GOOD, **inputs: dict[str, Any]) -> Contract:
    return Contract(
        name=name,
        title=name,
        description=description,
        input_schema={"type": "object", "properties": inputs},
        output_schema={"type": "object", "properties": {"stocks": {"type": "array"}}},
        annotations={},
    )


def codes(contract: Contract, *others: Contract) -> list[str]:
    return [finding.code for finding in lint(contract, others)]


@pytest.mark.parametrize("name", ["tool", "get_data", "my_workflow", "x", "run2", "데이터"])
def test_names_that_say_nothing(name: str) -> None:
    assert is_vague(name)


@pytest.mark.parametrize("name", ["ranked_stocks", "get_volume_ranking", "bid_notices"])
def test_names_that_say_what_comes_back(name: str) -> None:
    assert not is_vague(name)


def test_a_well_described_tool_has_nothing_to_mend() -> None:
    assert lint(tool(count={"type": "integer", "description": "How many"})) == []
    assert score([]) == 100


def test_each_weakness_is_named() -> None:
    bare = Contract("data", "", "Data.", {"properties": {"n": {}, "m": {"description": "x"}}}, None, {})

    assert codes(bare) == ["vague_name", "short_description", "bare_inputs", "unknown_output"]
    assert lint(bare)[2].names == ("n",)
    assert score(lint(bare)) == 20


def test_two_tools_that_read_alike_are_told_apart() -> None:
    twin = tool("volume_leaders", GOOD + " Sorted.")
    other = tool("bid_notices", "Public tenders of a region that are open for bidding this week.")

    assert codes(tool(), twin, other) == ["overlap"]
    assert lint(tool(), [twin, other])[0].names == ("volume_leaders",)


def test_a_long_list_is_noticed() -> None:
    many = [tool(f"tool_number_{n}", GOOD + " ".join(f"w{n}x{i}" for i in range(60))) for n in range(30)]

    assert tokens_of(many) > 4000
    assert "many_tokens" in codes(tool(), *many)


def test_better_words_come_from_the_actions() -> None:
    definition = load(
        {
            "schema_version": 1,
            "inputs": {"type": "object", "properties": {"page": {"type": "string"}, "text": {"type": "string"}}},
            "nodes": [
                {"id": "get", "action": "http.get", "params": {"url": "{{ input.page }}"}},
                {"id": "up", "action": "text.upper", "params": {"text": "{{ input.text + '!' }}"}},
            ],
            "edges": [{"from": "get", "to": "up"}],
            "output": {"shouted": "{{ up.text }}"},
        }
    )

    found = suggest(definition, catalogue(), title="Workflow")
    named = suggest(definition, catalogue(), title="Price page", language="ko")

    action = catalogue()["http.get"]
    assert found["description"] == f"{action.description.en} Returns shouted."
    assert set(found["inputs"]) == {"page"}  # What is computed with has no single meaning.
    assert named["name"] == "price_page"
    assert named["description"].startswith(action.description.ko) and "결과: shouted" in named["description"]
