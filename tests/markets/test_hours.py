"""The exchange's calendar against the sessions that were really held, and the states of a day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from markets.kis import hours
from markets.kis.hours import Session
from markets.kis.wire import SEOUL
from markets.sandbox import figures


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


def test_the_offline_calendar_agrees_with_every_recorded_session():
    held = set(figures.sessions())
    day, last = min(held), max(held)
    while day <= last:
        assert hours.is_trading_day(day) == (day in held), day
        day += timedelta(days=1)


@pytest.mark.parametrize("day", [date(2026, 6, 3), date(2026, 7, 17), date(2026, 5, 1), date(2026, 12, 31)])
def test_days_that_other_calendars_get_wrong_are_closed(day):
    assert not hours.is_trading_day(day)


def test_the_upstreams_own_list_wins():
    day = date(2026, 11, 18)

    assert hours.is_trading_day(day)
    assert not hours.is_trading_day(day, {day: False})


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2025-02-11T08:45", Session.PRE_OPEN),
        ("2025-02-11T09:00", Session.OPEN),
        ("2025-02-11T15:19", Session.OPEN),
        ("2025-02-11T15:20", Session.CLOSING_AUCTION),
        ("2025-02-11T15:30", Session.AFTER_HOURS),
        ("2025-02-11T18:00", Session.CLOSED),
        ("2025-02-11T03:00", Session.CLOSED),
        ("2025-01-28T11:00", Session.HOLIDAY),
        ("2025-02-08T11:00", Session.HOLIDAY),
        ("2024-11-14T09:30", Session.PRE_OPEN),
        ("2024-11-14T16:00", Session.OPEN),
        ("2025-01-02T09:40", Session.PRE_OPEN),
        ("2025-01-02T10:00", Session.OPEN),
    ],
)
def test_the_state_of_the_day(moment, state):
    assert hours.session_at(at(moment)) is state


def test_the_first_session_of_a_year_opens_at_ten():
    assert hours.hours_of(date(2025, 1, 2)).opens == time(10, 0)
    assert hours.hours_of(date(2025, 1, 3)).opens == time(9, 0)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2025-02-11T08:59", date(2025, 2, 10)),
        ("2025-02-11T09:00", date(2025, 2, 11)),
        ("2025-02-09T12:00", date(2025, 2, 7)),
        ("2025-01-30T12:00", date(2025, 1, 24)),
    ],
)
def test_the_last_session_begun(moment, day):
    assert hours.last_session(at(moment)) == day


def test_seoul_dates_do_not_follow_utc():
    late_in_utc = at("2025-02-11T09:30").astimezone(hours.UTC)

    assert late_in_utc.date() == date(2025, 2, 11)
    assert hours.last_session(at("2025-02-12T00:30")) == date(2025, 2, 11)


def test_the_progress_of_a_session():
    assert hours.progress_of(at("2025-02-11T08:00"), date(2025, 2, 11)) == 0.0
    assert hours.progress_of(at("2025-02-11T12:15"), date(2025, 2, 11)) == 0.5
    assert hours.progress_of(at("2025-02-12T08:00"), date(2025, 2, 11)) == 1.0
