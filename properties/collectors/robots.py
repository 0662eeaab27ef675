"""robots.txt: fetched once a day per host, evaluated per path, the verdict is part of every collection's record."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

if TYPE_CHECKING:
    import httpx2

    from integrations.sdk import Store

AGENT = "mcp-portal"
KEEP_SECONDS = 24 * 3600.0
MAX_BYTES = 512_000


async def verdict(client: httpx2.AsyncClient, store: Store, url: str) -> str:
    """`allowed`, `disallowed`, or `unknown` when the file cannot be read (then nothing may be requested, RFC 9309)."""
    parts = urlsplit(url)
    # The sandbox mounts every platform under a path: its robots file is beside the API, like a host's.
    root = f"{parts.scheme}://{parts.netloc}"
    key = f"properties:robots:{root}"
    cached = await store.get(key)
    if cached is None:
        try:
            response = await client.get(f"{root}/robots.txt", timeout=10.0)
        except Exception as error:
            if type(error).__module__.split(".")[0] not in ("httpx2", "httpx", "httpcore", "portal"):
                raise
            return "unknown"
        if response.status_code in (401, 403) or response.status_code >= 500:
            return "unknown"
        text = response.text[:MAX_BYTES] if response.status_code < 400 else ""
        cached = text.encode()
        await store.set(key, cached or b"#", ttl=KEEP_SECONDS)
    parser = RobotFileParser()
    parser.parse(cached.decode("utf-8", "replace").splitlines())
    return "allowed" if parser.can_fetch(AGENT, url) else "disallowed"
