from __future__ import annotations

import pytest

from portal.workspaces.services import Actor
from tests.accounts.flow import Flow
from tests.people import make_owner


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


@pytest.fixture
def flow(owner: Actor) -> Flow:
    assert owner.user is not None
    return Flow(owner.user)
