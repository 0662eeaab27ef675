"""The sandbox server behind the guarded client."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from integrations.connectors.http import sandbox as http_sandbox
from integrations.own import connectors
from integrations.sandbox_server import create_app, discover_sandboxes
from portal.common.http import client as guarded_client


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Any:
    app = create_app(discover_sandboxes())

    def client(*arguments: Any, **options: Any) -> Any:
        return guarded_client(*arguments, **{**options, "transport": httpx2.ASGITransport(app=app)})

    monkeypatch.setattr("portal.common.http.client", client)
    monkeypatch.setattr(http_sandbox, "PETS", {1: {"id": 1, "name": "Bori", "tags": ["dog"], "owner": None}})
    monkeypatch.setattr(connectors, "_known", {})
    monkeypatch.setattr(connectors, "BELIEVED_SECONDS", 60.0)
    return app
