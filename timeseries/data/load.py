"""Tables and payloads into a clean Series, with a report of everything found and done on the way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from timeseries.data.errors import DataProblem
from timeseries.data.frequency import Frequency, choose_period, infer_frequency
from timeseries.data.payload import TIME_KEYS, Payload
from timeseries.data.series import Series, TimeArray, make_series
from timeseries.data.tables import Table
from timeseries.data.times import parse_times

MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "결측")
MAX_GAPS_LISTED = 50
MAX_GRID_GROWTH = 3


@dataclass(slots=True)
class Report:
    """What the data look like and what was done to them; JSON-ready through `as_dict`."""

    rows: int
    columns: list[str]
    time_column: str | None = None
    timezone: str | None = None
    frequency: str | None = None
    step_seconds: float | None = None
    regular_share: float | None = None
    period: int = 1
    duplicates: int = 0
    out_of_order: int = 0
    unreadable_times: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    constant: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    gap_count: int = 0
    inserted_rows: int = 0
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """All fields as plain JSON values."""
        return asdict(self)


def series_from_table(
    table: Table,
    *,
    target: str | None = None,
    time_column: str | None = None,
    timezone: str = "Asia/Seoul",
    name: str = "",
) -> tuple[Series, Report]:
    """Pick time and value columns, clean and order the rows, fill the grid with missing rows at gaps."""
    frame = table.frame
    report = Report(rows=frame.height, columns=[])
    for field_name, wanted in (("target", target), ("time_column", time_column)):
        if wanted is not None and wanted not in frame.columns:
            raise DataProblem(
                "unknown_column", f"No column {wanted!r}; there are {', '.join(frame.columns)}.", field=field_name
            )
    times, time_name = _find_times(frame, time_column, timezone, report)
    if times is not None and time_name is not None:
        times = _add_hour_column(frame, times, time_name, report)
    columns = _value_columns(frame, time_name, target, report)
    values = np.column_stack([column.to_numpy() for column in columns.values()])
    return _finish(values, tuple(columns), times, time_name, timezone, report, name)


def series_from_payload(payload: Payload, *, timezone: str = "Asia/Seoul", name: str = "") -> tuple[Series, Report]:
    """The same for rows sent in a request."""
    values = np.array([[np.nan if cell is None else cell for cell in row] for row in payload.rows], dtype=np.float64)
    report = Report(rows=len(values), columns=[])
    times = None
    if payload.timestamps is not None:
        parsed, notes = parse_times(pl.Series(payload.timestamps, dtype=pl.String), timezone=timezone)
        report.notes += notes
        if parsed.null_count():
            row = int(parsed.is_null().arg_true()[0])
            raise DataProblem(
                "not_a_time", f"Row {row}: {payload.timestamps[row]!r} is not a time.", row=row, column="timestamp"
            )
        times = parsed
    return _finish(
        values, tuple(payload.columns), times, "timestamp" if times is not None else None, timezone, report, name
    )


def _find_times(
    frame: pl.DataFrame, wanted: str | None, timezone: str, report: Report
) -> tuple[pl.Series | None, str | None]:
    named = [column for column in frame.columns if column.strip().lower() in TIME_KEYS]
    others = [column for column in frame.columns if column not in named and frame[column].dtype not in (pl.Float64,)]
    for column in [wanted] if wanted else [*named, *others[:3]]:
        raw = frame[column]
        if raw.dtype.is_temporal():
            stamp = raw.cast(pl.Datetime("us", getattr(raw.dtype, "time_zone", None)))
            if getattr(stamp.dtype, "time_zone", None) is None:
                report.notes.append(f"Times without a zone were taken as {timezone}.")
                stamp = stamp.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
            return stamp.dt.convert_time_zone("UTC"), column
        explicit = wanted is not None or column in named
        if not explicit and (raw.dtype != pl.String or _numbers(raw).null_count() < len(raw) * 0.5):
            continue
        parsed, notes = parse_times(raw.cast(pl.String), timezone=timezone, name=column)
        unreadable = parsed.null_count()
        if unreadable <= 0.1 * len(parsed):
            report.notes += notes
            return parsed, column
        if wanted:
            row = int(parsed.is_null().arg_true()[0])
            raise DataProblem(
                "not_a_time", f"Column {column}, row {row}: {raw[row]!r} is not a time.", row=row, column=column
            )
    return None, None


def _add_hour_column(frame: pl.DataFrame, times: pl.Series, time_name: str, report: Report) -> pl.Series:
    """Daily dates repeated with a separate hour column (0–23) are one hourly time axis."""
    hour_name = next((name for name in frame.columns if name.strip().lower() in ("hour", "시", "시간")), None)
    if hour_name is None or hour_name == time_name or times.n_unique() > len(times) // 2:
        return times
    hours = _numbers(frame[hour_name])
    low, high = hours.min(), hours.max()
    if hours.null_count() or not isinstance(low, float) or not isinstance(high, float) or low < 0 or high > 23:
        return times
    report.notes.append(f"Column {hour_name} was added to the date as the hour of the day.")
    both = pl.DataFrame({"date": times, "hour": hours})
    return both.select(pl.col("date") + pl.duration(hours=pl.col("hour")))["date"]


def _numbers(raw: pl.Series) -> pl.Series:
    if raw.dtype.is_numeric():
        return raw.cast(pl.Float64)
    if raw.dtype == pl.Boolean:
        return raw.cast(pl.Float64)
    text = raw.cast(pl.String).str.strip_chars()
    return (
        text.str.replace_all(r"(\d),(\d{3})", "$1$2")
        .str.replace_all(r"(\d),(\d{3})", "$1$2")
        .cast(pl.Float64, strict=False)
    )


def _value_columns(
    frame: pl.DataFrame, time_name: str | None, target: str | None, report: Report
) -> dict[str, pl.Series]:
    columns: dict[str, pl.Series] = {}
    for name in frame.columns:
        if name == time_name:
            continue
        raw = frame[name]
        if raw.dtype.is_temporal() or raw.dtype.is_nested():
            report.ignored.append(name)
            continue
        numbers = _numbers(raw)
        numbers = numbers.fill_nan(None)
        absent = (
            raw.is_null()
            if raw.dtype != pl.String
            else raw.fill_null("").str.strip_chars().str.to_lowercase().is_in(MISSING)
        )
        broken = numbers.is_null() & ~absent & (raw.is_not_nan() if raw.dtype.is_float() else True)
        present = len(raw) - int(absent.sum())
        bad = int(broken.sum())
        if present and bad == 0:
            columns[name] = numbers
        elif name == target or (present and bad <= 0.1 * present):
            row = int(broken.arg_true()[0]) if bad else 0
            raise DataProblem(
                "not_a_number" if bad else "all_missing",
                f"Column {name}, row {row}: {str(raw[row])[:40]!r} is not a number. Correct it or leave it empty.",
                row=row,
                column=name,
            )
        else:
            report.ignored.append(name)
    if not columns:
        raise DataProblem("no_values", "No column of the file holds numbers.", field="file")
    if target is not None:
        columns = {target: columns[target], **{name: data for name, data in columns.items() if name != target}}
    return columns


def _finish(
    values: np.ndarray[Any, np.dtype[np.float64]],
    columns: tuple[str, ...],
    times: pl.Series | None,
    time_name: str | None,
    timezone: str,
    report: Report,
    name: str,
) -> tuple[Series, Report]:
    series = make_series(values, columns=columns, name=name)
    report.columns = list(columns)
    if times is not None:
        stamps = times.dt.replace_time_zone(None).to_numpy().astype("datetime64[us]")
        series = _order(series, stamps, report)
        report.time_column, report.timezone = time_name, timezone
        frequency = infer_frequency(series.times) if series.times is not None else None
        series = _fill_grid(series, frequency, report)
    else:
        frequency = None
        report.notes.append("No time column was found: rows are taken as evenly spaced.")
    period = choose_period(_interpolated(series.target), frequency)
    report.period = period
    if frequency is not None:
        report.frequency, report.step_seconds = frequency.name, frequency.step_seconds
        report.regular_share = round(frequency.regular_share, 4)
    report.missing = {
        column: int(count) for column, count in zip(columns, np.isnan(series.values).sum(axis=0), strict=True) if count
    }
    spread = [np.ptp(column[np.isfinite(column)]) if np.isfinite(column).any() else 0.0 for column in series.values.T]
    report.constant = [column for column, width in zip(columns, spread, strict=True) if width == 0]
    return replace(series, frequency=report.frequency, period=period), report


def _interpolated(target: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    gaps = np.isnan(target)
    if gaps.all() or not gaps.any():
        return np.nan_to_num(target)
    position = np.arange(len(target))
    return np.interp(position, position[~gaps], target[~gaps])


def _order(series: Series, stamps: TimeArray, report: Report) -> Series:
    """Drop rows without a time, sort, and average rows that share a time."""
    readable = ~np.isnat(stamps)
    report.unreadable_times = int((~readable).sum())
    if report.unreadable_times:
        report.notes.append(f"{report.unreadable_times} rows without a readable time were left out.")
    stamps, values = stamps[readable], series.values[readable]
    report.out_of_order = int((np.diff(stamps) < np.timedelta64(0, "us")).sum()) if len(stamps) > 1 else 0
    if report.out_of_order:
        report.notes.append(f"{report.out_of_order} rows were out of order and were sorted.")
    unique, inverse, _counts = np.unique(stamps, return_inverse=True, return_counts=True)
    report.duplicates = int(len(stamps) - len(unique))
    if report.duplicates:
        present = np.isfinite(values)
        sums = np.zeros((len(unique), values.shape[1]))
        number = np.zeros_like(sums)
        np.add.at(sums, inverse, np.where(present, values, 0.0))
        np.add.at(number, inverse, present)
        values = np.where(number > 0, sums / np.maximum(number, 1), np.nan)
        report.notes.append(f"{report.duplicates} rows repeated a time; each such time keeps the mean of its rows.")
    else:
        values = values[np.argsort(stamps, kind="stable")]
    return replace(series, values=values, times=unique)


def _fill_grid(series: Series, frequency: Frequency | None, report: Report) -> Series:
    """Insert missing rows where an evenly stepped series has holes; leave irregular series as they are."""
    if frequency is None or series.times is None:
        return series
    if frequency.calendar:
        return series
    if frequency.regular_share < 0.7:
        report.notes.append(
            f"Steps are irregular (only {frequency.regular_share:.0%} equal the usual {frequency.step_seconds:g} s): "
            "rows are taken in order, without a fixed step."
        )
        return series
    step = int(frequency.step_seconds * 1e6)
    offset = (series.times.astype(np.int64) - series.times.astype(np.int64)[0]) / step
    slots = np.rint(offset).astype(np.int64)
    jumps = np.flatnonzero(np.diff(slots) > 1)
    report.gap_count = len(jumps)
    report.gaps = [
        {
            "after": str(series.times[index]),
            "before": str(series.times[index + 1]),
            "missing_rows": int(slots[index + 1] - slots[index] - 1),
        }
        for index in jumps[:MAX_GAPS_LISTED]
    ]
    total = int(slots[-1]) + 1
    if total == len(series) or len(np.unique(slots)) != len(slots):
        return series
    if total > MAX_GRID_GROWTH * len(series):
        report.notes.append("The holes are longer than the data: rows are taken in order, without a fixed step.")
        return series
    values = np.full((total, series.n_features), np.nan)
    values[slots] = series.values
    times = series.times[0] + np.arange(total) * np.timedelta64(step, "us")
    report.inserted_rows = total - len(series)
    report.notes.append(f"{report.inserted_rows} rows were missing from the time grid and count as missing values.")
    return replace(series, values=values, times=times)
