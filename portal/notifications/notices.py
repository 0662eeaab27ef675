"""The service's own topics, and those of the workspace itself: its quotas."""

from __future__ import annotations

from typing import Any

from portal.notifications.models import Channel, Event, Mode, Severity
from portal.notifications.publish import notify
from portal.notifications.receivers import hear
from portal.notifications.topics import Topic, Words
from portal.workspaces.models import Membership, Usage, Workspace
from portal.workspaces.roles import Role
from portal.workspaces.signals import quota_used

TEST, DESTINATION_OFF = "portal.test", "portal.destination_off"
QUOTA_WARNING, QUOTA_REACHED = "portal.quota_warning", "portal.quota_reached"

TOPICS = [
    Topic(
        DESTINATION_OFF,
        Words("A destination was switched off", "수신처가 꺼짐"),
        Words("It refused messages for good, or failed too often.", "메시지를 계속 거부하거나 너무 자주 실패했습니다."),
        severity=Severity.WARNING,
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
    Topic(
        QUOTA_WARNING,
        Words("A quota runs out", "할당량 소진 임박"),
        Words("80 % of the day's or the month's calls are used.", "하루 또는 한 달 호출의 80 %를 사용했습니다."),
        severity=Severity.WARNING,
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
    Topic(
        QUOTA_REACHED,
        Words("A quota is used up", "할당량 소진"),
        Words("Further calls are refused until the period is over.", "기간이 끝날 때까지 이후 호출을 거부합니다."),
        severity=Severity.CRITICAL,
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
]
_PERIODS = {
    Usage.Period.DAY: Words("today's calls", "오늘의 호출"),
    Usage.Period.MONTH: Words("this month's calls", "이번 달 호출"),
}


@hear(quota_used)
def tell_quota(workspace: Workspace, usage: Usage, limit: int, **_: Any) -> Event | None:
    """Tell owners and admins once at 80 % and once at the end of each period."""
    what = _PERIODS[Usage.Period(usage.period)]
    if usage.stopped_at is not None:
        topic = QUOTA_REACHED
        title = Words(f"{workspace.name}: {what.en} are used up", f"{workspace.name}: {what.ko}을 모두 사용했습니다")
        then = Words(
            "Further calls are refused until the period is over.", "기간이 끝날 때까지 이후 호출을 거부합니다."
        )
    else:
        topic = QUOTA_WARNING
        title = Words(
            f"{workspace.name}: 80 % of {what.en} are used", f"{workspace.name}: {what.ko}의 80 %를 사용했습니다"
        )
        then = Words(
            "At the end, further calls are refused until the period is over.",
            "모두 쓰면 기간이 끝날 때까지 이후 호출을 거부합니다.",
        )
    return notify(
        workspace,
        topic,
        title,
        Words(
            f"{usage.calls:,} of {limit:,} calls are used. {then.en}",
            f"호출 {limit:,}회 중 {usage.calls:,}회를 사용했습니다. {then.ko}",
        ),
        "/usage",
        people=Membership.objects.filter(workspace=workspace, role__in=[Role.OWNER, Role.ADMIN]).values_list(
            "user_id", flat=True
        ),
        dedup_key=f"{usage.period}:{usage.starts_on}",
        data={"period": usage.period, "starts_on": usage.starts_on.isoformat(), "used": usage.calls, "limit": limit},
    )
