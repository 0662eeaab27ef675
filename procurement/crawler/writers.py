"""Streaming writers: CSV with BOM, XLSX, Parquet and JSON lines. One row at a time, whatever the number of rows."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from procurement.crawler.columns import header_of
from procurement.crawler.files import atomic, safe_cell
from procurement.g2b.answers import Row
from procurement.g2b.errors import BadRequest

Format = Literal["csv", "xlsx", "parquet", "jsonl"]
SUFFIX: dict[str, str] = {"csv": ".csv", "xlsx": ".xlsx", "parquet": ".parquet", "jsonl": ".jsonl"}
CONTENT_TYPE: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/x-ndjson",
}
SHEET_ROWS = 1_048_575
PARQUET_BATCH = 5_000
#: The same content gives the same bytes: spreadsheets carry a creation time.
EPOCH = datetime(2000, 1, 1)
_AMOUNT = re.compile(r"(Amt|Amount|Qty|Rate|Prce|Uprc|Price)\Z")
_PLAIN = re.compile(r"-?\d{1,15}(\.\d+)?\Z")

RowSource = Callable[[], Iterable[Row]]


def write(
    rows: RowSource,
    target: Path,
    kind: Format,
    *,
    header: Sequence[str] | None = None,
    sanitise: bool = True,
    append: bool = False,
    fail_on_new_columns: bool = True,
    key: Sequence[str] = (),
) -> int:
    """Write all rows to `target` atomically and return how many it holds then.

    `rows` is called twice when the header is not given: once for the columns, once for the rows. With `append`
    (CSV and JSON lines) rows whose `key` is in the file already are left out, and new columns are refused unless told.
    """
    existing: list[str] = []
    if append and target.exists():
        if kind not in ("csv", "jsonl"):
            raise BadRequest(f"{kind} files cannot be appended to.", remedy="Write a new file, or use csv or jsonl.")
        existing = read_header(target, kind)
    wanted = list(header) if header is not None else header_of(rows(), existing)
    fresh = [name for name in wanted if name not in existing] if existing else []
    if fresh and fail_on_new_columns:
        raise BadRequest(
            f"The rows have columns the file lacks: {', '.join(fresh[:10])}.",
            remedy="Write a new file, or allow new columns.",
            details={"new_columns": fresh},
        )
    if existing:
        wanted = [*existing, *fresh]
        source: Iterable[Row] = _appended(target, kind, rows(), key)
    else:
        source = rows()
    with atomic(target) as temporary:
        return _WRITERS[kind](source, temporary, wanted, sanitise)


def read_header(target: Path, kind: Format) -> list[str]:
    """The columns of a CSV or JSON-lines file."""
    if kind == "csv":
        with target.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    return header_of(_read(target, kind))


def _read(target: Path, kind: Format) -> Iterator[Row]:
    if kind == "csv":
        with target.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)
    else:
        with target.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def _appended(target: Path, kind: Format, rows: Iterable[Row], key: Sequence[str]) -> Iterator[Row]:
    held: set[tuple[str, ...]] = set()
    for row in _read(target, kind):
        if key:
            held.add(tuple(row.get(name) or "" for name in key))
        yield row
    for row in rows:
        if not key or tuple(row.get(name) or "" for name in key) not in held:
            yield row


def _csv(rows: Iterable[Row], target: Path, header: Sequence[str], sanitise: bool) -> int:
    count = 0
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(header)
        for row in rows:
            values = [row.get(name, "") for name in header]
            writer.writerow([safe_cell(value) for value in values] if sanitise else values)
            count += 1
    return count


def _jsonl(rows: Iterable[Row], target: Path, header: Sequence[str], sanitise: bool) -> int:
    count = 0
    with target.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps({name: row.get(name, "") for name in header}, ensure_ascii=False) + "\n")
            count += 1
    return count


def _xlsx(rows: Iterable[Row], target: Path, header: Sequence[str], sanitise: bool) -> int:
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(target.parent),
    }
    amounts = {index for index, name in enumerate(header) if _AMOUNT.search(name)}
    count = 0
    with xlsxwriter.Workbook(str(target), options) as book:
        book.set_properties({"created": EPOCH})
        sheet = None
        for count, row in enumerate(rows, 1):
            place = (count - 1) % SHEET_ROWS + 1
            if sheet is None or place == 1:
                sheet = _sheet(book, header, (count - 1) // SHEET_ROWS + 1)
            for index, name in enumerate(header):
                value = row.get(name, "")
                if index in amounts and _PLAIN.match(value):
                    sheet.write_number(place, index, float(value))
                elif value:
                    # A cell holds at most 32,767 characters.
                    sheet.write_string(place, index, value[:32_767])
        if sheet is None:
            _sheet(book, header, 1)
    return count


def _sheet(book: object, header: Sequence[str], number: int):  # type: ignore[no-untyped-def]
    sheet = book.add_worksheet("data" if number == 1 else f"data {number}")  # type: ignore[attr-defined]
    sheet.freeze_panes(1, 0)
    for index, name in enumerate(header):
        sheet.write_string(0, index, name)
    return sheet


def _parquet(rows: Iterable[Row], target: Path, header: Sequence[str], sanitise: bool) -> int:
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([(name, pyarrow.string()) for name in header])
    count = 0
    with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        batch: list[Row] = []

        def flush() -> None:
            columns = [pyarrow.array([row.get(name, "") for row in batch], pyarrow.string()) for name in header]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
            batch.clear()

        for row in rows:
            batch.append(row)
            count += 1
            if len(batch) == PARQUET_BATCH:
                flush()
        if batch:
            flush()
    return count


_WRITERS = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet, "jsonl": _jsonl}
