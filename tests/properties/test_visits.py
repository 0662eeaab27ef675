"""The visit calendar: overlaps, reminders, the feed, and the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from portal.accounts.models import User
from portal.common.errors import Conflict, Invalid, NotFound, PermissionDenied
from portal.notifications.models import Event, Notification
from portal.workspaces.models import Membership
from portal.workspaces.services import actor_for
from properties.desk_models import CalendarFeed, Visit
from properties.models import Listing, Requirement
from properties.visits import services

SEOUL = ZoneInfo("Asia/Seoul")


def tomorrow(hour: int, minute: int = 0) -> datetime:
    day = timezone.now().astimezone(SEOUL) + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


@pytest.fixture
def customer(workspace) -> Requirement:
    return Requirement.objects.create(workspace=workspace, customer="김고객", trade="sale")


@pytest.fixture
def other(workspace) -> Requirement:
    return Requirement.objects.create(workspace=workspace, customer="박손님", trade="sale")


@pytest.fixture
def home(workspace) -> Listing:
    now = timezone.now()
    return Listing.objects.create(
        workspace=workspace, cluster_key="own:1", trade="sale", title="가나래미", first_seen=now, last_seen=now
    )


@pytest.fixture
def colleague(workspace) -> User:
    user = User.objects.create_user(email="colleague@example.test", password="a-long-password-1")
    Membership.objects.create(workspace=workspace, user=user, role="editor")
    return user


@pytest.fixture
def browser(owner, workspace) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def plan(actor, customer, start, **fields) -> Visit:
    return services.visit_plan(actor, customer_id=customer.pk, starts_at=start, **{"place": "방배역 3번", **fields})


# Overlaps


def test_one_person_is_never_in_two_places(actor, customer, other, colleague, home):
    plan(actor, customer, tomorrow(10), minutes=60)

    with pytest.raises(services.Overlap) as caught:
        plan(actor, other, tomorrow(10, 30))
    assert [problem.field for problem in caught.value.problems] == ["guide_id"]
    assert "10:00–11:00" in caught.value.problems[0].message and "김고객" in caught.value.problems[0].message

    with pytest.raises(services.Overlap) as caught:
        plan(actor, customer, tomorrow(10, 30), guide_id=colleague.pk)
    assert [problem.field for problem in caught.value.problems] == ["customer_id"]
    plan(actor, other, tomorrow(10, 30), guide_id=colleague.pk)
    assert Visit.objects.count() == 2


def test_a_home_is_shown_to_one_customer_at_a_time(actor, customer, other, colleague, home):
    plan(actor, customer, tomorrow(10), listing_id=home.pk)

    with pytest.raises(services.Overlap) as caught:
        plan(actor, other, tomorrow(10, 15), listing_id=home.pk, guide_id=colleague.pk)

    assert [problem.field for problem in caught.value.problems] == ["listing_id"]


def test_visits_may_touch_and_a_cancelled_one_frees_its_time(actor, customer, other):
    first = plan(actor, customer, tomorrow(10), minutes=30)
    plan(actor, other, tomorrow(10, 30))

    services.visit_end(actor, first.pk, state="cancelled")

    plan(actor, customer, tomorrow(9, 45), minutes=45)


def test_moving_checks_too_and_asks_for_a_new_reminder(actor, customer, other):
    first = plan(actor, customer, tomorrow(10))
    second = plan(actor, other, tomorrow(14))
    Visit.objects.filter(pk=second.pk).update(reminded_at=timezone.now())

    with pytest.raises(services.Overlap):
        services.visit_move(actor, second.pk, starts_at=tomorrow(10, 15))
    moved = services.visit_move(actor, second.pk, starts_at=tomorrow(15), minutes=45)

    assert (moved.reminded_at, moved.revision) == (None, 1)
    assert moved.ends_at - moved.starts_at == timedelta(minutes=45)
    services.visit_end(actor, first.pk, state="done", outcome="좋았음 010-1234-5678")
    assert "1234" not in Visit.objects.get(pk=first.pk).outcome
    with pytest.raises(Conflict):
        services.visit_move(actor, first.pk, starts_at=tomorrow(16))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [({"minutes": 5}, "minutes"), ({"place": " "}, "place"), ({"days": -40}, "starts_at")],
)
def test_a_wrong_plan_names_its_field(actor, customer, fields, wrong):
    start = tomorrow(10) + timedelta(days=fields.pop("days", 0))

    with pytest.raises(Invalid) as caught:
        plan(actor, customer, start, **fields)

    assert [problem.field for problem in caught.value.problems] == [wrong]


def test_strangers_and_viewers_plan_nothing(actor, customer, viewer, outsider, workspace):
    visit = plan(actor, customer, tomorrow(10))

    with pytest.raises(PermissionDenied):
        plan(actor_for(viewer, workspace), customer, tomorrow(12))
    with pytest.raises(Invalid) as caught:
        plan(actor, customer, tomorrow(12), guide_id=outsider.pk)
    assert caught.value.problems[0].field == "guide_id"
    elsewhere = actor_for(outsider, Membership.objects.get(user=outsider).workspace)
    with pytest.raises(NotFound):
        services.visit_move(elsewhere, visit.pk, starts_at=tomorrow(15))


# Reminders


def test_the_guide_is_reminded_once(actor, customer, colleague, django_capture_on_commit_callbacks):
    visit = plan(actor, customer, tomorrow(10), guide_id=colleague.pk)
    early, near = tomorrow(7), tomorrow(9)

    assert services.visits_remind(early) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert services.visits_remind(near) == 1
    assert services.visits_remind(near) == 0

    event = Event.objects.get(topic="properties.visit")
    assert event.title_ko == "10:00 방문: 김고객" and event.url.endswith(str(visit.pk))
    assert [row.user_id for row in Notification.objects.filter(event=event)] == [colleague.pk]


def test_cancelled_and_past_visits_remind_nobody(actor, customer, other):
    services.visit_end(actor, plan(actor, customer, tomorrow(10)).pk, state="cancelled")
    plan(actor, other, tomorrow(8))

    assert services.visits_remind(tomorrow(9)) == 0


# The feed


def test_the_feed_speaks_icalendar_and_keeps_identities(actor, owner, customer, colleague, home):
    visit = plan(actor, customer, tomorrow(10), listing_id=home.pk, place="", note="주차, 2층; 벨")
    plan(actor, customer, tomorrow(12), guide_id=colleague.pk)
    address = reverse("properties:visit-feed", args=[services.feed_make(actor)])

    answer = Client().get(address)
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    services.visit_move(actor, visit.pk, starts_at=tomorrow(11))
    (moved,) = Calendar.from_ical(Client().get(address).content).walk("VEVENT")

    assert answer["Content-Type"].startswith("text/calendar")
    assert str(event["SUMMARY"]) == "김고객 · 가나래미" and str(event["DESCRIPTION"]) == "주차, 2층; 벨"
    assert event["DTSTART"].dt == tomorrow(10)
    assert (moved["UID"], moved["SEQUENCE"]) == (event["UID"], event["SEQUENCE"] + 1)
    assert moved["DTSTART"].dt == tomorrow(11)
    assert all(len(line) <= 75 for line in answer.content.splitlines())


def test_an_address_ends_with_its_renewal_its_closing_and_the_membership(actor, owner, workspace, customer, colleague):
    first = services.feed_make(actor)
    second = services.feed_make(actor)
    theirs = services.feed_make(actor_for(colleague, workspace))

    assert services.feed_of(first) is None and services.feed_of("") is None
    assert services.feed_of(second) is not None
    services.feed_end(actor)
    assert services.feed_of(second) is None
    Membership.objects.filter(user=colleague).delete()
    assert services.feed_of(theirs) is None
    assert Client().get(reverse("properties:visit-feed", args=[theirs])).status_code == 404


def test_the_secret_itself_is_not_stored(actor):
    token = services.feed_make(actor)

    assert token not in str(CalendarFeed.objects.values().get())


# Pages


def test_the_week_and_the_list_show_the_visit(browser, actor, customer, home):
    visit = plan(actor, customer, tomorrow(10), listing_id=home.pk, place="")
    week = f"?week={tomorrow(10).date().isoformat()}"

    for query in (week, "?view=list"):
        page = browser.get(reverse("properties:visits") + query).content.decode()
        assert reverse("properties:visit-detail", args=[visit.pk]) in page
    file = browser.get(reverse("properties:visit-file", args=[visit.pk]))
    assert file.content.startswith(b"BEGIN:VCALENDAR")


def test_the_page_plans_moves_and_ends(browser, actor, owner, customer, home):
    form = {
        "customer_id": str(customer.pk), "listing_id": str(home.pk), "day": tomorrow(10).date().isoformat(),
        "at": "10:00", "minutes": "30", "guide_id": str(owner.pk),
    }  # fmt: skip
    assert browser.post(reverse("properties:visit-new"), form).status_code == 302
    again = browser.post(reverse("properties:visit-new"), form)
    assert again.status_code == 422 and "10:00–10:30" in again.content.decode()
    visit = Visit.objects.get()
    assert visit.starts_at == tomorrow(10)

    move = {"day": form["day"], "at": "16:30", "minutes": "60"}
    browser.post(reverse("properties:visit-move", args=[visit.pk]), move)
    browser.post(reverse("properties:visit-end", args=[visit.pk]), {"state": "done", "outcome": "마음에 듦"})

    visit.refresh_from_db()
    assert (visit.starts_at, visit.state, visit.outcome) == (tomorrow(16, 30), "done", "마음에 듦")


def test_an_odd_week_is_this_week(browser):
    assert browser.get(reverse("properties:visits") + "?week=soon").status_code == 200
