"""What the browser tests of the canvas share: the REST API beside the page, fresh workflows, small graphs."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.product import Product

PATIENCE = 60_000
TEXT_INPUT = {"type": "object", "properties": {"text": {"type": "string", "default": "Hello"}}}


def request(page: Page, product: Product, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A call of the REST API with the session of the page."""
    token = next((c["value"] for c in page.context.cookies() if c["name"] == "csrftoken"), "")
    answer = page.context.request.fetch(
        f"{product.base}/api/v1/{path}",
        method=method,
        data=None if body is None else json.dumps(body),
        headers={"Content-Type": "application/json", "X-CSRFToken": token, "Referer": product.base, **headers},
    )
    assert answer.ok, (answer.status, answer.text())
    return answer.json()


def open_new(page: Page, product: Product, name: str, **definition: Any) -> str:
    """The editor of a fresh workflow; answers with its id."""
    page.goto(f"{product.base}/workflows/")
    document = {"schema_version": 1, "inputs": TEXT_INPUT, "nodes": [], "edges": [], "output": {}} | definition
    made = request(page, product, "POST", "workflows", {"name": name, "definition": document})
    page.goto(f"{product.base}/workflows/{made['id']}/edit")
    expect(page.locator(".ed-shell")).to_be_visible(timeout=PATIENCE)
    return str(made["id"])


def saved(page: Page) -> None:
    expect(page.locator("#save-state[data-state=saved]")).to_be_visible(timeout=PATIENCE)


def definition_of(page: Page, product: Product, workflow: str) -> dict[str, Any]:
    draft: dict[str, Any] = request(page, product, "GET", f"workflows/{workflow}/draft")
    return dict(draft["definition"])


def echo(name: str, x: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": name, "action": "text.echo", "title": name.title(), "position": {"x": x, "y": 0}} | more


def add(page: Page, words: str, action: str) -> None:
    page.locator("#palette-search").fill(words)
    expect(page.locator(f'[data-action="{action}"]').first).to_be_visible(timeout=PATIENCE)
    page.locator(f'[data-action="{action}"]').first.click()


def without_news(page: Page) -> None:
    """Let the page hear nothing of others, as on a bad line: it meets their changes when it saves."""
    page.route_web_socket("**/ws/workflows/**", lambda socket: socket.close())
