"""The ASGI application: MCP endpoints first (no middleware may buffer a stream), then sockets, then Django."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")

from django.core.asgi import get_asgi_application

django_app = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from deployments.mcp.app import is_mcp_path, mcp_app, shut_down  # noqa: E402
from portal.sockets import websocket_urlpatterns  # noqa: E402

sockets = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Server-neutral: start-up never depends on lifespan messages, which daphne does not send."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await shut_down()
                await send({"type": "lifespan.shutdown.complete"})
                return
    elif scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif is_mcp_path(scope["path"]):
        await mcp_app(scope, receive, send)
    else:
        await django_app(scope, receive, send)
