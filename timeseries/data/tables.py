"""Files into tables: CSV, XLSX, Parquet and JSON, with limits checked before anything large is built."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from timeseries.data.errors import DataProblem

MAX_BYTES = 128 * 1024 * 1024
MAX_ROWS = 2_000_000
MAX_CELLS = 20_000_000
ENCODINGS = ("utf-8-sig", "cp949")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as text or numbers, exactly as the file holds them."""

    frame: pl.DataFrame
    kind: str


def read_table(content: bytes, filename: str, *, sheet: str | None = None) -> Table:
    """Read a file by its ending (a `.gz` is unpacked first). Raises DataProblem with the remedy."""
    name = filename.lower()
    if len(content) > MAX_BYTES:
        raise DataProblem("too_large", f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB.", field="file")
    if not content.strip():
        raise DataProblem("empty", "The file is empty.", field="file")
    if name.endswith(".gz"):
        content, name = _gunzip(content), name.removesuffix(".gz")
    kind = name.rsplit(".", 1)[-1]
    readers = {"csv": _csv, "tsv": _csv, "txt": _csv, "parquet": _parquet, "json": _json, "jsonl": _json}
    if kind in ("xlsx", "xlsm"):
        frame = _xlsx(content, sheet)
    elif kind in readers:
        frame = readers[kind](content)
    else:
        raise DataProblem(
            "unknown_format", f"Files ending in .{kind} cannot be read. Use CSV, XLSX, Parquet or JSON.", field="file"
        )
    if frame.height == 0 or frame.width == 0:
        raise DataProblem("empty", "The file holds a header but no rows.", field="file")
    if frame.height > MAX_ROWS or frame.height * frame.width > MAX_CELLS:
        raise DataProblem(
            "too_large", f"{frame.height:,} rows × {frame.width} columns; at most {MAX_ROWS:,} rows.", field="file"
        )
    return Table(frame, kind)


def _gunzip(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise DataProblem("broken_file", f"The gzip file cannot be unpacked: {error}.", field="file") from error
    if len(unpacked) > MAX_BYTES:
        raise DataProblem("too_large", f"Unpacked, the file exceeds {MAX_BYTES // 1024 // 1024} MiB.", field="file")
    return unpacked


def _csv(content: bytes) -> pl.DataFrame:
    text = _decode(content)
    sample = text[:65536]
    try:
        separator = csv.Sniffer().sniff(sample, delimiters=",;\t|").delimiter
    except csv.Error:
        separator = ","
    first = sample.splitlines()[0].split(separator)
    has_header = not all(_is_number(cell) or not cell.strip() for cell in first)
    try:
        frame = pl.read_csv(
            io.BytesIO(text.encode()), separator=separator, infer_schema_length=0, has_header=has_header
        )
    except pl.exceptions.PolarsError as error:
        raise DataProblem(
            "broken_file", f"The CSV rows do not have equal columns: {str(error).splitlines()[0]}", field="file"
        ) from error
    return frame


def _decode(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataProblem("unknown_encoding", "The text is neither UTF-8 nor CP949. Save it as UTF-8.", field="file")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _parquet(content: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataProblem("broken_file", f"The Parquet file cannot be read: {error}", field="file") from error


def _json(content: bytes) -> pl.DataFrame:
    text = _decode(content)
    try:
        data: Any = json.loads(text)
    except ValueError:
        try:
            data = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise DataProblem("not_json", f"The JSON cannot be read: {error}", field="file") from error
    if isinstance(data, dict):
        data = (
            data["data"]
            if isinstance(data.get("data"), list)
            else [dict(zip(data, row, strict=True)) for row in zip(*_lists(data), strict=True)]
        )
    if not isinstance(data, list) or not data:
        raise DataProblem("empty", "The JSON must be a list of rows or records.", field="file")
    if not isinstance(data[0], (dict, list)):
        data = [[cell] for cell in data]
    if isinstance(data[0], list):
        width = len(data[0])
        uneven = next((index for index, row in enumerate(data) if not isinstance(row, list) or len(row) != width), None)
        if uneven is not None:
            raise DataProblem("ragged", f"Row {uneven} does not have {width} columns.", field="file", row=uneven)
        names = ["y", *(f"x{index}" for index in range(1, width))]
        data = [dict(zip(names, row, strict=True)) for row in data]
    try:
        return pl.DataFrame(data, infer_schema_length=None, strict=False)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise DataProblem("ragged", f"The JSON records differ in shape: {error}", field="file") from error


def _lists(data: dict[str, Any]) -> list[list[Any]]:
    columns = list(data.values())
    if not all(isinstance(column, list) for column in columns) or len({len(column) for column in columns}) != 1:
        raise DataProblem("ragged", "A JSON object needs equally long lists, one a column.", field="file")
    return columns


def _xlsx(content: bytes, sheet: str | None) -> pl.DataFrame:
    import openpyxl

    _refuse_zip_bomb(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise DataProblem("broken_file", f"The XLSX file cannot be read: {error}", field="file") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise DataProblem(
                "unknown_sheet", f"No sheet {sheet!r}; there are {', '.join(book.sheetnames)}.", field="sheet"
            )
        page = book[sheet] if sheet else book[book.sheetnames[0]]
        rows = [list(row) for row in page.iter_rows(values_only=True) if any(cell is not None for cell in row)]
    finally:
        book.close()
    if len(rows) < 2:
        raise DataProblem("empty", "The sheet holds no rows below its header.", field="file")
    header = [str(cell) if cell is not None else f"column_{index}" for index, cell in enumerate(rows[0])]
    if len(set(header)) != len(header):
        raise DataProblem("duplicate_columns", "Two columns of the sheet share a name.", field="file")
    columns = {
        name: pl.Series(name, [_cell_text(row[index]) for row in rows[1:]], dtype=pl.String)
        for index, name in enumerate(header)
    }
    return pl.DataFrame(columns)


def _refuse_zip_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            total = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise DataProblem("broken_file", "The XLSX file is not a valid workbook.", field="file") from error
    if total > 8 * MAX_BYTES:
        raise DataProblem("too_large", "Unpacked, the workbook is too large.", field="file")


def _cell_text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, (datetime, date)):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)
