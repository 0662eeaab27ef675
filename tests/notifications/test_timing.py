"""Quiet hours, digests, pauses and retries, to the minute."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.notifications.timing import Hours, due, is_quiet, next_at, retry_after

SEOUL = ZoneInfo("Asia/Seoul")
NIGHT = Hours(quiet_from=time(22), quiet_to=time(7, 30))


def seoul(clock: str, day: int = 10) -> datetime:
    return datetime.combine(datetime(2026, 3, day), time.fromisoformat(clock), SEOUL)


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59:59", False), ("22:00", True), ("23:59:59", True), ("00:00", True), ("07:29:59", True), ("07:30", False)],
)
def test_quiet_hours_pass_midnight(clock: str, quiet: bool) -> None:
    assert is_quiet(NIGHT, seoul(clock)) is quiet
    # The same moment, told by another clock.
    assert is_quiet(NIGHT, seoul(clock).astimezone(UTC)) is quiet


def test_quiet_hours_within_a_day_and_none() -> None:
    lunch = Hours(quiet_from=time(12), quiet_to=time(13))
    assert [is_quiet(lunch, seoul(clock)) for clock in ("11:59", "12:00", "12:59", "13:00")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not is_quiet(Hours(quiet_from=time(9), quiet_to=time(9)), seoul("09:00"))
    assert not is_quiet(Hours(), seoul("03:00"))


def test_news_of_the_night_waits_for_the_morning_in_one_message() -> None:
    before, after = due("instant", NIGHT, seoul("23:10")), due("instant", NIGHT, seoul("04:00", 11))

    assert before == after
    assert before.at == seoul("07:30", 11)
    assert due("instant", NIGHT, seoul("12:00")).slot == ""


def test_critical_news_wakes_people_unless_they_say_no() -> None:
    assert due("instant", NIGHT, seoul("23:10"), critical=True).slot == ""
    deaf = Hours(quiet_from=time(22), quiet_to=time(7, 30), critical_anyway=False)
    assert due("instant", deaf, seoul("23:10"), critical=True).at == seoul("07:30", 11)


def test_a_pause_holds_everything_and_may_end_in_quiet_hours() -> None:
    paused = Hours(quiet_from=time(22), quiet_to=time(7, 30), muted_until=seoul("23:00"))
    assert due("instant", paused, seoul("15:00")).at == seoul("07:30", 11)
    past = Hours(muted_until=seoul("09:00"))
    assert due("instant", past, seoul("15:00")).slot == ""


def test_digests_share_their_hour_or_day() -> None:
    assert due("hourly", Hours(), seoul("09:01")) == due("hourly", Hours(), seoul("09:59:59"))
    assert due("hourly", Hours(), seoul("09:01")).at == seoul("10:00")
    assert due("hourly", Hours(), seoul("10:00")).at == seoul("11:00")
    morning = Hours(daily_at=time(8, 30))
    assert due("daily", morning, seoul("08:29")).at == seoul("08:30")
    assert due("daily", morning, seoul("08:30")).at == seoul("08:30", 11)
    assert due("hourly", NIGHT, seoul("22:15")).at == seoul("07:30", 11)


def test_an_hour_that_summer_time_skips_still_comes() -> None:
    # New York, 8 March 2026: clocks go from 02:00 to 03:00.
    found = next_at(time(2, 30), "America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC))
    assert found == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert next_at(time(2, 30), "America/New_York", found) == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)


def test_waits_double_with_chance_up_to_an_hour() -> None:
    for attempts, longest in ((1, 15), (2, 30), (5, 240), (9, 3600), (60, 3600)):
        waits = {retry_after(attempts, chance=random.Random(seed)) for seed in range(40)}
        assert timedelta(seconds=longest / 2) <= min(waits) and max(waits) <= timedelta(seconds=longest)
        assert len(waits) > 20


def test_the_other_sides_wish_is_kept_within_reason() -> None:
    assert retry_after(1, asked=120) == timedelta(minutes=2)
    assert retry_after(1, asked=1e9) == timedelta(days=1)
