"""Shaping a canvas: frames, notes, order, search, files, and a selection that becomes a workflow of its own."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.builder import PATIENCE, definition_of, echo, open_new, request, saved
from tests.e2e.product import Product

ROW: dict[str, Any] = {
    "nodes": [
        echo("one", params={"text": "{{ input.text }}"}),
        echo("two", 320, params={"text": "{{ one.text }}!"}) | {"position": {"x": 320, "y": 60}},
        echo("three", 640, params={"text": "{{ two.text }}?"}),
    ],
    "edges": [{"from": "one", "to": "two"}, {"from": "two", "to": "three"}],
}


def pick(page: Page, *nodes: str) -> None:
    page.keyboard.press("Escape")
    for number, node in enumerate(nodes):
        page.locator(f'.react-flow__node[data-id="{node}"] .ed-node-text').click(
            modifiers=["Control"] if number else []
        )
    expect(page.locator('.ed-node[data-selected="true"]')).to_have_count(len(nodes))


def test_nodes_are_lined_up_and_framed_and_the_frame_collapses(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Framed", **ROW)
    pick(page, "one", "two")
    page.locator('[data-align="top"]').click()
    page.keyboard.press("Control+g")
    frame = page.locator('[data-id="frame:g1"]')
    frame.locator("input").fill("Clean up")
    saved(page)
    stored = definition_of(page, product, workflow)
    assert [node.get("position", {}).get("y", 0) for node in stored["nodes"][:2]] == [0, 0]
    assert stored["groups"] == [{"id": "g1", "title": "Clean up", "colour": "blue", "nodes": ["one", "two"]}]

    frame.get_by_role("button", name="Collapse").click()
    expect(page.locator(".ed-node")).to_have_count(1)
    expect(page.locator(".react-flow__edge")).to_have_count(1)
    frame.get_by_role("button", name="Expand").click()
    expect(page.locator(".ed-node")).to_have_count(3)
    frame.locator(".ed-frame-head").click(position={"x": 200, "y": 16})
    page.keyboard.press("Control+Shift+g")
    expect(frame).to_have_count(0)
    saved(page)
    assert "groups" not in definition_of(page, product, workflow)


def test_a_note_lies_on_the_canvas_and_goes_with_delete(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Noted", **ROW)
    page.locator(".react-flow__pane").click(position={"x": 30, "y": 300})
    page.keyboard.press("Shift+N")
    note = page.locator('[data-id="note:n1"] textarea')
    expect(note).to_be_focused(timeout=PATIENCE)
    page.keyboard.type("Ask Kim")
    saved(page)
    assert definition_of(page, product, workflow)["notes"][0]["text"] == "Ask Kim"
    page.locator('[data-id="note:n1"] .ed-sticky-head').click(position={"x": 40, "y": 10})
    page.keyboard.press("Delete")
    expect(note).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(note).to_have_value("Ask Kim")


def test_a_node_is_found_by_what_stands_in_it(page: Page, product: Product) -> None:
    inner = {"nodes": [echo("hidden", params={"text": "needle"})], "edges": []}
    each = {"id": "each", "action": "flow.map", "title": "Each", "params": {"items": [1]}, "body": inner}
    open_new(page, product, "Found", nodes=[*ROW["nodes"], each | {"position": {"x": 0, "y": 300}}], edges=ROW["edges"])
    page.keyboard.press("/")
    expect(page.locator("#find-node")).to_be_focused()
    page.keyboard.type("needle")
    expect(page.locator(".ed-find [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#node-title")).to_have_value("Hidden")
    expect(page.locator(".ed-level")).to_contain_text("each")


def test_a_selection_becomes_a_sub_workflow_that_gives_the_same(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Whole", **ROW, output={"text": "{{ three.text }}"})
    pick(page, "two", "three")
    page.locator("#extract").click()
    page.locator("#extract-name").fill("Punctuate")
    page.locator("#extract-go").click()
    expect(page.locator(".ed-node")).to_have_count(2, timeout=PATIENCE)
    saved(page)
    stored = definition_of(page, product, workflow)
    assert stored["output"] == {"text": "{{ punctuate.three.text }}"}
    made = request(page, product, "GET", "workflows?search=Punctuate")["results"][0]
    inside = definition_of(page, product, made["id"])
    assert inside["inputs"]["required"] == ["text"]
    assert inside["nodes"][0]["params"] == {"text": "{{ input.text }}!"}

    page.keyboard.press("Escape")
    page.locator("#run").click()
    page.locator("#run-go").click()
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    newest = request(page, product, "GET", f"executions?workflow={workflow}")["results"][0]["id"]
    assert request(page, product, "GET", f"executions/{newest}")["output"] == {"text": "Hello!?"}


def test_a_workflow_leaves_as_a_file_and_comes_back_as_an_edit(page: Page, product: Product) -> None:
    open_new(page, product, "Exported", **ROW)
    page.locator("#file-menu").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export as a file").click()
    document = json.loads(download.value.path().read_text())
    assert [node["id"] for node in document["definition"]["nodes"]] == ["one", "two", "three"]

    other = open_new(page, product, "Empty")
    page.locator("#import-file").set_input_files({"name": "bad.json", "mimeType": "application/json", "buffer": b"[1]"})
    expect(page.locator(".ed-notice")).to_contain_text("neither a workflow nor nodes")
    page.locator("#import-file").set_input_files(
        {"name": "w.json", "mimeType": "application/json", "buffer": json.dumps(document).encode()}
    )
    expect(page.locator(".ed-node")).to_have_count(3)
    saved(page)
    assert len(definition_of(page, product, other)["nodes"]) == 3
    page.keyboard.press("Control+z")
    expect(page.locator(".ed-node")).to_have_count(0)
