"""Measure the unusual-volume detector: `python -m markets.evaluate FOLDER [--fit] [--seeds 5]`.

The measure is F1 by injection. Per seed, 1,000 stock-days are multiplied by a log-uniform factor and 3,000 others
stay as they were; the detector has to tell them apart. `--fit` estimates the constants of `markets.unusual` on the
sessions before the evaluated ones. FOLDER holds `daily_*.parquet` and `index_daily_*.csv`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import Any

from markets import unusual
from markets.unusual import Day, Level, Reading

MIN_VALUE = 1_000_000_000
FIT_BEFORE = 90


@dataclass(frozen=True, slots=True)
class Case:
    """One stock on one day, with everything the detectors may know before its close."""

    session: int
    code: str
    past: tuple[Day, ...]
    level: Level
    today: Day
    market: float


def load(folder: Path) -> tuple[list[Any], dict[str, list[tuple[int, Day, str]]], dict[str, list[int]]]:
    """Sessions, each stock's traded days (halts left out) with their index and board, and the boards' daily values."""
    import polars as pl

    bars = pl.read_parquet(next(iter(sorted(folder.glob("daily_*.parquet"))))).with_columns(
        pl.col("code", "market").cast(pl.String)
    )
    index = pl.read_csv(next(iter(sorted(folder.glob("index_daily_*.csv")))), try_parse_dates=True)
    sessions = sorted(bars["date"].unique().to_list())
    place = {day: number for number, day in enumerate(sessions)}
    stocks: dict[str, list[tuple[int, Day, str]]] = {}
    columns = ("code", "date", "amount", "high", "low", "close", "market")
    for code, date, amount, high, low, close, market in (
        bars.filter(pl.col("amount") > 0).sort("code", "date").select(columns).iter_rows()
    ):
        stocks.setdefault(code, []).append((place[date], Day(amount, high, low, close), market))
    boards = {
        market: index.filter(pl.col("market") == market).sort("date")["amount"].to_list()
        for market in ("KOSPI", "KOSDAQ")
    }
    return sessions, stocks, boards


def cases(
    stocks: dict[str, list[tuple[int, Day, str]]], boards: dict[str, list[int]], first: int, last: int
) -> Iterator[Case]:
    """Every liquid stock-day with enough past, between two sessions."""
    factors = {
        market: [unusual.market_factor(values[: number + 1]) for number in range(len(values))]
        for market, values in boards.items()
    }
    for code, days in stocks.items():
        for position in range(unusual.LEAST + 1, len(days)):
            session, today, market = days[position]
            if not first <= session < last:
                continue
            past = tuple(day for _, day, _ in days[max(0, position - unusual.WINDOW - 1) : position])
            level = unusual.level_of(past)
            if level is not None and exp(level.middle) >= MIN_VALUE:
                yield Case(session, code, past, level, today, factors[market][session])


def ours(case: Case, value: float) -> float:
    reading = Reading(int(value), case.today.high, case.today.low)
    return unusual.assess(case.level, reading, case.market).score


def plain(case: Case, value: float) -> float:
    reading = Reading(int(value), case.today.high, case.today.low)
    return unusual.assess(case.level, reading, case.market).plain_score


def z_score(case: Case, value: float) -> float:
    values = [day.value for day in case.past[-20:]]
    return (value - fmean(values)) / (pstdev(values) or 1.0)


def log_z_score(case: Case, value: float) -> float:
    values = [log(day.value) for day in case.past[-20:]]
    return (log(value) - fmean(values)) / max(pstdev(values), 0.05)


def mean_ratio(case: Case, value: float) -> float:
    return value / fmean(day.value for day in case.past[-20:])


def robust(case: Case, value: float) -> float:
    values = [log(day.value) for day in case.past[-20:]]
    middle = median(values)
    spread = 1.4826 * median(abs(item - middle) for item in values)
    return (log(value) - middle) / max(spread, 0.2)


Detector = Callable[[Case, float], float]
#: Each detector with a fixed threshold; the baselines get the one that suits the standard set best.
DETECTORS: dict[str, tuple[Detector, float | None]] = {
    "market- and price-adjusted score (ours)": (ours, unusual.THRESHOLD),
    "market-adjusted score, price left in": (plain, None),
    "z-score, 20 sessions": (z_score, None),
    "Bollinger position (log z-score, 20)": (log_z_score, None),
    "ratio to the 20-session mean": (mean_ratio, None),
    "median and MAD, 20 sessions": (robust, None),
}


def f1(positives: list[float], negatives: list[float], threshold: float) -> tuple[float, float, float]:
    """F1, false-positive rate and recall at a threshold."""
    hits = sum(score >= threshold for score in positives)
    alarms = sum(score >= threshold for score in negatives)
    return 2 * hits / (hits + alarms + len(positives)), alarms / len(negatives), hits / len(positives)


def best_threshold(positives: list[float], negatives: list[float]) -> float:
    """The threshold with the highest F1 on this set."""
    ordered = sorted(negatives)
    steps = [ordered[int(len(ordered) * (0.85 + 0.149 * number / 80))] for number in range(81)]
    return max(steps, key=lambda threshold: f1(positives, negatives, threshold)[0])


def measure(
    pool: list[Case], detector: Detector, threshold: float | None, low: float, seeds: int, high: float = 15.0
) -> tuple[float, float, float, float]:
    """Mean F1, false-positive rate, recall and threshold over the seeds."""
    import random

    rows = []
    for seed in range(seeds):
        chance = random.Random(seed)  # noqa: S311 - a repeatable experiment
        picked = chance.sample(pool, 4000)
        factors = [exp(chance.uniform(log(low), log(high))) for _ in range(1000)]
        positives = [
            detector(case, case.today.value * factor) for case, factor in zip(picked[:1000], factors, strict=True)
        ]
        negatives = [detector(case, case.today.value) for case in picked[1000:]]
        used = best_threshold(positives, negatives) if threshold is None else threshold
        rows.append((*f1(positives, negatives, used), used))
    return tuple(fmean(column) for column in zip(*rows, strict=True))  # type: ignore[return-value]


def flagged_by_day(pool: list[Case]) -> dict[int, float]:
    """The share of scored stocks the detector flags on each session, as a reader of the feed would meet it."""
    seen: dict[int, list[bool]] = {}
    for case in pool:
        seen.setdefault(case.session, []).append(ours(case, case.today.value) >= unusual.THRESHOLD)
    return {session: sum(flags) / len(flags) for session, flags in seen.items()}


def fit(pool: list[Case]) -> tuple[list[float], float, float, float]:
    """Weights, constant and both spreads by robust regression (Huber weights, eight rounds)."""
    import numpy as np

    inputs = [
        (*unusual.explained(case.level, Reading(case.today.value, case.today.high, case.today.low), case.market), 1.0)
        for case in pool
    ]
    matrix = np.array(inputs)
    target = np.array([log(case.today.value) - case.level.middle for case in pool])
    weights, spread = np.ones(len(target)), 1.0
    solution = np.zeros(matrix.shape[1])
    for _ in range(8):
        solution = np.linalg.lstsq(matrix * weights[:, None], target * weights, rcond=None)[0]
        rest = target - matrix @ solution
        spread = float(1.4826 * np.median(np.abs(rest)))
        weights = np.sqrt(np.minimum(1, 1.5 * spread / np.maximum(np.abs(rest), 1e-9)))
    simple = np.array([log(case.today.value) - case.level.slow - unusual.PLAIN_MARKET * case.market for case in pool])
    plain_spread = float(1.4826 * np.median(np.abs(simple - np.median(simple))))
    return (
        [round(float(item), 3) for item in solution[:-1]],
        round(float(solution[-1]), 3),
        round(spread, 3),
        plain_spread,
    )


def report(folder: Path, seeds: int) -> str:
    """The evaluation as a Markdown table."""
    sessions, stocks, boards = load(folder)
    pool = list(cases(stocks, boards, FIT_BEFORE, len(sessions)))
    lines = [
        f"{len(pool):,} liquid stock-days after session {FIT_BEFORE}; {seeds} seeds of 1,000 and 3,000.",
        "",
        "| detector | threshold | F1, 5–15× | false positives | F1, 3–15× | false positives |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, (detector, threshold) in DETECTORS.items():
        standard = measure(pool, detector, threshold, 5.0, seeds)
        # One threshold for both sets: nobody knows beforehand how strong the next surge will be.
        hard = measure(pool, detector, standard[3], 3.0, seeds)
        lines.append(
            f"| {name} | {standard[3]:.2f} | {standard[0]:.3f} | {standard[1]:.1%} | {hard[0]:.3f} | {hard[1]:.1%} |"
        )
    shares = flagged_by_day(list(cases(stocks, boards, 0, len(sessions))))
    worst = sorted(shares.items(), key=lambda item: -item[1])[:3]
    lines += ["", "Most flagged sessions: " + ", ".join(f"{sessions[day]} {share:.1%}" for day, share in worst) + "."]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with the recorded data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fit", action="store_true", help="print constants fitted on the earlier sessions instead")
    options = parser.parse_args()
    if options.fit:
        _, stocks, boards = load(options.folder)
        print(fit(list(cases(stocks, boards, 0, FIT_BEFORE))))
    else:
        print(report(options.folder, options.seeds))
