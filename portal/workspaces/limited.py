"""A refused call as the error that REST and MCP clients read: which limit, until when, and what to do."""

from __future__ import annotations

from portal.common.errors import LimitReached
from portal.common.limits import Decision

_WHOSE = {
    "server": "This server's limit",
    "workspace": "The workspace's limit",
    "key": "This key's limit",
    "client": "This client's limit",
    "tool": "This tool's limit",
    "day": "The workspace's daily quota",
    "month": "The workspace's monthly quota",
    "key-day": "This key's daily quota",
    "key-month": "This key's monthly quota",
}


def refusal(decision: Decision) -> LimitReached:
    """`limit_reached` for a rate, `quota_reached` for a quota; both end by themselves after `retry_after` seconds."""
    blocker = decision.blocker
    assert blocker is not None, "nothing was refused"
    if blocker.is_quota:
        remedy = "Wait for the next period, or ask the operator for a larger plan."
        if blocker.name.startswith("key-"):
            remedy = "Wait for the next period, or ask an admin of the workspace for a key with a larger quota."
        words, code = f"{blocker.limit:,} calls", "quota_reached"
    else:
        remedy = "Send calls more slowly; the RateLimit header says what is left."
        words, code = f"{blocker.limit:,} calls a minute", "limit_reached"
    return LimitReached(
        f"{_WHOSE.get(blocker.name, blocker.name)} of {words} is reached.",
        code=code,
        remedy=remedy,
        retry_after=decision.whole_seconds,
        details={"limit": blocker.name, "calls": blocker.limit},
    )
