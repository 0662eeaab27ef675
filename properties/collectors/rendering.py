"""Pages that only a browser can show. Every request of the page goes through the guarded client; nothing is disguised.

The browser has no network of its own: names do not resolve, and what the page asks for is fetched by the client it was
handed, with its address checks, size limits and user agent. A redirect, an error or a challenge of the page itself is
reported as it is, so that the circuit breaker sees a block; no challenge is waited out or solved.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx2

PAGE_SECONDS = 30.0
MAX_REQUESTS = 150
#: Never needed for the text of a page.
LEFT_OUT = frozenset({"image", "media", "font", "websocket", "eventsource", "ping", "manifest"})
#: The browser itself reaches nothing: no name resolves, and no connection is made past the interception.
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--no-sandbox",
)
_OWN_HEADERS = frozenset({"host", "content-length", "connection", "accept-encoding", "user-agent", "cookie"})


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether pages can be rendered here; otherwise why not and what to do."""

    is_there: bool
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as a person would see it. `status` and `location` are those of the page's own answer."""

    status: int
    html: str
    location: str = ""
    requests: int = 0
    refused: tuple[str, ...] = field(default=())


class Renderer(Protocol):
    """The port. `client` does all the fetching."""

    async def render(self, client: httpx2.AsyncClient, url: str, *, wait_for: str = "") -> Rendered: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A rendered page as the collector judges answers: its data as text, or the page where there is none."""

    status_code: int
    text: str
    headers: dict[str, str]


def shown(page: Rendered, element: str) -> Shown:
    """The content of the script element named by `#id`; the whole page when it is not there."""
    match = re.search(
        rf"""<script[^>]*\bid=["']?{re.escape(element[1:])}["']?[^>]*>(.*?)</script>""", page.html, re.DOTALL
    )
    return Shown(page.status, match[1] if match else page.html, {"location": page.location})


def browser_path() -> str | None:
    """A Chromium of this machine: the one that CHROMIUM_PATH names, or one on the path."""
    named = os.environ.get("CHROMIUM_PATH", "")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def availability() -> Availability:
    """Whether the optional parts are installed."""
    if importlib.util.find_spec("playwright") is None:
        return Availability(False, "Rendering is not available: Playwright is not installed.", "pip install playwright")
    if browser_path() is None:
        return Availability(
            False,
            "Rendering is not available: there is no Chromium.",
            "Install the package chromium, or name one in CHROMIUM_PATH.",
        )
    return Availability(True)


class PlaywrightRenderer:
    """Renders with Chromium through Playwright; a browser is started per page and ends with it."""

    def __init__(self, *, seconds: float = PAGE_SECONDS) -> None:
        self.seconds = seconds

    async def render(self, client: httpx2.AsyncClient, url: str, *, wait_for: str = "") -> Rendered:
        """The page after its scripts have run, or after `wait_for` (a CSS selector) appeared."""
        from playwright.async_api import async_playwright

        fetched = _Fetched(client, url)
        agent = client.headers.get("user-agent", "")
        async with asyncio.timeout(self.seconds + 15.0), async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
            try:
                context = await browser.new_context(
                    user_agent=agent or None, service_workers="block", accept_downloads=False
                )
                await context.route("**/*", fetched.answer)
                await context.route_web_socket("**/*", _close)
                page = await context.new_page()
                html = await self._load(page, url, wait_for, fetched)
            finally:
                await browser.close()
        return Rendered(fetched.status, html, fetched.location, fetched.count, tuple(fetched.refused))

    async def _load(self, page: Any, url: str, wait_for: str, fetched: _Fetched) -> str:
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as TooSlow

        limit = self.seconds * 1_000
        try:
            await page.goto(url, timeout=limit, wait_until="domcontentloaded")
            if wait_for and fetched.status == 200:
                await page.wait_for_selector(wait_for, timeout=limit, state="attached")
            elif fetched.status == 200:
                await page.wait_for_load_state("networkidle", timeout=limit)
        except TooSlow:
            if not fetched.status:
                raise TimeoutError("the page did not load in time") from None
        except Error:
            # The page's own request was not answered with a page; its status tells the rest.
            if not fetched.status:
                raise
            return fetched.body
        return str(await page.content())


async def _close(socket: Any) -> None:
    await socket.close()


class _Fetched:
    """Answers the page's requests with what the client fetches, and remembers the page's own answer."""

    def __init__(self, client: httpx2.AsyncClient, url: str) -> None:
        self.client, self.url = client, url
        self.status, self.location, self.body, self.count = 0, "", "", 0
        self.refused: list[str] = []
        self.error: Exception | None = None

    async def answer(self, route: Any) -> None:
        request = route.request
        scheme = urlsplit(request.url).scheme
        is_page = request.is_navigation_request() and request.frame.parent_frame is None
        self.count += 1
        if scheme not in ("http", "https") or request.resource_type in LEFT_OUT or self.count > MAX_REQUESTS:
            await route.abort()
            return
        headers = {name: value for name, value in request.headers.items() if name not in _OWN_HEADERS}
        try:
            response = await self.client.request(
                request.method,
                request.url,
                headers=headers,
                content=request.post_data_buffer,
                # The page's own redirect may be a block; those of its parts are followed, hop by checked hop.
                follow_redirects=not is_page,
            )
        except Exception as error:
            if type(error).__module__.split(".")[0] not in ("httpx2", "httpx", "httpcore", "portal"):
                raise
            self.refused.append(urlsplit(request.url).hostname or "")
            await route.abort()
            return
        if is_page:
            self.status, self.location = response.status_code, response.headers.get("location", "")
            self.body = response.text
            if 300 <= response.status_code < 400:
                await route.abort()
                return
        kept = {
            name: value
            for name, value in response.headers.items()
            if name.lower() not in ("content-encoding", "content-length", "transfer-encoding", "set-cookie")
        }
        await route.fulfill(status=response.status_code, headers=kept, body=response.content)
