"""Large canvases: frame times and opening times are printed, and everything stays usable; axe looks at every view.

The figures belong to the machine that runs the test, so they are told, not judged.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import severe_findings
from tests.e2e.builder import PATIENCE, definition_of, echo, open_new, saved
from tests.e2e.product import Product

#: Collects the time between frames until `stopFrames()`.
FRAMES = """() => {
    const times = []; let last = performance.now(); let on = true;
    const step = (now) => { times.push(now - last); last = now; if (on) requestAnimationFrame(step); };
    requestAnimationFrame(step);
    window.stopFrames = () => { on = false; return times.slice(1); };
}"""
#: Where a point of the canvas is on the screen.
WHERE = """(point) => {
    const place = document.querySelector(".ed-flow").getBoundingClientRect();
    const matrix = new DOMMatrix(getComputedStyle(document.querySelector(".react-flow__viewport")).transform);
    return {x: place.x + matrix.e + point.x * matrix.a, y: place.y + matrix.f + point.y * matrix.a};
}"""
#: A row of the outline is spoken with its operation between the words that are seen, and `fx` as what it does.
SPOKEN_OTHERWISE = "label-content-name-mismatch"


def grid(count: int, columns: int) -> dict[str, Any]:
    """Rows of chained nodes."""
    nodes = [
        echo(f"n{number}", params={"text": f"{number}"})
        | {"position": {"x": number % columns * 300, "y": number // columns * 120}}
        for number in range(count)
    ]
    edges = [{"from": f"n{i}", "to": f"n{i + 1}"} for i in range(count - 1) if (i + 1) % columns]
    return {"nodes": nodes, "edges": edges}


def told(capsys: pytest.CaptureFixture[str], name: str, times: list[float]) -> None:
    ordered = sorted(times)
    with capsys.disabled():
        print(
            f"\n{name}: {len(times)} frames, median {ordered[len(ordered) // 2]:.1f} ms, "
            f"p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms"
        )


def test_a_canvas_of_300_nodes_pans_and_zooms(page: Page, product: Product, capsys: pytest.CaptureFixture[str]) -> None:
    open_new(page, product, "Three hundred", **grid(300, 20))
    expect(page.locator('.ed-far[data-drawn="300"]')).to_be_visible(timeout=PATIENCE)
    box = page.locator(".react-flow__pane").bounding_box()
    assert box is not None
    before = page.locator(".react-flow__viewport").get_attribute("style")
    page.evaluate(FRAMES)
    x, y = box["x"] + box["width"] / 2, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(x - step * 8, y + step * 4)
    page.mouse.up()
    told(capsys, "pan over 300 nodes", page.evaluate("stopFrames()"))
    assert page.locator(".react-flow__viewport").get_attribute("style") != before

    before = page.locator(".react-flow__viewport").get_attribute("style")
    page.evaluate(FRAMES)
    for _ in range(20):
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(16)
    told(capsys, "zoom over 300 nodes", page.evaluate("stopFrames()"))
    assert page.locator(".react-flow__viewport").get_attribute("style") != before

    # Near enough to read, cards are real, and only those in sight and around it are in the page.
    page.keyboard.press("f")
    page.keyboard.press("0")
    expect(page.locator(".ed-far")).to_have_count(0)
    expect(page.locator(".ed-node").first).to_be_visible()
    assert 0 < page.locator(".ed-node").count() < 300
    page.evaluate(FRAMES)
    page.mouse.down(button="middle")
    for step in range(40):
        page.mouse.move(x - step * 8, y + step * 4)
    page.mouse.up(button="middle")
    told(capsys, "pan over 300 nodes, near", page.evaluate("stopFrames()"))


def test_a_node_of_a_large_graph_is_chosen_and_moved_from_afar(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "From afar", **grid(300, 20))
    expect(page.locator('.ed-far[data-drawn="300"]')).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".ed-node")).to_have_count(0)
    at = page.evaluate(WHERE, {"x": 110, "y": 32})
    page.mouse.move(at["x"] - 2, at["y"])
    page.mouse.move(at["x"], at["y"])
    card = page.locator('.react-flow__node[data-id="n0"]')
    expect(card).to_be_visible()
    page.mouse.down()
    page.mouse.move(at["x"] + 10, at["y"] - 30)
    page.mouse.move(at["x"] + 20, at["y"] - 60)
    page.mouse.up()
    saved(page)
    moved = {node["id"]: node.get("position", {}) for node in definition_of(page, product, workflow)["nodes"]}
    assert moved["n0"].get("y", 0) < 0
    assert moved["n1"] == {"x": 300}


def test_a_graph_of_1000_nodes_opens(page: Page, product: Product, capsys: pytest.CaptureFixture[str]) -> None:
    workflow = open_new(page, product, "Thousand", **grid(1000, 40))
    began = time.perf_counter()
    page.goto(f"{product.base}/workflows/{workflow}/edit")
    expect(page.locator('.ed-far[data-drawn="1000"]')).to_be_visible(timeout=PATIENCE)
    took = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n1,000 nodes opened in {took:.2f} s")
    page.keyboard.press("g")
    expect(page.locator('.ed-outline [role="treeitem"]')).to_have_count(1000, timeout=PATIENCE)


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ko", "dark")])
def test_axe_finds_nothing_serious_on_any_view_of_the_editor(
    page: Page, product: Product, language: str, theme: str
) -> None:
    inner = {"nodes": [echo("read", params={"text": "{{ item }}"})], "edges": []}
    workflow = open_new(
        page, product, "Seen",
        nodes=[echo("one", params={"text": "{{ input.text }}"}), echo("two", 320),
               {"id": "each", "action": "flow.map", "title": "Each", "params": {"items": [1, 2]}, "body": inner,
                "position": {"x": 640, "y": 0}}],
        edges=[{"from": "one", "to": "two"}],
        groups=[{"id": "g1", "title": "Group", "nodes": ["one", "two"]}],
        notes=[{"id": "n1", "text": "Note", "position": {"x": 0, "y": 200}}],
    )  # fmt: skip
    page.context.add_cookies(
        [{"name": name, "value": value, "url": product.base}
         for name, value in (("django_language", language), ("theme", theme))]
    )  # fmt: skip
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.goto(f"{product.base}/workflows/{workflow}/edit")
    expect(page.locator(".ed-node").first).to_be_visible(timeout=PATIENCE)
    found: dict[str, list[str]] = {}

    def look(view: str) -> None:
        if lines := [line for line in severe_findings(page) if not line.startswith(SPOKEN_OTHERWISE)]:
            found[view] = lines

    look("canvas")
    page.locator('.react-flow__node[data-id="one"] .ed-node-text').click()
    page.keyboard.press("Shift+R")
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    look("output and log")
    for tab in ("settings", "input", "notes"):
        page.locator(f"#inspector-{tab}").click()
        look(tab)
    for number, name in ((1, "timeline"), (2, "data"), (3, "issues")):
        page.locator(".ed-dock-tab").nth(number).click()
        look(name)
    for number, name in ((1, "inputs"), (2, "versions")):
        page.locator(".ed-rail button").nth(number).click()
        look(name)
    page.locator("#run-menu").click()
    look("run menu")
    page.keyboard.press("Escape")
    for button, name in (("#run", "run form"), ("#file-menu", "file menu")):
        page.locator(button).click()
        look(name)
        page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    look("selection")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    look("find")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    expect(page.locator(".ed-outline")).to_be_visible()
    look("outline")
    assert found == {}
