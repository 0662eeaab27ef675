"""Runs from the canvas: parts of a graph, pinned outputs, stale data, earlier runs, kept inputs."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.builder import PATIENCE, echo, open_new, request, saved
from tests.e2e.product import Product

CHAIN: dict[str, Any] = {
    "nodes": [
        echo("one", params={"text": "{{ input.text }}"}),
        echo("two", 320, params={"text": "{{ one.text }}!"}),
        echo("three", 640, params={"text": "{{ two.text }}?"}),
    ],
    "edges": [{"from": "one", "to": "two"}, {"from": "two", "to": "three"}],
}


def card(page: Page, node: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{node}"] .ed-node')


def run(page: Page, **values: str) -> None:
    page.locator("#run").click()
    for name, value in values.items():
        page.locator(f'dialog [data-field="{name}"] input').fill(value)
    page.locator("#run-go").click()
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)


def output_of(page: Page, node: str) -> Locator:
    chosen = page.locator(f'.react-flow__node[data-id="{node}"] .ed-node[data-selected]')
    card(page, node).click()
    try:
        expect(chosen).to_be_visible(timeout=3_000)
    except AssertionError:
        # The dock opens with a run and the canvas moves to keep its node in sight: that may take a click off its card.
        card(page, node).click()
        expect(chosen).to_be_visible()
    page.locator("#inspector-output").click()
    return page.locator("#inspector-panel pre").first


def test_one_node_is_tried_again_with_the_data_before_it(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Parts", **CHAIN)
    run(page, text="first")
    card(page, "two").click()
    page.locator("#inspector-settings").click()
    page.locator('[data-field="text"] textarea').fill("{{ one.text }} again")
    expect(card(page, "two")).to_have_attribute("data-stale", "true")
    expect(card(page, "three")).to_have_attribute("data-stale", "true")
    expect(card(page, "one")).not_to_have_attribute("data-stale", "true")

    card(page, "two").get_by_role("button", name="Run this node").click()
    expect(page.locator("#inspector-panel pre").first).to_contain_text("first again", timeout=PATIENCE)
    expect(card(page, "two")).not_to_have_attribute("data-stale", "true")
    newest = request(page, product, "GET", f"executions?workflow={workflow}")["results"][0]["id"]
    kinds = [event["node"] for event in request(page, product, "GET", f"executions/{newest}/events")["results"]
             if event["kind"] == "node.started"]  # fmt: skip
    assert kinds == ["two"]

    card(page, "three").click()
    page.keyboard.press("Shift+R")
    expect(output_of(page, "three")).to_contain_text("first again?", timeout=PATIENCE)


def test_a_pinned_output_written_by_hand_stands_for_the_node(page: Page, product: Product) -> None:
    open_new(page, product, "Pinned", **CHAIN)
    card(page, "one").click()
    page.locator("#inspector-output").click()
    page.locator("#pin-write").click()
    page.locator("#pin-text").fill("{ not json")
    page.locator("#pin-save").click()
    expect(page.get_by_role("alert")).to_contain_text("not JSON")
    page.locator("#pin-text").fill('{"text": "by hand"}')
    page.locator("#pin-save").click()
    expect(card(page, "one").locator('[data-kind="pinned"]')).to_be_visible()

    run(page, text="ignored")
    expect(output_of(page, "three")).to_contain_text("by hand!?", timeout=PATIENCE)
    page.reload()
    expect(card(page, "one").locator('[data-kind="pinned"]')).to_be_visible(timeout=PATIENCE)
    card(page, "one").click()
    page.keyboard.press("p")
    expect(card(page, "one").locator('[data-kind="pinned"]')).to_have_count(0)
    run(page, text="real")
    expect(output_of(page, "three")).to_contain_text("real!?", timeout=PATIENCE)


def test_an_earlier_run_comes_back_with_its_data_and_a_kept_input_starts_another(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Earlier", **CHAIN)
    page.locator("#run").click()
    page.locator('dialog [data-field="text"] input').fill("kept")
    page.get_by_role("button", name="Keep these values").click()
    page.locator("#run-keep-name").fill("Busy day")
    page.locator("#run-keep").click()
    expect(page.locator("#run-kept")).to_contain_text("Busy day")
    page.locator("#run-go").click()
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    run(page, text="second")
    expect(output_of(page, "three")).to_contain_text("second!?", timeout=PATIENCE)

    page.locator("#run-menu").click()
    page.get_by_role("menuitem", name="Show an earlier run").click()
    page.locator(".ed-panel .ed-row").filter(has=page.locator(".status")).nth(1).get_by_role("button").click()
    expect(output_of(page, "three")).to_contain_text("kept!?", timeout=PATIENCE)

    page.locator("#run-menu").click()
    page.get_by_role("menuitem", name="Busy day").click()
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    expect(output_of(page, "three")).to_contain_text("kept!?", timeout=PATIENCE)
    saved(page)

    # The run page sends people to the canvas with a run in the address.
    runs = request(page, product, "GET", f"executions?workflow={workflow}")["results"]
    page.goto(f"{product.base}/runs/{runs[1]['id']}")
    link = page.locator('a[href*="/edit?run="]')
    page.goto(product.base + str(link.get_attribute("href")))
    expect(output_of(page, "three")).to_contain_text("second!?", timeout=PATIENCE)
