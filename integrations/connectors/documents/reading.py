"""The child process that opens files: an order in JSON and the bytes on stdin, an answer in JSON on stdout.

Runs as `python -m integrations.connectors.documents.reading` and imports nothing of the product.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

MEMORY = 1_500_000_000
PROCESSOR_SECONDS = 60
MAX_UNPACKED = 300_000_000
MAX_RATIO = 400
MAX_PARTS = 5_000
MAX_COLUMNS = 500
MAX_RESULT = 20_000_000
MAX_EMPTY = 10_000
MAX_PAGE_TEXT = 500_000


class Unreadable(Exception):
    """Why a file cannot be read, for the person."""

    def __init__(self, message: str, code: str = "file_unreadable", remedy: str = "") -> None:
        super().__init__(message)
        self.answer = {"error": message, "code": code, "remedy": remedy}


def sheet_names(content: bytes, order: dict[str, Any]) -> dict[str, Any]:
    if not _is_workbook(content):
        return {"sheets": ["csv"]}
    return {"sheets": list(_workbook(content, values=True).sheetnames)}


def sheet_rows(content: bytes, order: dict[str, Any]) -> dict[str, Any]:
    """Rows of a sheet as objects by the header's names, or by column letters without one."""
    if _is_workbook(content):
        lines, sheet = _sheet_lines(content, order)
    else:
        lines, sheet = _csv_lines(content), "csv"
    names: list[str] | None = None
    rows: list[dict[str, Any]] = []
    size, empty, complete = 0, 0, True
    for number, line in enumerate(lines, 1):
        if number <= order["skip"]:
            continue
        values = [_plain(value) for value in line[:MAX_COLUMNS]]
        complete = complete and len(line) <= MAX_COLUMNS
        while values and values[-1] in (None, ""):
            values.pop()
        if not values:
            empty += 1
            if empty > MAX_EMPTY:
                break
            continue
        empty = 0
        if names is None:
            names = _names(values) if order["header"] else []
            if order["header"]:
                continue
        while len(names) < len(values):
            names.append(_letter(len(names)))
        row = dict(zip(names, values + [None] * (len(names) - len(values)), strict=True))
        size += len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
        if len(rows) >= order["count"] or size > MAX_RESULT:
            complete = False
            break
        rows.append(row)
    return {"sheet": sheet, "columns": names or [], "rows": rows, "count": len(rows), "complete": complete}


def pdf_text(content: bytes, order: dict[str, Any]) -> dict[str, Any]:
    """The text of the pages of a PDF."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(order["password"]):
            raise Unreadable("The PDF asks for another password.", "wrong_password", "Give the password of the file.")
        total = len(reader.pages)
        first, last = order["first"], min(total, order["last"] or total, order["first"] + order["count"] - 1)
        pages, size, complete = [], 0, last == min(total, order["last"] or total)
        for number in range(first, last + 1):
            text = reader.pages[number - 1].extract_text()[:MAX_PAGE_TEXT]
            size += len(text.encode("utf-8", "replace"))
            if size > MAX_RESULT:
                complete = False
                break
            pages.append({"page": number, "text": text})
        meta = reader.metadata
        title, author = (meta.title or "", meta.author or "") if meta else ("", "")
    except PyPdfError:
        raise Unreadable("This is no PDF that can be read.", remedy="Save it again with another program.") from None
    return {
        "pages": pages,
        "page_count": total,
        "title": str(title)[:500],
        "author": str(author)[:500],
        "has_text": any(page["text"].strip() for page in pages),
        "complete": complete,
    }


def _is_workbook(content: bytes) -> bool:
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable("This is an old or protected Excel file.", remedy="Save it as .xlsx without a password.")
    return content[:4] == b"PK\x03\x04"


def _workbook(content: bytes, *, values: bool) -> Any:
    """The workbook, once its parts are known to be of a bearable size."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile:
        raise Unreadable("The file is damaged.", remedy="Save it again.") from None
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or (unpacked > 10_000_000 and unpacked / packed > MAX_RATIO):
        raise Unreadable(f"Unpacked, the file has {unpacked:,} bytes.", "file_too_costly", "Split the file.")
    from openpyxl import load_workbook

    try:
        return load_workbook(io.BytesIO(content), read_only=True, data_only=values, keep_links=False)
    except (KeyError, ValueError, OSError, SyntaxError, TypeError, AttributeError):
        raise Unreadable("This is no workbook that can be read.", remedy="Save it as .xlsx.") from None


def _sheet_lines(content: bytes, order: dict[str, Any]) -> tuple[Iterator[list[Any]], str]:
    book = _workbook(content, values=not order["formulas"])
    name = order["sheet"] or (book.sheetnames[0] if book.sheetnames else "")
    if name not in book.sheetnames:
        known = ", ".join(book.sheetnames[:20])
        raise Unreadable(f"There is no sheet {name!r}.", "sheet_missing", f"Use one of: {known}.")
    sheet = book[name]
    if not hasattr(sheet, "iter_rows"):
        raise Unreadable(f"{name!r} is a chart, not a sheet.", "sheet_missing")
    # What the file says about its own size is not to be believed.
    sheet.reset_dimensions()
    return (list(line) for line in sheet.iter_rows(values_only=True)), name


def _csv_lines(content: bytes) -> Iterable[list[Any]]:
    text = _decoded(content)
    csv.field_size_limit(1_000_000)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:20_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    reader = csv.reader(io.StringIO(text, newline=""), dialect)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(f"Line {reader.line_num} of the CSV cannot be read: {error}.") from None


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise Unreadable("This is neither a spreadsheet nor text.", remedy="Use .xlsx or .csv.")


def _names(values: list[Any]) -> list[str]:
    found: list[str] = []
    for index, value in enumerate(values):
        name = str(value).strip()[:200] if value not in (None, "") else _letter(index)
        number, unique = 2, name
        while unique in found:
            unique, number = f"{name}_{number}", number + 1
        found.append(unique)
    return found


def _letter(index: int) -> str:
    text = ""
    while index >= 0:
        text, index = chr(65 + index % 26) + text, index // 26 - 1
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    # A formula that fills a range keeps its text inside.
    return str(getattr(value, "text", value))


KINDS = {"sheets": sheet_names, "rows": sheet_rows, "pdf": pdf_text}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    order = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    try:
        answer: dict[str, Any] = {"result": KINDS[order["kind"]](content, order)}
    except Unreadable as error:
        answer = error.answer
    except (MemoryError, RecursionError):
        answer = Unreadable("The file needs too much memory.", "file_too_costly", "Split the file.").answer
    except Exception:  # whatever a parser of foreign files may raise; the process ends here
        answer = Unreadable("The file is damaged or of another kind.", remedy="Save it again.").answer
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
