"""The canvas in a browser: a workflow is built, run and deployed with the pointer or with the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.builder import PATIENCE, add, definition_of, echo, open_new, request, saved, without_news
from tests.e2e.product import Product


def test_a_graph_is_built_run_and_deployed(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Built by hand")
    add(page, "echo", "text.echo")
    page.locator('[data-field="text"] .ed-fx').click()
    page.locator('.ed-inspector button.ed-variable:has(code:text-is("text"))').click()
    expect(page.locator('[data-field="text"] textarea')).to_have_value("{{ input.text }}")
    add(page, "upper", "text.upper")
    expect(page.locator(".ed-node")).to_have_count(2)
    expect(page.locator('[data-field="text"] textarea')).to_have_value("{{ echo.text }}")
    saved(page)
    stored = definition_of(page, product, workflow)
    assert [node["action"] for node in stored["nodes"]] == ["text.echo", "text.upper"]
    assert stored["edges"] == [{"from": "echo", "to": "upper"}]

    page.locator("#run").click()
    page.locator("#run-go").click()
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    expect(page.locator('.ed-node[data-state="succeeded"]')).to_have_count(2, timeout=PATIENCE)
    page.locator("#inspector-output").click()
    expect(page.locator("#inspector-panel")).to_contain_text("HELLO", timeout=PATIENCE)

    page.locator("#deploy").click()
    dialog = page.locator("#deploy-dialog")
    dialog.locator("#deploy-description").fill("Gives the text back in capital letters.")
    dialog.locator("button[name=go]").click()
    expect(dialog).to_contain_text("mcpk_", timeout=PATIENCE)
    expect(dialog).to_contain_text("/mcp/")
    dialog.locator("[data-close]").first.click()
    expect(dialog).to_be_hidden()
    # Closed, it can be opened again: the server is there already and is proposed.
    page.locator("#deploy").click()
    expect(dialog.locator("#deploy-server")).not_to_have_value("", timeout=PATIENCE)


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab, and nothing else, until the focus stands on what is meant."""
    for _ in range(most):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached with Tab")


def region(page: Page, name: str) -> None:
    """Press F6 until the focus stands in a region of the page."""
    for _ in range(6):
        page.keyboard.press("F6")
        here = "document.activeElement.closest('[data-region]')?.dataset.region"
        if page.evaluate(here) == name:
            return
    raise AssertionError(f"{name} is not reached with F6")


