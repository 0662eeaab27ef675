"""Unusual volume: how far a stock's trading value is above what its own past, the market's day and its price explain.

The level is linear in logarithms: fast and slow weighted means of the past, yesterday, the market's own busyness and
today's true range against its usual one. A rise that the price movement explains is told apart from one it does not.
The constants come from `python -m markets.evaluate FOLDER --fit`: robust regression on sessions before the evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import exp, fsum, log, sqrt
from statistics import fmean, median

#: Sessions the level looks back, and the fewest it needs.
WINDOW, LEAST = 30, 20
#: Coefficients of slow mean, fast mean and yesterday (all against the median of 20), market, range, range squared.
WEIGHTS = (0.382, 0.416, 0.165, 0.077, 0.900, 0.263)
CONSTANT = -0.105
#: Robust spread of what is left, with and without the price movement taken out.
SPREAD, PLAIN_SPREAD = 0.348, 0.526
#: How much of the market's busyness a stock takes over when its price movement is left in.
PLAIN_MARKET = 0.8
THRESHOLD = 3.0
SLOW, FAST = 0.8, 0.5
SMALLEST_RANGE = 0.3


class Kind(StrEnum):
    """What sort of finding it is."""

    UNEXPLAINED = "unexplained"
    WITH_PRICE_MOVE = "with_price_move"
    USUAL = "usual"


@dataclass(frozen=True, slots=True)
class Day:
    """One finished session with trading: value in won, adjusted prices."""

    value: int
    high: int
    low: int
    close: int


@dataclass(frozen=True, slots=True)
class Level:
    """What a stock's past says about its next session."""

    sessions: int
    middle: float
    slow: float
    fast: float
    last: float
    usual_range: float
    mean_5: float
    mean_20: float
    log_mean: float
    log_spread: float
    last_close: int

    @property
    def usual_value(self) -> float:
        """The slow weighted mean as won."""
        return exp(self.slow)


def level_of(past: Sequence[Day]) -> Level | None:
    """The level from finished sessions, oldest first; None with fewer than 20 of them. Halted days do not belong in."""
    if len(past) < LEAST + 1:
        return None
    window = past[-(WINDOW + 1) :]
    logs = [log(day.value) for day in window[1:]]
    ranges = [log(true_range(day.high, day.low, before.close)) for before, day in pairwise(window)]
    last_20 = logs[-20:]
    log_mean = fmean(last_20)
    return Level(
        sessions=len(logs),
        middle=median(last_20),
        slow=weighted(logs, SLOW),
        fast=weighted(logs, FAST),
        last=logs[-1],
        usual_range=weighted(ranges, SLOW),
        mean_5=fmean(day.value for day in window[-5:]),
        mean_20=fmean(day.value for day in window[-20:]),
        log_mean=log_mean,
        log_spread=sqrt(fsum((item - log_mean) ** 2 for item in last_20) / (len(last_20) - 1)),
        last_close=window[-1].close,
    )


def weighted(values: Sequence[float], fade: float) -> float:
    """The mean with weights that fade by `fade` for each session into the past."""
    weights = [fade**age for age in range(len(values) - 1, -1, -1)]
    return sum(weight * value for weight, value in zip(weights, values, strict=True)) / sum(weights)


def true_range(high: int, low: int, previous_close: int) -> float:
    """The day's range including the gap from the close before, in per cent, never below 0.3."""
    if previous_close <= 0:
        return SMALLEST_RANGE
    top, bottom = max(high, previous_close), min(low, previous_close)
    return max((top - bottom) / previous_close * 100, SMALLEST_RANGE)


def market_factor(values: Sequence[int]) -> float:
    """How busy the market is on the last of `values` (won, oldest first) against its slow mean, as a logarithm.

    This carries what moves all stocks at once: weekday, the days around holidays, shortened sessions, shocks.
    """
    logs = [log(value) for value in values if value > 0]
    if len(logs) < LEAST:
        return 0.0
    return logs[-1] - weighted(logs[-WINDOW - 1 : -1], SLOW)


@dataclass(frozen=True, slots=True)
class Reading:
    """Today's figures. `pace` is the share of a usual day that is over (1.0 after the close)."""

    value: int
    high: int
    low: int
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Measure:
    """One piece of evidence with its own threshold."""

    name: str
    value: float
    threshold: float
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The outcome for one stock and day."""

    kind: Kind
    score: float
    plain_score: float
    times_usual: float
    sessions: int
    measures: tuple[Measure, ...]


def explained(level: Level, reading: Reading, market: float) -> tuple[float, ...]:
    """The six inputs of the level's equation."""
    swing = log(true_range(reading.high, reading.low, level.last_close)) - level.usual_range
    return (
        level.slow - level.middle,
        level.fast - level.middle,
        level.last - level.middle,
        market,
        swing,
        swing * swing,
    )


