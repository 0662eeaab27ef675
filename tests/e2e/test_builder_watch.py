"""Watching a run on the canvas: approvals on the card, items of a map, the timeline; bodies, conflicts, versions."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.builder import PATIENCE, add, definition_of, echo, open_new, request, saved, without_news
from tests.e2e.product import Product


def start(page: Page) -> None:
    page.locator("#run").click()
    page.locator("#run-go").click()


def ends(page: Page, state: str = "succeeded") -> None:
    expect(page.locator(f'.ed-dock .status[data-state="{state}"]')).to_be_visible(timeout=PATIENCE)


def each(**more: Any) -> dict[str, Any]:
    inner = {"nodes": [echo("read", params={"text": "item {{ item }}"})], "edges": []}
    node = {"id": "each", "action": "flow.map", "title": "Each", "params": {"items": [7, 8, 9]}, "body": inner}
    return node | {"position": {"x": 0, "y": 0}} | more


def test_an_approval_is_given_on_the_card_and_the_run_goes_on(page: Page, product: Product) -> None:
    ask = {"id": "ask", "action": "flow.approval", "title": "Ask", "params": {"message": "Send it?"}}
    workflow = open_new(
        page, product, "Asks",
        nodes=[ask | {"position": {"x": 0, "y": 0}}, echo("yes", 400, params={"text": "sent"}), echo("no", 400)
               | {"position": {"x": 400, "y": 160}, "params": {"text": "dropped"}}],
        edges=[{"from": "ask", "port": "approved", "to": "yes"}, {"from": "ask", "port": "rejected", "to": "no"}],
    )  # fmt: skip
    for button, taken in (("Approve", "yes"), ("Reject", "no")):
        start(page)
        ends(page, "waiting")
        page.locator('.react-flow__node[data-id="ask"]').get_by_role("button", name=button).click()
        ends(page)
        expect(page.locator(f'.react-flow__node[data-id="{taken}"] .ed-node')).to_have_attribute(
            "data-state", "succeeded", timeout=PATIENCE
        )
        newest = request(page, product, "GET", f"executions?workflow={workflow}")["results"][0]["id"]
        done = {run["node"] for run in request(page, product, "GET", f"executions/{newest}/nodes")["results"]}
        assert done == {"ask", taken}


def test_the_items_of_a_map_have_a_grid_and_lead_to_their_data(page: Page, product: Product) -> None:
    open_new(page, product, "Items", nodes=[each()])
    start(page)
    ends(page)
    page.locator('.react-flow__node[data-id="each"] .ed-node-text').click()
    page.locator("#inspector-output").click()
    grid = page.locator(".ed-item-grid button")
    expect(grid).to_have_count(3, timeout=PATIENCE)
    expect(page.locator('.ed-item-grid button[data-state="succeeded"]')).to_have_count(3)
    grid.nth(2).click()
    page.get_by_role("button", name="Open item 3").click()
    page.locator('.react-flow__node[data-id="read"] .ed-node-text').click()
    expect(page.locator("#inspector-panel pre").first).to_contain_text("item 9")

    page.get_by_role("button", name="Timeline").click()
    rows = page.locator(".ed-timeline li")
    expect(rows).to_have_count(2)
    rows.filter(has_text="Each").first.get_by_role("button").click()
    expect(page.locator("#node-title")).to_have_value("Each")


def test_the_body_of_a_map_is_edited_like_any_graph(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Body", nodes=[each()])
    page.locator(".ed-body").click()
    expect(page.locator(".ed-level")).to_contain_text("each")
    page.locator('.react-flow__node[data-id="read"] .ed-node-text').click()
    add(page, "upper", "text.upper")
    expect(page.locator(".ed-node")).to_have_count(2)
    expect(page.locator('[data-field="text"] textarea')).to_have_value("{{ read.text }}")
    saved(page)
    body = definition_of(page, product, workflow)["nodes"][0]["body"]
    assert [node["id"] for node in body["nodes"]] == ["read", "upper"]
    assert body["edges"] == [{"from": "read", "to": "upper"}]
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".ed-node")).to_have_count(1)
    page.locator(".ed-level button").first.click()
    expect(page.locator('.react-flow__node[data-id="each"]')).to_be_visible()


def test_taking_the_other_draft_leaves_mine_one_undo_away(page: Page, product: Product) -> None:
    without_news(page)
    workflow = open_new(page, product, "Theirs", nodes=[echo("one", params={"text": "x"})])
    theirs = definition_of(page, product, workflow)
    theirs["nodes"][0]["title"] = "Their title"
    request(page, product, "PUT", f"workflows/{workflow}/draft", {"definition": theirs}, **{"If-Match": '"1"'})
    page.locator(".ed-node-text").click()
    page.locator("#node-title").fill("My title")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("both", timeout=PATIENCE)
    dialog.get_by_role("button", name="Take theirs").click()
    expect(page.locator(".ed-node")).to_contain_text("Their title")
    saved(page)
    assert definition_of(page, product, workflow)["nodes"][0]["title"] == "Their title"
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".ed-node")).to_contain_text("My title")


def test_a_version_comes_back_as_an_edit(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Versions", nodes=[echo("one", params={"text": "x"})])
    request(page, product, "POST", f"workflows/{workflow}/versions", {"name": "First"})
    page.locator(".ed-node-text").click()
    page.locator("#node-title").fill("Changed")
    saved(page)
    page.get_by_role("button", name="Versions & runs").click()
    page.locator(".ed-panel .ed-row").filter(has_text="First").get_by_role("button", name="Restore").click()
    expect(page.locator(".ed-node")).to_contain_text("One")
    saved(page)
    assert definition_of(page, product, workflow)["nodes"][0]["title"] == "One"
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".ed-node")).to_contain_text("Changed")
