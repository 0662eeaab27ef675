"""The main job in a real browser: template, run, deploy, call from the playground; then a second client calls too."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from playwright.sync_api import sync_playwright

from tests.e2e.product import Product
from tests.e2e.screenshots import CHROMIUM, FLAGS, Watch

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
PATIENCE = 90_000


def test_from_the_first_click_to_the_first_call(product: Product) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE)
        watch = Watch(product.base)
        watch.follow(page, "journey")
        page.goto(product.sign_in_link())

        began = time.monotonic()
        page.goto(f"{product.base}/templates")
        page.locator('form[action$="/most-traded-stocks"] button').click()
        page.wait_for_url("**/workflows/*-*")
        page.locator("[data-dialog=run]").click()
        page.locator("#run-form button.button-primary").click()
        page.wait_for_url("**/runs/*-*")
        page.locator('#run-state [data-state="succeeded"]').wait_for()
        lines = page.locator("#log [data-seq]").count() or page.locator("[data-seq]").count()
        page.go_back()
        page.locator("[data-dialog=deploy]").click()
        page.locator(".deploy-form button[name=go]").click()
        server = page.locator("[data-deployed]").get_attribute("data-deployed")
        key = page.get_by_text("mcpk_").first.inner_text()
        page.goto(f"{product.base}/servers/{server}/playground")
        page.locator("#pg-send").click()
        page.locator("#pg-result .card").wait_for()
        seconds = time.monotonic() - began
        result = page.locator("#pg-result").inner_text()
        browser.close()

    print(f"\nfirst click to first successful call: {seconds:.1f} s")
    assert lines > 0, "the run page shows no log lines"
    assert "삼성전자" in result or "005930" in result, result[:500]
    assert watch.found == []
    secret = next(part for part in key.replace('"', " ").split() if part.startswith("mcpk_"))
    url = f"{product.base}/mcp/{server}"
    assert asyncio.run(_call(url, secret)) == [10, 10, 10]


async def _call(url: str, key: str) -> list[int]:
    """Rows that the SDK's client gets in both eras and over HTTP+SSE."""
    headers = {"Authorization": f"Bearer {key}"}

    async def rows(client: Client) -> int:
        result: Any = await client.call_tool("most_traded_stocks", {"count": 10})
        assert not result.is_error, result.content
        assert result.structured_content["as_of"]
        return len(result.structured_content["stocks"])

    counts = []
    async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as web:
        for mode in ("legacy", "2026-07-28"):
            async with Client(streamable_http_client(url, http_client=web), mode=mode) as client:
                counts.append(await rows(client))
    async with Client(sse_client(f"{url}/sse", headers=headers), mode="legacy") as client:
        counts.append(await rows(client))
    return counts
