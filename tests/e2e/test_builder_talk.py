"""The canvas beside the graph: comments, tests, data of two runs, curl lines, limits of runs, an empty start."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.builder import PATIENCE, definition_of, echo, open_new, request, saved
from tests.e2e.product import Product

LINE = "curl -X PUT https://api.example.com/items -H 'X-Trace: 7' -H 'Content-Type: application/json' -d '{}'"


def chain() -> dict[str, Any]:
    return {
        "nodes": [
            echo("one", params={"text": "{{ input.text }}"}),
            echo("two", 320, params={"text": "{{ one.text }}!"}),
        ],
        "edges": [{"from": "one", "to": "two"}],
    }


def run_with(page: Page, text: str) -> None:
    page.locator("#run").click()
    page.locator('dialog[open] [data-field="text"] input').fill(text)
    page.locator("#run-go").click()
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)


def test_a_comment_stands_on_its_node_is_answered_and_settled(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Talked about", **chain())
    page.locator('.react-flow__node[data-id="one"] .ed-node-text').click()
    page.locator(".ed-rail").get_by_role("button", name="Comments").click()
    page.get_by_label("Comment on One").last.fill("Why this text?")
    page.keyboard.press("Control+Enter")
    badge = page.locator('.react-flow__node[data-id="one"] [data-kind="said"]')
    expect(badge).to_have_text("1", timeout=PATIENCE)

    thread = page.locator(".ed-thread")
    thread.get_by_role("button", name="Answer").click()
    thread.locator("textarea").fill("Because.")
    thread.locator('button[type="submit"]').click()
    expect(badge).to_have_text("2", timeout=PATIENCE)
    found = request(page, product, "GET", f"workflows/{workflow}/comments")["results"]
    assert [(item["node"], item["text"], item["thread"] is None) for item in found] == [
        ("one", "Why this text?", True),
        ("one", "Because.", False),
    ]

    thread.get_by_role("button", name="Resolve").click()
    expect(badge).to_have_count(0, timeout=PATIENCE)
    page.get_by_role("button", name="Show resolved (1)").click()
    expect(page.locator(".ed-thread[data-settled]")).to_contain_text("Because.")


def test_a_comment_reaches_the_other_canvas_by_itself(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Heard of", **chain())
    expect(page.locator(".ed-node")).to_have_count(2, timeout=PATIENCE)
    other = page.context.new_page()
    other.goto(f"{product.base}/workflows/{workflow}/edit")
    expect(page.locator(".ed-people li")).to_have_count(1, timeout=PATIENCE)
    request(page, product, "POST", f"workflows/{workflow}/comments", {"text": "Look", "node": "two"})
    for canvas in (page, other):
        expect(canvas.locator('.react-flow__node[data-id="two"] [data-kind="said"]')).to_be_visible(timeout=PATIENCE)
    other.close()


def test_a_run_becomes_a_test_that_notices_a_change(page: Page, product: Product) -> None:
    open_new(page, product, "Tested", **chain())
    run_with(page, "Hello")
    page.locator(".ed-rail").get_by_role("button", name="Tests").click()
    page.locator("#test-name").fill("Says hello")
    page.locator("#test-save").click()
    page.locator("#tests-run").click()
    expect(page.locator('.ed-case[data-passed="true"]')).to_contain_text("Says hello", timeout=PATIENCE)

    page.locator('.react-flow__node[data-id="two"] .ed-node-text').click()
    page.locator('[data-field="text"] textarea').fill("{{ one.text }}?")
    page.locator("#tests-run").click()
    expect(page.locator('.ed-case[data-passed="false"] pre')).to_contain_text("Hello!", timeout=PATIENCE)


def test_the_data_of_a_node_is_compared_with_another_run(page: Page, product: Product) -> None:
    open_new(page, product, "Compared", **chain())
    run_with(page, "Hello")
    first = page.locator('.ed-dock a[href*="/runs/"]').get_attribute("href")
    page.locator("#run").click()
    page.locator('dialog[open] [data-field="text"] input').fill("Bye")
    page.locator("#run-go").click()
    expect(page.locator(f'.ed-dock a[href*="/runs/"]:not([href="{first}"])')).to_be_visible(timeout=PATIENCE)
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    page.locator(".ed-dock-tab", has_text="Data").click()
    assert first is not None
    page.locator("#data-node").select_option("two")
    page.locator(f'#data-compare option[value="{first.rsplit("/", 1)[1]}"]').wait_for(state="attached")
    page.locator("#data-compare").select_option(first.rsplit("/", 1)[1])
    expect(page.locator("#data-diff tbody tr")).to_have_count(1, timeout=PATIENCE)
    expect(page.locator("#data-diff tbody tr")).to_contain_text("Hello!")
    expect(page.locator("#data-diff tbody tr")).to_contain_text("Bye!")


def test_a_curl_line_fills_the_http_node_in_one_step(page: Page, product: Product) -> None:
    http = {"id": "call", "action": "http.request", "params": {"url": "https://example.com"}, "position": {"x": 0}}
    workflow = open_new(page, product, "From curl", nodes=[http])
    page.locator(".ed-node-text").click()
    page.locator("summary", has_text="curl").click()
    page.locator("#curl-line").fill(LINE)
    page.locator("#curl-read").click()
    expect(page.locator(".ed-inspector")).to_contain_text("Filled in", timeout=PATIENCE)
    saved(page)
    params = definition_of(page, product, workflow)["nodes"][0]["params"]
    assert params["url"] == "https://api.example.com/items"
    assert params["method"] == "PUT"
    assert params["headers"]["X-Trace"] == "7"
    page.get_by_role("button", name="Undo", exact=True).click()
    saved(page)
    assert definition_of(page, product, workflow)["nodes"][0]["params"] == {"url": "https://example.com"}


def test_pace_and_turns_are_set_by_form(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Limited", **chain())
    page.locator('.react-flow__node[data-id="one"] .ed-node-text').click()
    page.locator("summary", has_text="Reliability").click()
    page.locator('[id="rel-rate.limit"]').fill("10")
    page.locator("#rel-rate-key").fill("shared")
    page.locator(".ed-inspector").get_by_role("button", name="Concurrency key").click()
    page.locator("#turns-limit").fill("2")
    page.locator("#turns-key").fill("{{ input.text }}")
    page.locator("#turns-policy").select_option("skip")
    saved(page)
    stored = definition_of(page, product, workflow)
    assert stored["nodes"][0]["rate"] == {"limit": 10, "key": "shared"}
    assert stored["concurrency"] == {"key": "{{ input.text }}", "limit": 2, "policy": "skip"}
    page.locator("#turns-limit").fill("")
    saved(page)
    assert "concurrency" not in definition_of(page, product, workflow)


def test_an_approval_is_set_up_by_form(page: Page, product: Product) -> None:
    ask = {"id": "ask", "action": "flow.approval", "params": {"message": "Send it?"}, "position": {"x": 0}}
    workflow = open_new(page, product, "Asks", nodes=[ask])
    page.locator(".ed-node-text").click()
    for field, value in (("approvers", "kim@example.com"), ("email", "lee@example.com")):
        page.locator(f'[data-field="{field}"] .ed-list > button', has_text="Add").click()
        page.locator(f'[data-field="{field}[0]"] input').fill(value)
    page.locator('[data-field="slack"] input').fill("#deals")
    page.locator('[data-field="expires_in"] input').fill("3")
    page.locator('[data-field="expires_in"] select').select_option(label="days")
    page.locator('[data-field="expires_in"] input').fill("2")
    saved(page)
    assert definition_of(page, product, workflow)["nodes"][0]["params"] == {
        "message": "Send it?", "approvers": ["kim@example.com"], "email": ["lee@example.com"], "slack": "#deals",
        "expires_in": 172800,
    }  # fmt: skip


def test_an_empty_canvas_offers_three_ways_to_begin(page: Page, product: Product) -> None:
    open_new(page, product, "Nothing yet")
    expect(page.locator("#start-template")).to_have_attribute("href", "/templates")
    page.locator("#start-add").click()
    expect(page.locator("#palette-search")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.locator("#start-paste").click()
    chooser.value.set_files(
        {
            "name": "part.json",
            "mimeType": "application/json",
            "buffer": b'{"kind": "workflow-fragment", "nodes": [{"id": "one", "action": "text.echo"}], "edges": []}',
        }
    )
    expect(page.locator(".ed-node")).to_have_count(1)
    expect(page.locator(".ed-starts")).to_have_count(0)
