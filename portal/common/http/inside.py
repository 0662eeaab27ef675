"""A client for an ASGI application in this process: nothing leaves it, so nothing needs guarding."""

from __future__ import annotations

from typing import Any

import httpx2


def asgi_client(app: Any) -> httpx2.AsyncClient:
    """An HTTP client whose requests go straight into `app`, whatever their host."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), trust_env=False)
