"""Fields of the inspector: completion, live values, choices from a service, files, a connection made in place."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.builder import PATIENCE, definition_of, echo, open_new, saved
from tests.e2e.product import Product


def node(name: str, action: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "action": action, "title": name.title(), "position": {"x": 0, "y": 160}} | more


def test_an_expression_is_completed_and_shows_its_value(page: Page, product: Product) -> None:
    open_new(
        page, product, "Expressions", nodes=[echo("one", params={"text": "{{ input.text }}"}), echo("two", 320)],
        edges=[{"from": "one", "to": "two"}],
    )  # fmt: skip
    page.locator('.react-flow__node[data-id="one"] .ed-node').click()
    page.keyboard.press("Shift+R")
    expect(page.locator('.ed-dock .status[data-state="succeeded"]')).to_be_visible(timeout=PATIENCE)
    page.locator('.react-flow__node[data-id="two"] .ed-node').click()
    page.locator("#inspector-settings").click()
    page.locator('[data-field="text"] .ed-fx').click()
    box = page.locator('[data-field="text"] textarea')
    box.press_sequentially("{{ up")
    expect(page.get_by_role("option", name="upper(text)")).to_be_visible()
    box.press("Enter")
    box.press_sequentially("on")
    box.press("Tab")
    box.press_sequentially(".t")
    box.press("Enter")
    expect(box).to_have_value("{{ upper(one.text)")
    box.press("End")
    box.press_sequentially(" }}")
    result = page.locator('[data-field="text"] .ed-result')
    expect(result).to_contain_text("HELLO", timeout=PATIENCE)
    expect(result).to_contain_text("Text")
    box.fill("{{ upper(one. }}")
    expect(page.locator('[data-field="text"] .ed-result[data-failed]')).to_contain_text("Character", timeout=PATIENCE)


def test_a_choice_comes_from_the_service_and_is_found_by_its_name(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Choices", nodes=[node("post", "slack.post_message")])
    page.locator('.react-flow__node[data-id="post"] .ed-node').click()
    channel = page.locator('[data-field="channel"] input')
    channel.click()
    options = page.locator('[data-field="channel"] [role="option"]')
    expect(options.first).to_be_visible(timeout=PATIENCE)
    wanted = options.first.inner_text().splitlines()[0]
    value = options.first.get_attribute("data-value")
    channel.fill(wanted[1:4])
    expect(options.first).to_contain_text(wanted, timeout=PATIENCE)
    channel.press("Enter")
    expect(channel).to_have_value(wanted)
    saved(page)
    assert definition_of(page, product, workflow)["nodes"][0]["params"]["channel"] == value


def test_a_connection_is_made_without_leaving_the_canvas(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Connect", nodes=[node("rank", "kis.get_volume_ranking")])
    page.locator('.react-flow__node[data-id="rank"] .ed-node').click()
    page.locator("#node-connect").click()
    dialog = page.locator("dialog[open]")
    page.locator("#connect-go").click()
    expect(dialog.locator(".field-errors").first).to_be_visible(timeout=PATIENCE)
    page.locator("#connect-name").fill("Sample keys")
    for field in dialog.locator('.ed-field input[type="password"]').all():
        field.fill("sandbox-key-of-some-length-0123456789")
    page.locator("#connect-go").click()
    expect(dialog).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("#node-connection option:checked")).to_have_text("Sample keys")
    saved(page)
    assert definition_of(page, product, workflow)["nodes"][0]["connection"]


def test_a_file_field_stores_the_file_and_keeps_its_reference(page: Page, product: Product) -> None:
    workflow = open_new(page, product, "Files", nodes=[node("up", "slack.upload_file")])
    page.locator('.react-flow__node[data-id="up"] .ed-node').click()
    page.locator('[data-field="file"] input[type="file"]').set_input_files(
        {"name": "notices.csv", "mimeType": "text/csv", "buffer": b"number,title\n1,Road\n"}
    )
    expect(page.locator('[data-field="file"]')).to_contain_text("notices.csv", timeout=PATIENCE)
    saved(page)
    stored = definition_of(page, product, workflow)["nodes"][0]["params"]["file"]
    assert stored["name"] == "notices.csv" and stored["size"] == 20
