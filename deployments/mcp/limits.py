"""What one tool call takes: a place in five token buckets and in the quotas, in one round trip to Redis."""

from __future__ import annotations

from deployments.mcp.auth import Principal
from deployments.mcp.target import Target
from portal.common.limits import Bucket, Decision
from portal.common.limits import take as take_all
from portal.workspaces.usage import meters, rates


async def take(target: Target, principal: Principal, tool: str = "") -> Decision:
    """Take one call of this principal, or say which limit refuses it; a limit of 0 means unlimited."""
    subject = principal.id[:64]
    buckets = rates(
        target.workspace_id,
        target.limits,
        subject=subject,
        key=principal.limits,
        client=f"{subject}:{principal.client_name}",
        tool=f"{target.deployment_id}:{tool}",
    )
    if target.rate_limit > 0:
        buckets.insert(0, Bucket("server", f"limit:s:{target.deployment_id}", target.rate_limit))
    return await take_all(buckets, meters(target.workspace_id, target.limits, subject=subject, key=principal.limits))
