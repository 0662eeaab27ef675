from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.product import Product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One running product for all tests that leave it as they found it."""
    product = Product(tmp_path_factory.mktemp("product"))
    try:
        product.wait_until_ready()
        yield product
    finally:
        product.stop()
