"""The unusual-volume detector: maths, causes, and its measure on the committed excerpt."""

from __future__ import annotations

import random
from datetime import date
from math import exp, log

import pytest

from markets import unusual
from markets.sandbox import figures
from markets.unusual import Circumstances, Day, Kind, Reading


def quiet(sessions: int = 30, value: int = 10_000_000_000) -> list[Day]:
    return [Day(value + number * 1_000_000, 10_200, 9_900, 10_000) for number in range(sessions + 1)]


def test_a_usual_day_is_usual():
    level = unusual.level_of(quiet())

    outcome = unusual.assess(level, Reading(10_000_000_000, 10_200, 9_900), 0.0)

    assert outcome.kind is Kind.USUAL
    assert outcome.times_usual == pytest.approx(1, abs=0.05)


def test_a_tenfold_day_without_a_price_move_is_unexplained():
    outcome = unusual.assess(unusual.level_of(quiet()), Reading(100_000_000_000, 10_200, 9_900), 0.0)

    assert outcome.kind is Kind.UNEXPLAINED
    assert all(measure.passed for measure in outcome.measures)


def test_the_same_day_with_a_limit_move_is_told_apart():
    outcome = unusual.assess(unusual.level_of(quiet()), Reading(60_000_000_000, 13_000, 10_000), 0.0)

    assert outcome.kind is Kind.WITH_PRICE_MOVE
    assert outcome.score < unusual.THRESHOLD < outcome.plain_score


def test_a_busy_market_raises_the_bar():
    level, reading = unusual.level_of(quiet()), Reading(55_000_000_000, 10_200, 9_900)

    assert unusual.assess(level, reading, 0.9).plain_score < unusual.assess(level, reading, 0.0).plain_score


def test_the_tested_day_is_never_part_of_its_own_level():
    past = quiet()
    before = unusual.level_of(past)

    assert unusual.assess(before, Reading(10**12, 10_200, 9_900), 0.0).sessions == before.sessions == 30
    assert before.usual_value == pytest.approx(10_020_000_000, rel=0.01)


def test_a_young_stock_has_no_level():
    assert unusual.level_of(quiet(19)) is None
    assert unusual.level_of(quiet(20)) is not None


def test_half_a_day_is_scaled_by_the_days_pace():
    level = unusual.level_of(quiet())
    pace = unusual.pace_at(0.5)

    outcome = unusual.assess(level, Reading(int(10_000_000_000 * pace), 10_200, 9_900, pace), 0.0)

    assert outcome.times_usual == pytest.approx(1, abs=0.05)


def test_the_pace_rises_from_nothing_to_everything():
    steps = [unusual.pace_at(number / 100) for number in range(101)]

    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0.0, 1.0)
    assert unusual.pace_at(0.1) > 0.2


def test_the_market_factor_is_the_days_busyness():
    assert unusual.market_factor([100] * 40 + [200]) == pytest.approx(log(2), abs=0.01)
    assert unusual.market_factor([100, 200]) == 0.0


@pytest.mark.parametrize(
    ("facts", "market", "words"),
    [
        (Circumstances(at_upper_limit=True), 0.0, "upper price limit"),
        (Circumstances(change_percent=-12.3), 0.0, "-12.3 %"),
        (Circumstances(resumed=True), 0.0, "resumed after a halt"),
        (Circumstances(corporate_action="01"), 0.0, "corporate action"),
        (Circumstances(warning="02"), 0.0, "investment warning"),
        (Circumstances(year_high=True), 0.0, "52-week high"),
        (Circumstances(), 0.5, "whole market"),
        (Circumstances(change_percent=0.4), 0.0, "cause unknown"),
    ],
)
def test_causes_are_checkable_or_unknown(facts, market, words):
    assert any(words in cause for cause in unusual.causes_of(facts, market))


def test_prices_of_a_later_split_do_not_matter():
    past = quiet()
    halved = [Day(day.value, day.high // 2, day.low // 2, day.close // 2) for day in past]

    plain = unusual.assess(unusual.level_of(past), Reading(50_000_000_000, 10_400, 9_800), 0.0)
    after = unusual.assess(unusual.level_of(halved), Reading(50_000_000_000, 5_200, 4_900), 0.0)

    assert plain.score == pytest.approx(after.score, abs=0.02)


def stock_days() -> list[tuple[unusual.Level, Day, float, date]]:
    """Every liquid stock-day of the excerpt with enough past."""
    factors: dict[tuple[str, date], float] = {}
    for board, rows in figures.index_days().items():
        values = [int(row["amount"]) for row in rows]
        for number, row in enumerate(rows):
            factors[board, date.fromisoformat(row["date"])] = unusual.market_factor(values[: number + 1])
    found = []
    for code, bars in figures.bars().items():
        traded = [bar for bar in bars if bar.volume and bar.amount]
        days = [Day(bar.amount, bar.high, bar.low, bar.close) for bar in traded]
        for number in range(unusual.LEAST + 1, len(days)):
            level = unusual.level_of(days[max(0, number - unusual.WINDOW - 1) : number])
            if level is not None and exp(level.middle) >= 1_000_000_000:
                when = traded[number].date
                found.append((level, days[number], factors[figures.symbols()[code].market, when], when))
    return found


def test_injected_surges_are_found_on_real_figures():
    """F1 by injection on the excerpt; `markets.evaluate` measures it on the whole recorded market."""
    pool, scores = stock_days(), {}
    for low in (5.0, 3.0):
        chance = random.Random(11)
        picked = chance.sample(pool, 2000)
        hits = alarms = 0
        for number, (level, today, market, _) in enumerate(picked):
            factor = exp(chance.uniform(log(low), log(15))) if number < 500 else 1.0
            found = unusual.assess(level, Reading(int(today.value * factor), today.high, today.low), market)
            flagged = found.score >= unusual.THRESHOLD
            hits += flagged and number < 500
            alarms += flagged and number >= 500
        scores[low] = 2 * hits / (hits + alarms + 500)
        assert alarms / 1500 <= 0.03

    assert scores[5.0] >= 0.95
    assert scores[3.0] >= 0.92


def test_no_session_drowns_the_feed():
    days: dict[date, list[bool]] = {}
    for level, today, market, when in stock_days():
        score = unusual.assess(level, Reading(today.value, today.high, today.low), market).score
        days.setdefault(when, []).append(score >= unusual.THRESHOLD)

    assert max(sum(flags) / len(flags) for flags in days.values()) <= 0.10
