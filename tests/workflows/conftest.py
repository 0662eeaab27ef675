from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

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
