"""The ranking server's template offers every tool of the requirement under its own name."""

from __future__ import annotations

from markets.connector import kis
from markets.workflow_templates import MARKET_RANKINGS

SIX = {
    "get_volume_ranking",
    "get_volume_change_ranking",
    "get_investor_ranking",
    "get_sector_volume_ranking",
    "get_market_cap_ranking",
    "get_unusual_volume",
}


def test_the_six_tools_and_their_helpers_are_in_the_template():
    names = {tool.name for tool in MARKET_RANKINGS.tools}

    assert SIX | {"find_symbol", "health"} <= names
    assert all(
        tool.action == f"kis.{tool.name}" and tool.action.split(".")[1] in kis.actions for tool in MARKET_RANKINGS.tools
    )


def test_every_tool_speaks_both_languages():
    for action in kis.actions.values():
        assert action.title.en != action.title.ko
        assert action.description.en != action.description.ko
