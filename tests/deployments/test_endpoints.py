"""What a process keeps for each slug, and when it forgets it."""

from __future__ import annotations

import pytest

from deployments.mcp import endpoint as module
from deployments.mcp.endpoint import Endpoints


async def test_a_slug_is_forgotten_only_when_nobody_of_either_era_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IDLE", 1)
    endpoints = Endpoints()
    heard, idle = endpoints.get("heard"), endpoints.get("idle")
    stop = heard.announcements.subscribe(lambda event: None)

    endpoints.get("third")
    assert endpoints.get("heard") is heard and endpoints.get("idle") is not idle

    stop()
    endpoints.get("fourth")
    assert endpoints.get("heard") is not heard
