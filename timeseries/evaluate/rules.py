"""Rules of combining judged by origins inside the training rows; the test rows stand beside them, for reporting only.

Who looks at both columns while choosing has used up the test rows: docs/users/timeseries.md tells where that happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from timeseries.data.series import FloatArray, make_series
from timeseries.evaluate.forecasting import LEVEL, pick, read_group
from timeseries.evaluate.members import Lines, member_lines
from timeseries.metrics import forecasting as metrics
from timeseries.models.forecasting.base import one_step_scale, scaled_errors
from timeseries.models.forecasting.conformal import calibrate

Blend = Callable[[FloatArray], FloatArray]


def _trimmed(stack: FloatArray) -> FloatArray:
    result: FloatArray = np.sort(stack, axis=0)[1:-1].mean(axis=0)
    return result


BLENDS: dict[str, Blend] = {
    "mean": lambda stack: stack.mean(axis=0),
    "median": lambda stack: np.asarray(np.median(stack, axis=0)),
    "trimmed": _trimmed,
}
PLAIN = ("auto_ets", "dynamic_theta", "scaled_theta", "scaled_trend")
USUAL = ("auto_ets", "auto_theta", "dynamic_theta", "auto_arima")
WEEKS = ("auto_ets", "auto_arima", "mstl", "dynamic_theta", "auto_ces")
HOURS = ("auto_ets", "mstl", "seasonal_naive", "seasonal_average")
# The first rule of a group is the one in use.
RULES: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "m3_monthly": [
        ("trimmed", (*PLAIN, "auto_ces")),
        ("median", (*PLAIN, "auto_ces")),
        ("mean", (*PLAIN, "auto_ces")),
        ("trimmed", (*PLAIN, "mstl")),
        ("mean", ("auto_ets", "dynamic_theta", "auto_theta", "auto_ces", "seasonal_naive")),
    ],
    "m3_quarterly": [
        ("mean", (*PLAIN, "auto_arima")),
        ("trimmed", (*PLAIN, "auto_arima")),
        ("median", (*PLAIN, "auto_arima")),
        ("mean", ("auto_ets", "dynamic_theta", "auto_ces", "auto_arima")),
    ],
    "m3_yearly": [
        ("median", USUAL),
        ("mean", USUAL),
        ("trimmed", (*PLAIN, "auto_arima")),
    ],
    "m4_weekly": [("median", WEEKS), ("mean", WEEKS), ("trimmed", WEEKS)],
    "m4_hourly": [("median", HOURS), ("mean", HOURS), ("median", HOURS[:3]), ("mean", HOURS[1:3])],
}


def members_of(group: str) -> list[str]:
    """Every model any rule of the group needs."""
    return sorted({kind for _, kinds in RULES[group] for kind in kinds})


def table(folder: Path, group: str, cache: Path, limit: int = 0) -> list[str]:
    """Lines of a Markdown table: OWA of each rule from the validation origins, then from the end of the train rows."""
    meta = json.loads((folder / "meta.json").read_text())[group]
    horizon, period = int(meta["horizon"]), int(meta["season_length"])
    errors: dict[str, list[list[FloatArray]]] = {"validation": [], "test": []}
    inside: dict[str, list[tuple[float, float]]] = {"inner": [], "test": []}
    rules = RULES[group]
    for name, train, test in pick(read_group(folder, group), limit):
        made = {kind: member_lines(cache, group, name, kind, train, horizon, period) for kind in members_of(group)}
        lines = {kind: line for kind, line in made.items() if line is not None}
        if len(lines) < len(made):
            continue
        for part, rows in _errors(lines, rules, train, test, horizon, period).items():
            if rows is not None:
                errors[part].append(rows)
        for part, judged in _judge_intervals(lines, rules[0], (train, test), period).items():
            inside[part].append(judged)
    told = []
    for number, (blend, kinds) in enumerate(rules):
        cells = []
        for part in ("validation", "test"):
            both = np.array([[rows[0], rows[number + 1]] for rows in errors[part]])
            naive, own = both.mean(axis=0) if len(both) else np.full((2, 2), np.nan)
            cells.append(f"{float(np.mean(own / naive)):.3f} ({len(both)})")
        mark = "**in use** " if number == 0 else ""
        told.append(f"| {group} | {mark}{blend} of {', '.join(kinds)} | {' | '.join(cells)} | |")
    told[0] = told[0].removesuffix("|") + " / ".join(_covered(inside, place) for place in ("inner", "test")) + " |"
    return told


def _covered(inside: dict[str, list[tuple[float, float]]], place: str) -> str:
    rows = inside[place]
    if not rows:
        return "–"
    covered, width = np.mean(rows, axis=0)
    return f"{covered:.1%}, {width:.1f} ({len(rows)})"


def _judge_intervals(
    lines: dict[str, Lines], rule: tuple[str, tuple[str, ...]], parts: tuple[FloatArray, FloatArray], period: int
) -> dict[str, tuple[float, float]]:
    """Coverage and MSIS of 95 % intervals from the errors of all earlier origins: at the newest inner one and the end.

    The same calibration as in the fit of an ensemble.
    """
    train, test = parts
    series = make_series(train, period=period)
    origins = next(iter(lines.values())).origins
    drawn = BLENDS[rule[0]](np.stack([lines[kind].forecasts for kind in rule[1]]))
    errors = scaled_errors(series, origins[:-1], drawn[:-1], period)
    told = {}
    for name, place in (("inner", len(origins) - 2), ("test", len(origins) - 1)):
        if place < 2:
            continue
        known = train[: origins[place]]
        actual = test if name == "test" else train[origins[place] : origins[place] + len(test)]
        unit = one_step_scale(known, period)
        lower, upper, _ = calibrate(errors[:place], fallback=unit).interval(drawn[place], LEVEL, scale_of=unit)
        width = metrics.msis(actual, lower, upper, known, period, LEVEL)
        if width is not None:
            told[name] = (metrics.coverage(actual, lower, upper), width)
    return told


def _errors(
    lines: dict[str, Lines],
    rules: list[tuple[str, tuple[str, ...]]],
    train: FloatArray,
    test: FloatArray,
    horizon: int,
    period: int,
) -> dict[str, list[FloatArray] | None]:
    """sMAPE and MASE of Naive2 and of every rule: mean of the inner origins, and at the end of the train rows."""
    origins = next(iter(lines.values())).origins
    pairs: list[list[FloatArray] | None] = []
    for place, origin in enumerate(origins):
        known = train[:origin]
        actual = test if origin == len(train) else train[origin : origin + horizon]
        unit = metrics.scale(known, period)
        if unit is None:
            pairs.append(None)
            continue
        drawn = [metrics.naive2(known, horizon, period)]
        for blend, kinds in rules:
            drawn.append(BLENDS[blend](np.stack([lines[kind].forecasts[place] for kind in kinds])))
        pairs.append([np.array([metrics.smape(actual, line), np.mean(np.abs(actual - line)) / unit]) for line in drawn])
    inner = [pair for pair in pairs[:-1] if pair is not None and np.isfinite(pair).all()]
    return {"validation": list(np.mean(inner, axis=0)) if inner else None, "test": pairs[-1]}


HEADER = (
    "| group | rule | OWA, origins inside the training rows (series) | OWA, test rows (series) "
    "| 95 % coverage, MSIS: newest inner origin / test rows |\n|---|---|---|---|---|"
)
