"""An agent as an ASGI application: card in the open, everything else behind the service token."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

from timeseries.a2a.cards import AgentName, card
from timeseries.a2a.workers import WorkExecutor, detect, forecast

CARD_PATH = "/.well-known/agent-card.json"
MAX_BODY = 16 * 1024 * 1024


def service_token(secret: str) -> str:
    """The token shared by agents that share the portal's secret key."""
    return hmac.new(secret.encode(), b"timeseries.a2a", hashlib.sha256).hexdigest()


class Guard:
    """Refuses requests without the token, and bodies beyond the limit; the card stays open."""

    def __init__(self, app: Any, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] == CARD_PATH:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"authorization", b"").decode("latin-1")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            refusal = JSONResponse({"error": "A valid service token is needed."}, 401, {"WWW-Authenticate": "Bearer"})
            await refusal(scope, receive, send)
            return
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            await JSONResponse({"error": f"At most {MAX_BODY} bytes."}, 413)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def worker(agent: AgentName) -> AgentExecutor:
    """The executor of a working agent."""
    return WorkExecutor({"forecasting": forecast, "anomaly": detect}[agent])


def build(agent: AgentName, base_url: str, token: str, executor: AgentExecutor) -> Starlette:
    """The ASGI application of an agent."""
    own = card(agent, base_url)
    handler = DefaultRequestHandler(agent_executor=executor, task_store=InMemoryTaskStore(), agent_card=own)
    routes = [*create_agent_card_routes(own), *create_jsonrpc_routes(handler, "/a2a", enable_v0_3_compat=True)]
    return Starlette(routes=routes, middleware=[Middleware(Guard, token=token)])
