"""A connector out of an OpenAPI document, made in the browser, in one workflow with four other services."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from integrations.connectors.http.sandbox import SECRET
from tests.e2e.builder import PATIENCE, add, definition_of, open_new, request, saved
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
SERVICES = {
    "list channels": "slack.list_channels",
    "list repositories": "github.list_repositories",
    "search mails": "gmail.search_mails",
    "list teams": "teams.list_teams",
}


def test_a_workflow_mixes_five_services_one_of_them_our_own(page: Page, product: Product) -> None:
    page.goto(f"{product.base}/connectors/own/")
    page.locator('[data-dialog="new-document"]').first.click()
    page.locator("#document-address").fill("/http/openapi.json")
    page.locator("#new-document button.button-primary").click()
    page.wait_for_url(re.compile(r"/connectors/own/[0-9a-f-]{36}$"))
    page.locator('input[name=source][value="GET /pets"]').check()
    page.locator('form[action$="/choose"] button.button-primary').click()
    page.locator('[data-dialog="edit-list_pets"]').click()
    page.locator("#name-list_pets").fill("find_pets")
    page.locator("#title-list_pets").fill("Find pets of the shop")
    page.locator("#edit-list_pets button.button-primary").click()
    expect(page.locator("table").first).to_contain_text("Find pets of the shop", timeout=PATIENCE)
    own = page.url.rpartition("/")[2]
    connector = request(page, product, "GET", f"integrations/own/{own}")["connector"]
    key = {"connector": connector, "name": "Shop key", "values": {"api_key": SECRET}}
    request(page, product, "POST", "connections", key)

    workflow = open_new(page, product, "Five services")
    for words, action in SERVICES.items():
        add(page, words, action)
    add(page, "pets shop", f"{connector}.find_pets")
    expect(page.locator(".ed-node")).to_have_count(5, timeout=PATIENCE)
    saved(page)
    nodes = definition_of(page, product, workflow)["nodes"]
    assert [node["action"] for node in nodes] == [*SERVICES.values(), f"{connector}.find_pets"]

    page.locator("#run").click()
    page.locator("#run-go").click()
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    expect(page.locator('.ed-node[data-state="succeeded"]')).to_have_count(5, timeout=PATIENCE)
    page.locator("#inspector-output").click()
    expect(page.locator("#inspector-panel")).to_contain_text("Bori", timeout=PATIENCE)

    page.goto(f"{product.base}/connectors/own/{own}")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator('form[action$="/delete"] button').click()
    page.wait_for_url("**/connectors/own/")
