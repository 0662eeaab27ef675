"""Files and request rows into series: what is read, what is repaired and told, what is refused."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import openpyxl
import polars as pl
import pytest

from timeseries.data.errors import DataProblem
from timeseries.data.load import series_from_payload, series_from_table
from timeseries.data.payload import parse_payload
from timeseries.data.series import fill_missing, make_series
from timeseries.data.tables import read_table

HOURS = [f"2026-03-{1 + row // 24:02d} {row % 24:02d}:00:00" for row in range(96)]
FRAME = pl.DataFrame({"ds": HOURS, "load": [float(10 + row % 24) for row in range(96)]})


def as_csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv().encode()


def as_xlsx(frame: pl.DataFrame) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(frame.columns)
    for row in frame.rows():
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_parquet(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.with_columns(pl.col("ds").str.to_datetime()).write_parquet(stream)
    return stream.getvalue()


def read(content: bytes, name: str, **options):
    return series_from_table(read_table(content, name), **options)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", as_csv(FRAME)),
        ("a.csv.gz", gzip.compress(as_csv(FRAME))),
        ("a.tsv", FRAME.write_csv(separator="\t").encode()),
        ("a.xlsx", as_xlsx(FRAME)),
        ("a.parquet", as_parquet(FRAME)),
        ("a.json", json.dumps(FRAME.to_dicts()).encode()),
        ("a.jsonl", FRAME.write_ndjson().encode()),
    ],
)
def test_every_format_gives_the_same_series(name, content):
    series, report = read(content, name)
    assert series.columns == ("load",) and len(series) == 96
    assert (report.frequency, report.period, report.time_column) == ("hourly", 24, "ds")
    assert series.times[0] == np.datetime64("2026-02-28T15:00:00")  # Seoul is nine hours ahead of UTC


def test_gaps_duplicates_and_order_are_repaired_and_told():
    rows = FRAME.rows()
    damaged = pl.DataFrame(
        [*rows[50:], *rows[:20], *rows[23:50], (rows[0][0], 20.0)], schema=FRAME.columns, orient="row"
    )
    series, report = read(as_csv(damaged), "a.csv")

    assert len(series) == 96
    assert report.duplicates == 1 and series.target[0] == 15.0
    assert report.out_of_order >= 1
    assert report.gap_count == 1 and report.gaps[0]["missing_rows"] == 3 and report.missing == {"load": 3}
    filled, notes = fill_missing(series)
    assert np.isfinite(filled.values).all() and "3 missing values" in notes[0]


@pytest.mark.parametrize(
    ("stamps", "code"),
    [
        (["2026-01-01T00:00:00Z", "2026-01-01 01:00:00", "2026-01-01T02:00:00Z"], "mixed_time_zones"),
        (["2026-01-01", "yesterday", "2026-01-03"], "not_a_time"),
    ],
)
def test_unsafe_times_are_refused(stamps, code):
    with pytest.raises(DataProblem) as caught:
        series_from_payload(parse_payload([{"ds": stamp, "y": 1.0} for stamp in stamps]))
    assert caught.value.code == code and caught.value.row is not None


def test_different_offsets_are_brought_to_utc():
    rows = [{"ds": f"2026-01-01T{hour:02d}:00:00+0{zone}:00", "y": hour} for hour, zone in ((1, 1), (3, 2), (5, 3))]
    series, report = series_from_payload(parse_payload(rows))
    assert [str(stamp)[11:13] for stamp in series.times] == ["00", "01", "02"]
    assert "3 different UTC offsets" in " ".join(report.notes)


def test_korean_names_and_encoding_and_thousands_are_understood():
    text = "일자,거래대금,비고\n" + "\n".join(f'2026.01.{day:02d},"1,234,{day:03d}",메모' for day in range(1, 29))
    series, report = read(text.encode("cp949"), "kr.csv")
    assert series.columns == ("거래대금",) and series.target[0] == 1234001
    assert report.frequency == "daily" and report.ignored == ["비고"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "empty"),
        (b"a,b\n", "a.csv", "empty"),
        (b"x", "a.exe", "unknown_format"),
        (b"PK\x03\x04 broken", "a.xlsx", "broken_file"),
        (b"PAR1", "a.parquet", "broken_file"),
        (b"{", "a.json", "not_json"),
        (b"\x1f\x8b broken", "a.csv.gz", "broken_file"),
        (b"a,b\nx,y\n", "a.csv", "no_values"),
        (b"v\n" + b"1\n" * 30 + b"oops\n", "a.csv", "not_a_number"),
    ],
)
def test_files_that_cannot_be_used_say_why(content, name, code):
    with pytest.raises(DataProblem) as caught:
        read(content, name)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("data", "code", "row"),
    [
        ([], "empty", None),
        ("[1, 2", "not_json", None),
        (3, "not_a_list", None),
        ([[1.0], [1.0, 2.0]], "ragged", 1),
        ([1.0, "2"], "not_a_number", 1),
        ([1.0, True], "not_a_number", 1),
        ("[1.0, NaN]", "not_finite", 1),
        ("[1e999]", "not_finite", 0),
        ([{"y": 1}, {"z": 1}], "ragged", 1),
        ({"y": [1, 2], "x": [1]}, "ragged", None),
        ([[0.0] * 500] * 500, "too_large", None),
    ],
)
def test_rows_that_cannot_be_used_say_where(data, code, row):
    with pytest.raises(DataProblem) as caught:
        parse_payload(data)
    assert caught.value.code == code and caught.value.row == row


def test_the_json_string_of_the_requirement_equals_the_array():
    assert parse_payload("[[1.0], [1.1], [null]]") == parse_payload([[1.0], [1.1], [None]])
    records = parse_payload([{"ds": "2026-01-01", "temp": 3, "y": 1}, {"ds": "2026-01-02", "temp": 4, "y": 2}])
    assert records.columns == ["y", "temp"] and records.target == [1.0, 2.0]


def test_columns_without_values_and_endless_numbers_are_refused():
    with pytest.raises(DataProblem, match="no value at all"):
        fill_missing(make_series([[1.0, np.nan]] * 4))
    with pytest.raises(DataProblem, match="larger unit"):
        make_series([1e200])


def test_a_million_rows_are_read_within_two_hundred_mebibytes():
    import tracemalloc

    content = b"v\n" + b"1.25\n" * 1_000_000
    tracemalloc.start()
    series, report = read(content, "big.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(series) == 1_000_000 and report.constant == ["v"]
    assert peak < 200 * 1024 * 1024
