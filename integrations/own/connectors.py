"""A workspace's own connectors as the rest of the product knows connectors: found by id, built from their rows.

Their ids are random and unique over all workspaces, so that definitions can name them as any other. What keeps them
to their workspace is asked where it counts: `connector_in` before anything is saved, `run_action` before anything runs.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from integrations.own.actions import make_action
from integrations.own.requests import MODELS, carrier
from integrations.own.spec import OwnSpec
from integrations.sdk import Connector, OAuth2, Upstream
from integrations.sdk.text import Text

PREFIX = "own_"
#: For so long a process believes what it read; longer than that, another process's edit would go unseen.
BELIEVED_SECONDS = 2.0
_MOST = 500
_known: dict[str, tuple[float, int, OwnConnector]] = {}


class OwnConnector(Connector):
    """A connector of one workspace."""

    workspace_id: str = ""


def is_own(identifier: str) -> bool:
    """Whether an id of a connector or action is one of a workspace's own."""
    return identifier.startswith(PREFIX)


def find(connector_id: str) -> OwnConnector | None:
    """The connector of this id; None when there is none (any more)."""
    key = connector_id.partition(".")[0]
    known = _known.get(key)
    if known is not None and known[0] > time.monotonic():
        return known[2]
    if _in_event_loop():
        # The database is not asked here; `ready` has loaded what a run needs.
        return known[2] if known is not None else None
    from integrations.models import WorkspaceConnector

    row = WorkspaceConnector.objects.filter(key=key).defer("document").first()
    if row is None:
        _known.pop(key, None)
        return None
    return remember(row, known)


def remember(row: Any, known: tuple[float, int, OwnConnector] | None = None) -> OwnConnector:
    """The connector of a row, built anew when the row has changed."""
    until = time.monotonic() + BELIEVED_SECONDS
    connector = known[2] if known is not None and known[1] == row.revision else build(row)
    if len(_known) >= _MOST:
        _known.clear()
    _known[row.key] = (until, row.revision, connector)
    return connector


def forget(key: str) -> None:
    """Read the connector anew next time."""
    _known.pop(key, None)


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def ready(identifiers: Any) -> None:
    """Load the own connectors among these ids of actions, for code in an event loop."""
    keys = {text.partition(".")[0] for text in identifiers if isinstance(text, str) and is_own(text)}
    now = time.monotonic()
    for key in keys:
        known = _known.get(key)
        if known is None or known[0] <= now:
            await sync_to_async(_find_in_thread, thread_sensitive=False)(key)


def _find_in_thread(key: str) -> OwnConnector | None:
    close_old_connections()
    try:
        return find(key)
    finally:
        close_old_connections()


def in_workspace(workspace: Any) -> list[OwnConnector]:
    """The connectors of a workspace (or its id) that have actions."""
    from integrations.models import WorkspaceConnector

    rows = WorkspaceConnector.objects.for_workspace(workspace).defer("document").order_by("title", "id")
    found = (remember(row, _known.get(row.key)) for row in rows)
    return [connector for connector in found if connector.actions]


def connector_in(workspace: Any, connector_id: str) -> OwnConnector | None:
    """The connector of this id, if it belongs to this workspace."""
    found = find(connector_id)
    return found if found is not None and found.workspace_id == str(getattr(workspace, "pk", workspace)) else None


def build(row: Any) -> OwnConnector:
    """The connector of a row."""
    spec = OwnSpec.model_validate(row.spec)
    is_sandbox = row.base_url.startswith("/")
    auth: Any = MODELS[spec.sign.kind] if spec.sign.kind != "oauth" else _oauth(row, spec)
    connector = OwnConnector(
        row.key,
        title=Text(row.title, row.title),
        description=Text(row.description, row.description),
        auth=auth,
        upstream=Upstream(
            key="own",
            base_url_env="",
            live="" if is_sandbox else row.base_url,
            sandbox=row.base_url if is_sandbox else "",
        ),
        group="web",
    )
    connector.module = "integrations.own.connectors"
    connector.workspace_id = str(row.workspace_id)
    if row.kind == "mcp":
        from integrations.own.tools import carrier as tool_carrier

        carry = tool_carrier(spec, row.base_url)
    else:
        carry = carrier(spec.sign)
    for action in spec.actions:
        make_action(connector, action, carry)
    return connector


def _oauth(row: Any, spec: OwnSpec) -> OAuth2:
    sign = spec.sign
    return OAuth2(
        authorize_url=sign.authorize_url,
        token_url=sign.token_url,
        revoke_url=sign.revoke_url,
        scopes=tuple(sign.scopes),
        provider=PREFIX.rstrip("_"),
        client_id=sign.client_id,
        client_secret=row.client_secret,
        resource=sign.resource,
    )


def workspace_of(connector: Connector) -> UUID | None:
    """The only workspace that may use a connector; None for those of the installation."""
    return UUID(connector.workspace_id) if isinstance(connector, OwnConnector) else None
