"""Asking the upstream from a page: the same tools an MCP client calls, with the workspace's connection."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.utils.translation import get_language

from integrations.runtime import run_action
from integrations.services import credential_for
from portal.workspaces.services import Actor
from procurement.upstream import blocking


def ask(actor: Actor, tool: str, **params: Any) -> dict[str, Any]:
    """The answer of a Naramarket tool; raises its errors."""
    user = actor.user.pk if actor.user else None

    async def call() -> dict[str, Any]:
        opened = await sync_to_async(credential_for)(actor.workspace.pk, "naramarket", user_id=user)
        answer: dict[str, Any] = await run_action(
            f"naramarket.{tool}",
            params,
            credential=opened.values if opened and opened.values else None,
            workspace_id=str(actor.workspace.pk),
            connection_id=opened.connection_id if opened else "",
            language=get_language() or "en",
            egress=opened.egress if opened else None,
        )
        return answer

    return blocking(call)()
