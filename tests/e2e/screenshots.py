"""Takes the pictures of the documentation: `make screenshots` (`python -m tests.e2e.screenshots [--url … --link …]`).

Starts a product of its own with fresh data unless told which one to use, walks through template, run, deploy and
playground as a person would, and looks at every picture for console errors, requests that leave the machine and
pages wider than the screen.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.product import Product

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
COLOURS = 192


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture. `path` may hold {workflow}, {run}, {server}, and {graph} with its {graph_run}."""

    name: str
    path: str
    width: int = 1440
    height: int = 900
    theme: str = "light"
    language: str = "en"
    full: bool = False


SHOTS = (
    Shot("home", "/"),
    Shot("home-ko-dark", "/", theme="dark", language="ko"),
    Shot("templates", "/templates"),
    Shot("builder-ko-dark", "/workflows/{graph}/edit?run={graph_run}", theme="dark", language="ko"),
    Shot("builder-tablet", "/workflows/{graph}/edit?run={graph_run}", width=1024, height=768),
    Shot("builder-phone", "/workflows/{graph}/edit", width=390, height=844),
    Shot("workflow", "/workflows/{workflow}"),
    Shot("workflow-json-ko", "/workflows/{workflow}#view=json", language="ko"),
    Shot("run-dark", "/runs/{run}", theme="dark", height=1000),
    Shot("runs", "/runs/"),
    Shot("server", "/servers/{server}"),
    Shot("server-usage-ko", "/servers/{server}#view=usage", language="ko", height=1000),
    Shot("server-phone-ko", "/servers/{server}", width=390, height=844, language="ko"),
    Shot("run-phone-dark", "/runs/{run}", width=390, height=844, theme="dark"),
    Shot("connections-tablet", "/connections", width=1024),
)


class Watch:
    """Collects what a page must not do."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.found: list[str] = []

    def follow(self, page: Page, name: str) -> None:
        page.on("console", lambda m: self.found.append(f"{name}: {m.text[:200]}") if m.type == "error" else None)
        page.on("pageerror", lambda error: self.found.append(f"{name}: {error}"))
        page.on("request", lambda request: self.asked(name, request.url))

    def asked(self, name: str, url: str) -> None:
        if not url.startswith((self.base, self.base.replace("http", "ws", 1), "data:", "blob:")):
            self.found.append(f"{name}: asked for {url}")

    def measure(self, page: Page, name: str) -> None:
        width, inner = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        if width > inner:
            self.found.append(f"{name}: {width} px wide on a screen of {inner}")


@contextmanager
def installation(url: str, link: str) -> Iterator[tuple[str, str]]:
    """Base address and sign-in link of the product to look at."""
    if url:
        yield url.rstrip("/"), link
        return
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder))
        try:
            product.wait_until_ready()
            yield product.base, product.sign_in_link()
        finally:
            product.stop()


def context_for(browser: Browser, base: str, state: Any, shot: Shot) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, storage_state=state, reduced_motion="reduce"
    )
    context.add_cookies(
        [
            {"name": "theme", "value": shot.theme, "url": base},
            {"name": "django_language", "value": shot.language, "url": base},
        ]
    )
    return context


def settle(page: Page, rest: int = 600) -> None:
    """Wait until charts are drawn, the log is there and fonts are ready; then `rest` milliseconds more."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    if "?run=" in page.url:
        page.locator(".ed-dock .status").first.wait_for(timeout=20_000)
        page.wait_for_load_state("networkidle")
    # The policy of the site forbids evaluating text, so no wait_for_function here.
    if page.locator("[data-chart]:visible").count():
        page.locator("[data-chart].js-plotly-plot:visible").first.wait_for(timeout=20_000)
        rest = max(rest, 600)
    page.wait_for_timeout(rest)


def save(page: Page, name: str, *, full: bool = False) -> None:
    """A picture with few colours: a quarter of the size, and nobody sees the difference in a user interface."""
    picture = Image.open(BytesIO(page.screenshot(full_page=full))).convert("RGB")
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)
    print(f"{name}.png", flush=True)


def journey(page: Page, base: str) -> dict[str, str]:
    """Template, run, deploy, playground: what the pictures show, and a picture of each dialog on the way."""
    page.goto(f"{base}/templates")
    page.locator('form[action$="/most-traded-stocks"] button').click()
    page.wait_for_url("**/workflows/*-*")
    workflow = page.url.rsplit("/", 1)[1]
    page.locator("[data-dialog=run]").click()
    page.locator("#run-form button.button-primary").click()
    page.wait_for_url("**/runs/*-*")
    page.locator('#run-state [data-state="succeeded"]').wait_for(timeout=60_000)
    run = page.url.rsplit("/", 1)[1]
    page.goto(f"{base}/workflows/{workflow}")
    page.locator("[data-dialog=deploy]").click()
    page.locator(".deploy-form button[name=go]").wait_for()
    save(page, "deploy")
    page.locator(".deploy-form button[name=go]").click()
    page.get_by_text("It is not shown again").wait_for(timeout=60_000)
    server = page.locator("[data-deployed]").get_attribute("data-deployed") or ""
    page.goto(f"{base}/servers/{server}/playground")
    page.locator("#pg-send").wait_for()
    for count in (5, 10, 15):
        page.locator('#pg-fields input[type="number"]').first.fill(str(count))
        page.locator("#pg-send").click()
        page.locator("#pg-result .card").wait_for(timeout=60_000)
        page.wait_for_timeout(300)
    save(page, "playground")
    return {"workflow": workflow, "run": run, "server": server}


def canvas(page: Page, base: str) -> dict[str, str]:
    """A workflow of seven nodes, run from the canvas, with one node open."""
    page.goto(f"{base}/templates")
    page.locator('form[action$="/market-brief"] button').click()
    page.wait_for_url("**/workflows/*-*")
    graph = page.url.rsplit("/", 1)[1]
    page.goto(f"{base}/workflows/{graph}/edit")
    page.locator("#run").click()
    page.locator("#run-go").click()
    page.locator('.ed-dock .status[data-state="succeeded"]').wait_for(timeout=60_000)
    page.locator('.react-flow__node[data-id="kospi"] .ed-node').click()
    page.locator("#inspector-settings").click()
    settle(page)
    save(page, "builder")
    page.goto(f"{base}/workflows/{graph}")
    run = page.locator('main td a[href*="/runs/"]').first.get_attribute("href") or ""
    return {"graph": graph, "graph_run": run.rstrip("/").rsplit("/", 1)[1]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="a running product; without it, one is started")
    parser.add_argument("--link", default="", help="a one-time sign-in link of that product")
    arguments = parser.parse_args()
    with installation(arguments.url, arguments.link) as (base, link), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        watch = Watch(base)
        first = context_for(browser, base, None, Shot("journey", "/"))
        page = first.new_page()
        watch.follow(page, "journey")
        page.goto(link)
        places = journey(page, base) | canvas(page, base)
        state = first.storage_state()
        for shot in SHOTS:
            context = context_for(browser, base, state, shot)
            page = context.new_page()
            watch.follow(page, shot.name)
            page.goto(base + shot.path.format(**places))
            settle(page)
            watch.measure(page, shot.name)
            save(page, shot.name, full=shot.full)
            context.close()
        browser.close()
    for line in watch.found:
        print(line, file=sys.stderr)
    return 1 if watch.found else 0


if __name__ == "__main__":
    sys.exit(main())
