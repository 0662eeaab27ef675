"""What one event loop keeps per slug: the server object of the served revision and the open streams."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
from mcp.server.lowlevel.server import Server
from mcp.server.subscriptions import ToolsListChanged

from deployments.mcp.exchange import InFlight
from deployments.mcp.server import Announcements, build_server
from deployments.mcp.streams import Stream
from deployments.mcp.target import Target, targets
from portal.common.hub import client, hub
from portal.common.ids import random_token
from portal.common.loops import per_loop

logger = logging.getLogger(__name__)
#: Beyond this many slugs in one process, those that nobody listens to are forgotten until their next request.
MOST_IDLE = 500
CANCEL_CHANNEL = "mcp:cancel"
_LIST_CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}


class Endpoint:
    """A slug as this event loop serves it. The server object changes with the revision, the streams stay."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.announcements = Announcements()
        self.streams: set[Stream] = set()
        self._told: tuple[Any, ...] = ()
        self._server: Server[Any] | None = None

    def server_for(self, target: Target) -> Server[Any]:
        """The server object of a target, kept as long as everything it says stays the same."""
        words = (target.name, target.description, target.instructions)
        told = (target.revision_id, words, target.prompts, target.resources)
        if self._server is None or self._told != told:
            self._server, self._told = build_server(target, self.announcements), told
        return self._server

    def announce(self) -> None:
        """Tell open clients of both eras that the tool list changed."""
        for stream in tuple(self.streams):
            stream.push_message(_LIST_CHANGED)
        self.announcements.deliver(ToolsListChanged())

    @property
    def is_idle(self) -> bool:
        """Whether nobody of either era waits for news."""
        return not self.streams and not self.announcements.has_listeners


class Endpoints:
    """All endpoints of one event loop, and the mailbox through which other processes reach its streams."""

    def __init__(self) -> None:
        self.process = random_token(12)
        self.in_flight = InFlight()
        self.sessions: dict[str, Stream] = {}
        self._by_slug: dict[str, Endpoint] = {}
        self._ready: asyncio.Task[None] | None = None

    @property
    def mailbox(self) -> str:
        return f"sse:{self.process}"

    def get(self, slug: str) -> Endpoint:
        found = self._by_slug.get(slug)
        if found is None:
            if len(self._by_slug) > MOST_IDLE:
                self._drop_idle()
            found = self._by_slug[slug] = Endpoint(slug)
        return found

    def _drop_idle(self) -> None:
        for slug in [slug for slug, endpoint in self._by_slug.items() if endpoint.is_idle]:
            del self._by_slug[slug]

    async def ready(self) -> None:
        """Return when changes, cancellations and relayed messages reach this loop."""
        if self._ready is None or (self._ready.done() and self._ready.exception() is not None):
            self._ready = asyncio.ensure_future(self._subscribe())
        if not self._ready.done():
            await asyncio.shield(self._ready)
        elif self._ready.exception() is not None:
            raise self._ready.exception()  # type: ignore[misc]

    async def _subscribe(self) -> None:
        targets().listeners.add(self._changed)
        await hub().subscribe(self.mailbox, self._relayed)
        await hub().subscribe(CANCEL_CHANNEL, self._cancelled)

    def _changed(self, change: dict[str, Any]) -> None:
        endpoint = self._by_slug.get(change["slug"])
        if endpoint is not None and change.get("tools_changed"):
            endpoint.announce()

    def _relayed(self, data: bytes) -> None:
        """A frame for a stream held here, produced by the process that served the message."""
        session, _, message = data.partition(b"\n")
        stream = self.sessions.get(session.decode())
        if stream is not None:
            from deployments.mcp.streams import event

            stream.push(event(message))

    def _cancelled(self, data: bytes) -> None:
        scope, request_id = orjson.loads(data)
        self.in_flight.cancel(scope, request_id)

    async def cancel(self, scope: str, request_id: str | int | None) -> None:
        """Stop a request wherever it is being served. The scope names session and principal: nobody else's."""
        if not self.in_flight.cancel(scope, request_id):
            await client().publish(CANCEL_CHANNEL, orjson.dumps([scope, request_id]))

    def close(self) -> None:
        for endpoint in self._by_slug.values():
            for stream in tuple(endpoint.streams):
                stream.close()


def endpoints() -> Endpoints:
    return per_loop("mcp-endpoints", Endpoints)
