"""Time columns: many spellings in, UTC out, with every assumption said aloud."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from timeseries.data.errors import DataProblem

OFFSET = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
CLOCK = re.compile(r"\d{1,2}:\d{2}")
NAIVE_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
)
DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d-%m-%Y")
MONTH_FIRST = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")


def parse_times(texts: pl.Series, *, timezone: str, name: str = "time") -> tuple[pl.Series, list[str]]:
    """Turn texts into UTC microseconds; null where a text is not a time. Notes tell what was assumed.

    Times with and without an offset in one column are refused: no reading of the mixture is safe.
    """
    zone_of(timezone)
    present = texts.drop_nulls().str.strip_chars()
    present = present.filter(present != "")
    if present.is_empty():
        return texts.cast(pl.String).str.to_datetime("%Y", strict=False, time_zone="UTC"), []
    with_offset = present.map_elements(
        lambda text: bool(CLOCK.search(text) and OFFSET.search(text)), return_dtype=pl.Boolean
    )
    share = with_offset.mean()
    if isinstance(share, float) and 0 < share < 1:
        row = int((~with_offset).arg_true()[0]) if share > 0.5 else int(with_offset.arg_true()[0])
        raise DataProblem(
            "mixed_time_zones",
            f"Column {name} mixes times with and without a zone (row {row}). Write all of them the same way.",
            row=row,
            column=name,
        )
    stripped = texts.str.strip_chars()
    if share == 1.0:
        return _with_offset(stripped, present)
    return _naive(stripped, timezone, name)


def zone_of(timezone: str) -> ZoneInfo:
    """The zone of an IANA name, or a DataProblem."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DataProblem(
            "unknown_time_zone", f"{timezone!r} is not a time zone name such as Asia/Seoul.", field="timezone"
        ) from error


def _with_offset(texts: pl.Series, present: pl.Series) -> tuple[pl.Series, list[str]]:
    even = texts.str.replace(r"Z$", "+00:00").str.replace("T", " ").str.replace(r"([+-]\d{2})(\d{2})$", "$1:$2")
    parsed = even.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", strict=False, time_unit="us", time_zone="UTC")
    short = even.str.to_datetime("%Y-%m-%d %H:%M%:z", strict=False, time_unit="us", time_zone="UTC")
    offsets = present.str.extract(r"(Z|[+-]\d{2}:?\d{2})$").unique()
    notes = [f"{len(offsets)} different UTC offsets were brought to UTC."] if len(offsets) > 1 else []
    return parsed.fill_null(short), notes


def _naive(texts: pl.Series, timezone: str, name: str) -> tuple[pl.Series, list[str]]:
    notes = []
    best = _best(texts, NAIVE_FORMATS)
    if best is None:
        day, month = _best(texts, DAY_FIRST), _best(texts, MONTH_FIRST)
        if day is not None and month is not None and day.null_count() == month.null_count():
            # Both readings parse: the one whose steps are even is meant.
            best = day if _unevenness(day) <= _unevenness(month) else month
            first = "day" if best is day else "month"
            notes.append(f"Column {name} reads as {first} first; give year-month-day to be sure.")
        elif day is None or (month is not None and month.null_count() < day.null_count()):
            best = month
        else:
            best = day
    if best is None:
        best = _epoch(texts)
        if best is not None:
            return best, [f"Column {name} was read as seconds or milliseconds since 1970 (UTC)."]
    if best is None:
        best = texts.str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    else:
        notes.append(f"Times without a zone were taken as {timezone}.")
    local = best.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC"), notes


def _best(texts: pl.Series, formats: tuple[str, ...]) -> pl.Series | None:
    combined: pl.Series | None = None
    for pattern in formats:
        dated = "%H" not in pattern
        if dated:
            parsed = texts.str.to_date(pattern, strict=False).cast(pl.Datetime("us"))
        else:
            parsed = texts.str.to_datetime(pattern, strict=False, time_unit="us")
        if parsed.null_count() < len(parsed):
            combined = parsed if combined is None else combined.fill_null(parsed)
            if combined.null_count() == texts.null_count():
                break
    return combined


def _epoch(texts: pl.Series) -> pl.Series | None:
    numbers = texts.cast(pl.Float64, strict=False)
    usable = numbers.drop_nulls()
    if usable.is_empty():
        return None
    low, high = usable.min(), usable.max()
    if not isinstance(low, float) or not isinstance(high, float):
        return None
    if low > 3e8 and high < 5e9:
        scale = 1_000_000
    elif low > 3e11 and high < 5e12:
        scale = 1_000
    else:
        return None
    return (numbers * scale).cast(pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _unevenness(times: pl.Series) -> float:
    steps = times.drop_nulls().diff().drop_nulls().dt.total_seconds()
    if steps.is_empty():
        return 0.0
    return float((steps != steps.mode()[0]).mean() or 0.0)
