from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from portal.accounts.models import User
from portal.workspaces.models import Workspace
from portal.workspaces.services import Actor, actor_for, create_workspace


@pytest.fixture
def media(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def make_person(db) -> Callable[[str], tuple[User, Workspace]]:
    def make(email: str) -> tuple[User, Workspace]:
        user = User.objects.create_user(email=email, password="a long password")
        return user, create_workspace(user, email)

    return make


@pytest.fixture
def owner(make_person, media) -> Actor:
    user, workspace = make_person("owner@example.com")
    return actor_for(user, workspace)


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """Jobs run in this process as soon as they are sent; their ids are listed."""
    from timeseries.services import jobs

    ids: list[str] = []

    def run_now(job_id) -> None:
        ids.append(str(job_id))
        jobs.run(job_id)

    monkeypatch.setattr(jobs, "send", run_now)
    return ids


@pytest.fixture
def api(owner: Actor, sent) -> APIClient:
    client = APIClient()
    client.force_login(owner.user)
    return client
