"""Every WebSocket route: each app may offer `sockets.urlpatterns`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

APPS = ("portal.notifications", "workflows", "deployments", "markets", "procurement", "properties", "timeseries")

websocket_urlpatterns = [
    pattern for app in APPS if find_spec(f"{app}.sockets") for pattern in import_module(f"{app}.sockets").urlpatterns
]
