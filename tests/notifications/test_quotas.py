"""Quotas: one warning at 80 % and one word at the end, for those who run the workspace, in each period anew."""

from __future__ import annotations

from typing import Any

from portal.common.hub import sync_client
from portal.notifications.models import Channel, Delivery, Event, Notification
from portal.notifications.notices import QUOTA_REACHED, QUOTA_WARNING
from portal.workspaces.models import Plan, Usage
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from portal.workspaces.usage import WHOLE, counter_key, periods
from portal.workspaces.usage_copy import copy_usage
from tests.people import join


def use(owner: Actor, calls: int, period: int = 0) -> None:
    sync_client().hset(counter_key(owner.workspace.pk, periods()[period]), WHOLE, calls)
    copy_usage()


def told() -> list[tuple[str, str]]:
    return list(Event.objects.order_by("id").values_list("topic", "title_en"))


def test_each_step_is_told_once_in_a_period(owner: Actor, sent: list[str]) -> None:
    owner.workspace.plan = Plan.objects.create(name="Small", daily_calls=10, monthly_calls=1000)
    owner.workspace.save()
    name = owner.workspace.name

    for calls in (7, 8, 9):
        use(owner, calls)
    assert told() == [(QUOTA_WARNING, f"{name}: 80 % of today's calls are used")]
    for calls in (10, 10):
        use(owner, calls)
    use(owner, 1000, period=1)
    assert told()[1:] == [
        (QUOTA_REACHED, f"{name}: today's calls are used up"),
        (QUOTA_REACHED, f"{name}: this month's calls are used up"),
    ], "a quota that is used up at once is not warned of as well"

    # Tomorrow, as seen from the row.
    Usage.objects.filter(period="day").delete()
    Event.objects.filter(dedup_key__startswith="day").update(dedup_key="day:yesterday")
    use(owner, 8)
    assert told()[-1][0] == QUOTA_WARNING and len(told()) == 4


def test_those_who_run_the_workspace_hear_of_it_at_once(owner: Actor, sent: list[str], stranger: Actor) -> None:
    owner.workspace.plan = Plan.objects.create(name="Small", daily_calls=10)
    owner.workspace.save()
    admin = join(owner.workspace, Role.ADMIN)
    join(owner.workspace, Role.EDITOR)
    join(owner.workspace, Role.VIEWER)

    use(owner, 10)

    ours: set[Any] = {owner.user, admin.user}
    assert {row.user for row in Notification.objects.select_related("user")} == ours
    mails = Delivery.objects.filter(channel=Channel.EMAIL).select_related("user")
    assert {row.user for row in mails} == ours and not any(row.slot for row in mails), "no digest"
    event = Event.objects.get()
    assert event.url == "/usage" and event.severity == "critical"
    assert "10 of 10 calls" in event.body_en and "10회 중 10회" in event.body_ko
    assert event.data["used"] == event.data["limit"] == 10
