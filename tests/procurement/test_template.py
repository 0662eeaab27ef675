"""The templates of the domain are complete, run at once, and offer the tools people know by name."""

from __future__ import annotations

import pytest

from integrations.registry import catalogue
from procurement.connector import naramarket
from procurement.workflow_templates import NARAMARKET_SERVER, OPEN_BIDS, TEMPLATES
from workflows.services import check_definition

KNOWN_NAMES = {
    "crawl_list",
    "get_detailed_attributes",
    "server_info",
    "call_public_data_standard_api",
    "call_procurement_statistics_api",
    "call_product_list_api",
    "call_shopping_mall_api",
    "get_recent_bid_announcements",
    "get_successful_bids_by_business_type",
    "get_procurement_statistics_by_year",
    "search_shopping_mall_products",
}


def test_tools_keep_the_names_clients_know():
    assert set(naramarket.actions) >= KNOWN_NAMES


def test_the_server_offers_existing_actions_under_their_own_names():
    for tool in NARAMARKET_SERVER.tools:
        assert tool.action == f"naramarket.{tool.name}"
        assert tool.action in catalogue()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.key)
def test_words_are_in_both_languages(template):
    for text in (template.title, template.description, template.audience, template.go_live):
        assert text.en and text.ko and text.en != text.ko


def test_the_workflow_of_open_bids_has_no_issue(db):
    (tool,) = OPEN_BIDS.tools
    assert tool.definition is not None
    assert [issue for issue in check_definition(tool.definition) if issue.severity == "error"] == []


async def test_the_parameters_of_open_bids_are_accepted():
    (tool,) = OPEN_BIDS.tools
    params = dict(tool.definition["nodes"][0]["params"])  # type: ignore[index]
    params |= {"keyword": "구매", "price_min": 0, "count": 10}
    typed = naramarket.actions["search_bid_notices"].parse(params)
    assert typed.model_dump()["still_open"] is True