def assess(level: Level, reading: Reading, market: float, threshold: float = THRESHOLD) -> Assessment:
    """Score a day. `score` is in robust spreads above what past, market and price movement explain."""
    full_day = max(reading.value, 1) / max(reading.pace, 0.02)
    x = log(full_day)
    expected = level.middle + CONSTANT
    expected += sum(weight * part for weight, part in zip(WEIGHTS, explained(level, reading, market), strict=True))
    score = (x - expected) / SPREAD
    plain = (x - level.slow - PLAIN_MARKET * market) / PLAIN_SPREAD
    z = (x - level.log_mean) / max(level.log_spread, 0.15)
    band = exp(level.log_mean + 2 * level.log_spread)
    kind = Kind.USUAL
    if score >= threshold:
        kind = Kind.UNEXPLAINED
    elif plain >= threshold:
        kind = Kind.WITH_PRICE_MOVE
    measures = (
        Measure("market_adjusted_score", round(score, 2), threshold, score >= threshold, "price movement taken out"),
        Measure("volume_score", round(plain, 2), threshold, plain >= threshold, "price movement left in"),
        Measure("z_score_20", round(z, 2), 2.5, z >= 2.5, "logarithm of the trading value over 20 sessions"),
        Measure("times_mean_5", round(full_day / level.mean_5, 2), 2.0, full_day >= 2 * level.mean_5, ""),
        Measure("times_mean_20", round(full_day / level.mean_20, 2), 2.5, full_day >= 2.5 * level.mean_20, ""),
        Measure("times_bollinger_upper", round(full_day / band, 2), 1.0, full_day >= band, "20 sessions, 2 spreads"),
    )
    return Assessment(
        kind, round(score, 2), round(plain, 2), round(full_day / level.usual_value, 2), level.sessions, measures
    )


#: Share of a usual day's trading by share of the session: busy opening, quiet noon, closing auction.
PACE = ((0.0, 0.0), (0.013, 0.07), (0.077, 0.22), (0.154, 0.32), (0.308, 0.47), (0.462, 0.58), (0.615, 0.68),
        (0.769, 0.77), (0.923, 0.89), (1.0, 1.0))  # fmt: skip


def pace_at(progress: float) -> float:
    """The share of a usual day's trading value that is done after `progress` (0 to 1) of the session."""
    for (left, low), (right, high) in pairwise(PACE):
        if progress <= right:
            return low + (high - low) * (max(progress, left) - left) / (right - left)
    return 1.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Facts that can explain a busy day, each checkable by the reader."""

    change_percent: float | None = None
    at_upper_limit: bool = False
    at_lower_limit: bool = False
    year_high: bool = False
    year_low: bool = False
    resumed: bool = False
    newly_listed: bool = False
    corporate_action: str = ""
    volatility_interruption: bool = False
    warning: str = "00"
    short_term_overheated: bool = False
    administrative: bool = False


WARNINGS = {"01": "investment caution", "02": "investment warning", "03": "investment risk"}


def causes_of(facts: Circumstances, market: float) -> list[str]:
    """Checkable causes, the most telling first; `cause unknown` when nothing fits."""
    causes = []
    if facts.at_upper_limit:
        causes.append("at the daily upper price limit")
    if facts.at_lower_limit:
        causes.append("at the daily lower price limit")
    if facts.resumed:
        causes.append("trading resumed after a halt")
    if facts.newly_listed:
        causes.append("listed within the last 20 sessions")
    if facts.corporate_action:
        causes.append(f"corporate action on this day (code {facts.corporate_action})")
    if facts.change_percent is not None and abs(facts.change_percent) >= 5:
        causes.append(f"price moved {facts.change_percent:+.1f} %")
    if facts.year_high:
        causes.append("new 52-week high")
    if facts.year_low:
        causes.append("new 52-week low")
    if facts.volatility_interruption:
        causes.append("volatility interruption today")
    if facts.short_term_overheated:
        causes.append("designated as short-term overheated")
    if facts.warning in WARNINGS:
        causes.append(f"designated: {WARNINGS[facts.warning]}")
    if facts.administrative:
        causes.append("under administrative supervision")
    if market >= 0.35:
        causes.append(f"the whole market trades {exp(market):.1f} times its usual value")
    return causes or ["cause unknown"]
