"""The connector of the listing manager and what its tools share; the tools stand in modules of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from integrations.sdk import Connector, Context, Rejected, Text

SOURCE = "Listings of this workspace"

properties = Connector(
    "properties",
    title=Text(en="Property listings", ko="부동산 매물"),
    description=Text(
        en="The workspace's listings, merged over platforms: search, detail, comparison, price history, matches, "
        "reports and visits.",
        ko="여러 플랫폼을 합친 작업공간의 매물: 검색, 상세, 비교, 가격 이력, 고객 매칭, 리포트, 방문 일정.",
    ),
    group="real-estate",
    icon="properties.svg",
)


def workspace_of(ctx: Context) -> UUID:
    """The workspace whose rows a tool reads; `Rejected` outside of one."""
    if not ctx.workspace_id:
        raise Rejected("Listings belong to a workspace.", remedy="Run this inside a workspace.")
    return UUID(ctx.workspace_id)


def actor_of(ctx: Context) -> Any:
    """Who writes: a person only with the person's own rights, a key or a schedule for the workspace."""
    from portal.accounts.models import User
    from portal.workspaces.models import Workspace
    from portal.workspaces.services import Actor, actor_for

    workspace = Workspace.objects.get(pk=workspace_of(ctx))
    user = User.objects.filter(pk=ctx.caller.user_id).first() if ctx.caller.user_id else None
    return actor_for(user, workspace) if user else Actor(workspace, None, None, is_system=True)
