"""Where documents and servers of own connectors lie: addresses that may be used, and reading what is there."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx2

from integrations.own.documents import MAX_BYTES
from integrations.registry import resolve_site
from integrations.sdk import Connector, Upstream
from integrations.sdk.text import Text
from portal.common import http
from portal.common.bridge import run_async
from portal.common.errors import FieldProblem, Invalid
from portal.workspaces.services import Actor

READ_SECONDS = 25.0


def is_base(url: str) -> bool:
    if url.startswith("/") and not url.startswith("//"):
        # A path leads to the sandbox, and only where that is on.
        return resolve_site(sandbox_connector(url)).mode == "sandbox"
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and not parts.password


def base_of(url: str) -> str:
    return url.rstrip("/") or "/"


def fetch(actor: Actor, address: str) -> bytes:
    """The bytes at an address, through the guard; a path is one of the sandbox, where that is on."""
    site = resolve_site(sandbox_connector(address if address.startswith("/") else ""))
    if not is_base(address):
        raise wrong("address", "This is not a full address.", "Start it with https://.")
    url = site.base_url if site.mode == "sandbox" else address
    egress = tuple(actor.workspace.egress_hosts) or None

    async def read() -> bytes:
        budget = http.Budget(total=READ_SECONDS, connect=5.0, read=15.0, max_bytes=MAX_BYTES)
        trusted = site.base_url if site.mode == "sandbox" else ""
        async with http.client(budget=budget, egress=egress, trusted_url=trusted, follow_redirects=True) as client:
            response: httpx2.Response = await client.get(
                url, headers={"Accept": "application/json, application/yaml, text/yaml, */*;q=0.5"}
            )
        if response.status_code != 200:
            raise Invalid(
                f"The address answers with HTTP {response.status_code}.",
                remedy="Open it in a browser, or upload the file instead.",
                code="document_not_found",
            )
        return response.content

    return run_async(read)


def sandbox_connector(path: str) -> Connector:
    """A stand-in by which a path of the sandbox is resolved as every connector's is."""
    upstream = Upstream(key="own", base_url_env="", live="", sandbox=path)
    return Connector("own_source", title=Text("Source", "원본"), description=Text("", ""), upstream=upstream)


def wrong(field: str, message: str, remedy: str) -> Invalid:
    return Invalid("The connector cannot be made so.", problems=[FieldProblem(field, message, remedy)])
