from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from portal.accounts.services import create_api_key
from portal.workspaces.services import Actor
from tests.people import make_owner
from tests.running import worker_in_process


@pytest.fixture
def owner(transactional_db: None) -> Actor:
    return make_owner()


@pytest.fixture
def running(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with worker_in_process(monkeypatch) as home:
        yield home


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """A REST client with a personal API key of the actor."""

    def make(actor: Actor, **key: Any) -> APIClient:
        assert actor.user is not None
        _, secret = create_api_key(actor.user, "tests", **key)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return make
