from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.builder import PATIENCE
from tests.e2e.product import Product
from tests.e2e.screenshots import CHROMIUM, FLAGS, Watch


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One running product for all tests that leave it as they found it."""
    product = Product(tmp_path_factory.mktemp("product"))
    try:
        product.wait_until_ready()
        yield product
    finally:
        product.stop()


# One a module and not one a session: while it is open, this thread has a running event loop, which other tests of the
# same worker cannot have.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(product: Product, browser: Browser) -> dict[str, Any]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(product.sign_in_link())
    page.wait_for_load_state("load")
    state: Any = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def page(product: Product, browser: Browser, signed_in: dict[str, Any]) -> Iterator[Page]:
    """A page that must neither complain nor ask other machines for anything."""
    context = browser.new_context(
        storage_state=signed_in,  # type: ignore[arg-type]
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "django_language", "value": "en", "url": product.base}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    watch = Watch(product.base)
    watch.follow(page, "builder")
    yield page
    context.close()
    # A refused save or form is an answer that the page expects; the browser mentions it all the same.
    assert [line for line in watch.found if "412" not in line and "422" not in line] == []