def test_the_keyboard_alone_builds_runs_and_deploys(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Built by keys")
    press = page.keyboard.press
    press("g")
    expect(page.locator(".ed-outline")).to_be_visible()
    rows = page.locator('.ed-outline [role="treeitem"]')
    for count, (words, action) in enumerate((("text echo", "text.echo"), ("text upper", "text.upper")), 1):
        if count > 1:
            region(page, "canvas")
        press("n")
        expect(page.locator("#palette-search")).to_be_focused()
        page.keyboard.type(words)
        expect(page.locator("#option-0")).to_have_attribute("data-action", action)
        press("Enter")
        expect(rows).to_have_count(count)

    # The first node was alone when it came; the link to the second is taken away and made again by hand.
    region(page, "canvas")
    tab_to(page, ".ed-unlink")
    press("Enter")
    expect(page.locator(".ed-unlink")).to_have_count(0)
    region(page, "canvas")
    press("Home")
    expect(rows.nth(0)).to_be_focused()
    press("c")
    press("ArrowDown")
    press("Enter")
    expect(rows.nth(1)).to_have_attribute("aria-label", "2. Upper case, Upper case, connected from Echo")
    press("Home")
    press("Enter")
    tab_to(page, '[data-field="text"] textarea, [data-field="text"] input')
    page.keyboard.type("typed")
    saved(page)
    stored = definition_of(page, product, workflow)
    assert stored["edges"] == [{"from": "echo", "to": "upper"}]
    assert stored["nodes"][0]["params"] == {"text": "typed"}

    region(page, "canvas")
    press("r")
    expect(page.locator("dialog[open]")).to_be_visible()
    tab_to(page, "#run-go")
    press("Enter")
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    region(page, "bar")
    tab_to(page, "#deploy")
    press("Enter")
    expect(page.locator("#deploy-dialog button[name=go]")).to_be_enabled(timeout=PATIENCE)
    tab_to(page, "#deploy-dialog button[name=go]")
    press("Enter")
    expect(page.locator("#deploy-dialog")).to_contain_text("mcpk_", timeout=PATIENCE)


def test_groups_and_notes_are_made_and_changed_in_the_outline_with_keys(page: Page, product: Product) -> None:
    nodes = [echo("one", params={"text": "x"}), echo("two", 320, params={"text": "y"})]
    workflow = open_new(page, product, "Ordered by keys", nodes=nodes, edges=[{"from": "one", "to": "two"}])
    press = page.keyboard.press
    press("g")
    rows = page.locator('.ed-outline [role="treeitem"]')
    expect(rows).to_have_count(2)
    press("Control+a")
    press("Control+g")
    expect(rows).to_have_count(3)
    region(page, "inspector")
    tab_to(page, "#mark-text")
    page.keyboard.type("Reading")
    region(page, "canvas")
    press("Home")
    expect(rows.nth(0)).to_have_attribute("aria-label", "Reading, group of 2 nodes")
    press("ArrowLeft")
    expect(rows).to_have_count(1)
    press("ArrowRight")
    expect(rows).to_have_count(3)

    press("Escape")
    press("Shift+N")
    expect(page.locator("#mark-text")).to_be_focused()
    page.keyboard.type("Runs at seven")
    saved(page)
    stored = definition_of(page, product, workflow)
    assert stored["groups"] == [{"id": "g1", "title": "Reading", "colour": "blue", "nodes": ["one", "two"]}]
    assert [note["text"] for note in stored["notes"]] == ["Runs at seven"]

    region(page, "canvas")
    press("End")
    expect(rows.nth(3)).to_have_attribute("aria-label", "Note: Runs at seven")
    press("Delete")
    expect(rows).to_have_count(3)
    saved(page)
    assert "notes" not in definition_of(page, product, workflow)


def test_undo_survives_a_reload(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Undone", nodes=[echo("one", params={"text": "x"})])
    page.locator(".ed-node").click()
    page.keyboard.press("Delete")
    expect(page.locator(".ed-node")).to_have_count(0)
    saved(page)
    page.reload()
    expect(page.locator(".ed-blank")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".ed-node")).to_have_count(1)
    saved(page)
    assert [node["id"] for node in definition_of(page, product, workflow)["nodes"]] == ["one"]


def test_a_refused_connection_says_why(page: Page, product: Product) -> None:
    open_new(page, product, "Circle", nodes=[echo("one"), echo("two", 320)], edges=[{"from": "one", "to": "two"}])
    page.locator('.react-flow__node[data-id="two"] .react-flow__handle-right').drag_to(
        page.locator('.react-flow__node[data-id="one"] .react-flow__handle-left')
    )
    expect(page.locator(".ed-notice")).to_contain_text("circle")
    expect(page.locator(".react-flow__edge")).to_have_count(1)


def test_two_people_are_merged_and_nobody_is_overwritten(page: Page, product: Product) -> None:
    without_news(page)
    workflow = open_new(page, product, "Shared", nodes=[echo("one", params={"text": "x"})])
    theirs = definition_of(page, product, workflow)
    theirs["nodes"].append(echo("theirs", 320, params={"text": "y"}))
    request(page, product, "PUT", f"workflows/{workflow}/draft", {"definition": theirs}, **{"If-Match": '"1"'})
    page.locator(".ed-node").click()
    page.locator("#node-title").fill("Mine")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("theirs", timeout=PATIENCE)
    dialog.get_by_role("button", name="Merge both").click()
    expect(page.locator(".ed-node")).to_have_count(2)
    saved(page)
    nodes = {node["id"]: node["title"] for node in definition_of(page, product, workflow)["nodes"]}
    assert nodes == {"one": "Mine", "theirs": "Theirs"}


def test_an_issue_leads_to_its_field(page: Page, product: Product) -> None:
    open_new(page, product, "Broken", nodes=[echo("one")])
    page.get_by_role("button", name=re.compile("^Issues")).click()
    page.locator(".ed-issues button").filter(has_text="text").first.click()
    expect(page.locator('[data-field="text"] textarea')).to_be_focused()
    expect(page.locator('[data-field="text"] .field-errors')).to_be_visible()


def test_the_first_failing_node_is_shown(page: Page, product: Product) -> None:
    stop = {"id": "end", "action": "flow.stop", "title": "End", "params": {"message": "No stock left"}}
    open_new(page, product, "Fails", nodes=[echo("one", params={"text": "x"}), stop | {"position": {"x": 320, "y": 0}}],
             edges=[{"from": "one", "to": "end"}])  # fmt: skip
    page.locator("#run").click()
    page.locator("#run-go").click()
    failed = page.locator('.react-flow__node[data-id="end"] .ed-node[data-state="failed"]')
    expect(failed).to_contain_text("No stock left", timeout=PATIENCE)
    expect(page.locator("#node-title")).to_have_value("End")


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_page_fits_every_screen_in_both_languages(page: Page, product: Product, width: int) -> None:
    workflow = open_new(page, product, "Sizes", nodes=[echo("one", params={"text": "x"})])
    page.set_viewport_size({"width": width, "height": 844})
    for language, word in (("en", "Deploy"), ("ko", "배포")):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": product.base}])
        page.goto(f"{product.base}/workflows/{workflow}/edit")
        expect(page.locator("#deploy")).to_contain_text(word, timeout=PATIENCE)
        sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert sizes[0] <= sizes[1], (width, language, sizes)
        box = page.locator("#deploy").bounding_box()
        assert box is not None and box["x"] + box["width"] <= width


def test_one_writes_while_the_other_watches_and_the_pen_changes_hands(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Together", nodes=[echo("one", params={"text": "x"})])
    other = page.context.new_page()
    other.goto(f"{product.base}/workflows/{workflow}/edit")
    expect(other.locator("#pen-other")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".ed-people li")).to_have_count(1)

    page.locator(".ed-node-text").click()
    page.locator("#node-title").fill("Written here")
    expect(other.locator(".ed-node")).to_contain_text("Written here", timeout=PATIENCE)

    other.locator(".ed-node-text").click()
    other.locator("#node-title").fill("Too early")
    expect(other.locator(".ed-notice")).to_be_visible()
    other.locator("#pen-take").click()
    expect(page.locator("#pen-other")).to_be_visible(timeout=PATIENCE)
    other.locator("#node-title").fill("Written there")
    expect(page.locator(".ed-node")).to_contain_text("Written there", timeout=PATIENCE)
    saved(other)
    assert definition_of(page, product, workflow)["nodes"][0]["title"] == "Written there"
    other.close()
    expect(page.locator("#pen-other")).to_have_count(0, timeout=PATIENCE)
