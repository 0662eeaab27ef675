"""Cron expressions, plain words, calendars and clock changes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from workflows.triggers.cron import CronError, parse
from workflows.triggers.slots import next_slots
from workflows.triggers.words import NotUnderstood, understand

SEOUL = ZoneInfo("Asia/Seoul")


def local(cron: str, start: str, zone: ZoneInfo = SEOUL, count: int = 5, **rule: str) -> list[str]:
    first = dt.datetime.fromisoformat(start).replace(tzinfo=zone)
    found = next_slots(parse(cron), first, zone, count=count, **rule)  # type: ignore[arg-type]
    return [slot.astimezone(zone).strftime("%m-%d %H:%M") for slot in found]


def test_times_come_in_order_and_after_the_moment() -> None:
    assert local("30 9,15 * * 1-5", "2026-11-20T09:30", count=3) == ["11-20 15:30", "11-23 09:30", "11-23 15:30"]


def test_day_of_month_or_day_of_week_when_both_are_named() -> None:
    assert local("0 0 13 * 5", "2026-11-01T00:00", count=4) == [
        "11-06 00:00",
        "11-13 00:00",
        "11-20 00:00",
        "11-27 00:00",
    ]
    assert local("0 0 1 * 5", "2026-11-25T00:00", count=3) == ["11-27 00:00", "12-01 00:00", "12-04 00:00"]


def test_a_leap_day_is_found_years_away() -> None:
    slots = next_slots(parse("0 12 29 2 *"), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), SEOUL, count=2)
    assert [slot.astimezone(SEOUL).year for slot in slots] == [2028, 2032]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("0 9 * *", "five fields"),
        ("60 * * * *", "minute"),
        ("0 0 31 2 *", "no such day"),
        ("*/0 * * * *", "step"),
        ("x * * * *", "minute"),
        ("0 5-3 * * *", "hour"),
    ],
)
def test_wrong_expressions_say_what_is_wrong(text: str, part: str) -> None:
    with pytest.raises(CronError, match=part):
        parse(text)


def test_holidays_and_market_days_are_left_out() -> None:
    # 2027-02-06 to 02-09 is the lunar new year with its substitute holiday.
    assert local("0 9 * * *", "2027-02-04T12:00", count=2, rule="workdays") == ["02-05 09:00", "02-10 09:00"]
    # 31 December is an ordinary working day, but the exchange is closed.
    assert local("0 9 * * *", "2026-12-30T12:00", count=1, rule="workdays") == ["12-31 09:00"]
    assert local("0 9 * * *", "2026-12-30T12:00", count=1, rule="market") == ["01-04 09:00"]


def test_a_closed_day_can_move_to_the_next_open_one_but_never_doubles() -> None:
    assert local("0 10 1 * *", "2026-12-15T00:00", count=1, rule="workdays", closed="next") == ["01-04 10:00"]
    # Saturday and Sunday both move to Monday, which has a slot of its own: one slot.
    moved = local("0 10 * * *", "2026-11-20T11:00", count=2, rule="workdays", closed="next")
    assert moved == ["11-23 10:00", "11-24 10:00"]


def test_clock_changes_neither_lose_nor_double_a_slot() -> None:
    york = ZoneInfo("America/New_York")
    # On 2027-03-14 the clock jumps from 02:00 to 03:00.
    assert local("30 2 * * *", "2027-03-13T03:00", york, count=2) == ["03-14 03:00", "03-15 02:30"]
    # On 2026-11-01 the hour from 01:00 comes twice.
    assert local("30 1 * * *", "2026-10-31T02:00", york, count=2) == ["11-01 01:30", "11-02 01:30"]


@pytest.mark.parametrize(
    ("words", "cron", "days"),
    [
        ("every 15 minutes", "*/15 * * * *", "every"),
        ("Every hour", "0 * * * *", "every"),
        ("every 6 hours", "0 */6 * * *", "every"),
        ("Every day at 9am", "0 9 * * *", "every"),
        ("every day at 12 am", "0 0 * * *", "every"),
        ("every weekday at 9:30", "30 9 * * 1-5", "every"),
        ("Every trading day at 3:40 pm", "40 15 * * *", "market"),
        ("on business days at noon", "0 12 * * *", "workdays"),
        ("every Monday and Thursday at 18:05", "5 18 * * 1,4", "every"),
        ("Sundays at 8 pm", "0 20 * * 0", "every"),
        ("on the 1st of every month at 10:00", "0 10 1 * *", "every"),
        ("매일 오전 9시", "0 9 * * *", "every"),
        ("평일 오후 3시 30분", "30 15 * * 1-5", "every"),
        ("거래일 15:40", "40 15 * * *", "market"),
        ("영업일 오전 8시 반에", "30 8 * * *", "workdays"),
        ("매주 월요일, 목요일 저녁 6시", "0 18 * * 1,4", "every"),
        ("월수금 9시", "0 9 * * 1,3,5", "every"),
        ("매월 25일 10시", "0 10 25 * *", "every"),
        ("15분마다", "*/15 * * * *", "every"),
        ("매시간", "0 * * * *", "every"),
        ("매일 자정", "0 0 * * *", "every"),
    ],
)
def test_plain_words(words: str, cron: str, days: str) -> None:
    found = understand(words)
    assert (found.cron, found.days) == (cron, days)
    parse(found.cron)


@pytest.mark.parametrize(
    "words",
    [
        "sometimes",
        "every 7 minutes",
        "every day",
        "every day at 25:00",
        "at 9",
        "every day at 13 pm",
        "매일",
        "9시부터 10시까지",
        "매월 40일 9시",
        "가끔",
        "every 0 minutes",
        "",
    ],
)
def test_words_that_are_not_clear_are_refused(words: str) -> None:
    with pytest.raises(NotUnderstood):
        understand(words)
