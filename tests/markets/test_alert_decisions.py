"""When a rule fires: crossing, hysteresis, cooldown, quiet hours, new entries."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from markets.alerts import Memory, Rule, is_quiet, look

NOON = datetime(2025, 2, 11, 3, 0, tzinfo=UTC)  # 12:00 in Seoul


def rows(**values):
    return [{"code": code, "name": code, "value": value} for code, value in values.items()]


def fires(rule, memory, values, minutes=0):
    return [firing.row["code"] for firing in look(rule, memory, rows(**values), NOON + timedelta(minutes=minutes))]


ABOVE = Rule("above", "value", 100.0, hysteresis_percent=10, cooldown=timedelta(0))


def test_crossing_fires_and_staying_does_not():
    memory = Memory()

    assert fires(ABOVE, memory, {"A": 120, "B": 80}) == ["A"]
    assert fires(ABOVE, memory, {"A": 130, "B": 101}, 1) == ["B"]


def test_wobbling_around_the_threshold_fires_once():
    memory = Memory()
    seen = [fires(ABOVE, memory, {"A": value}, minute) for minute, value in enumerate([101, 99, 102, 95, 103])]

    assert seen == [["A"], [], [], [], []]


def test_falling_back_by_the_hysteresis_arms_it_again():
    memory = Memory()

    assert fires(ABOVE, memory, {"A": 101}) == ["A"]
    assert fires(ABOVE, memory, {"A": 89}, 1) == []
    assert fires(ABOVE, memory, {"A": 101}, 2) == ["A"]


def test_below_is_the_mirror_also_for_negative_thresholds():
    rule, memory = Rule("below", "value", -5.0, hysteresis_percent=10, cooldown=timedelta(0)), Memory()

    assert fires(rule, memory, {"A": -6}) == ["A"]
    assert fires(rule, memory, {"A": -4.8}, 1) == []
    assert fires(rule, memory, {"A": -6}, 2) == []
    assert fires(rule, memory, {"A": -4.0}, 3) == []
    assert fires(rule, memory, {"A": -6}, 4) == ["A"]


def test_the_cooldown_silences_a_code_and_not_the_others():
    rule, memory = Rule("above", "value", 100.0, cooldown=timedelta(minutes=30)), Memory()

    assert fires(rule, memory, {"A": 101}) == ["A"]
    fires(rule, memory, {"A": 1}, 1)
    assert fires(rule, memory, {"A": 101, "B": 101}, 2) == ["B"]
    fires(rule, memory, {"A": 1}, 30)
    assert fires(rule, memory, {"A": 101}, 31) == ["A"]


def test_the_first_look_at_a_list_only_learns_it():
    rule, memory = Rule("new_entry", cooldown=timedelta(0)), Memory()

    assert fires(rule, memory, {"A": 1, "B": 2}) == []
    assert fires(rule, memory, {"A": 1, "C": 2}, 1) == ["C"]
    assert fires(rule, memory, {"A": 1, "B": 2}, 2) == ["B"]


@pytest.mark.parametrize("value", [None, "120", True])
def test_what_is_no_number_never_fires(value):
    assert fires(ABOVE, Memory(), {"A": value}) == []


@pytest.mark.parametrize(
    ("start", "end", "clock", "quiet"),
    [(time(22), time(7), 23, True), (time(22), time(7), 3, True), (time(22), time(7), 12, False),
     (time(11), time(13), 12, True), (time(11), time(12), 12, False), (None, None, 12, False)],
)  # fmt: skip
def test_quiet_hours_are_seoul_time_and_may_pass_midnight(start, end, clock, quiet):
    moment = NOON + timedelta(hours=clock - 12)

    assert is_quiet(Rule("above", quiet_from=start, quiet_to=end), moment) is quiet


def test_the_memory_survives_storage():
    memory = Memory()
    fires(Rule("above", "value", 100.0), memory, {"A": 101})
    again = Memory.from_json(memory.to_json())

    assert again == memory
    assert fires(Rule("above", "value", 100.0), again, {"A": 102}, 1) == []
