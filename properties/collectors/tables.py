"""CSV and XLSX import: finds the header row and matches its words to canonical fields."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from properties.normalise.listing import RawAdvert

HEADERS: dict[str, tuple[str, ...]] = {
    "platform_id": ("매물번호", "번호", "관리번호", "id", "no"),
    "trade": ("거래유형", "거래구분", "거래", "거래종류", "trade"),
    "property_type": ("물건종류", "매물종류", "종류", "유형", "부동산유형", "type"),
    "complex_name": ("단지명", "건물명", "아파트명", "아파트", "단지", "매물명", "complex", "name"),
    "building_dong": ("동", "건물동", "dong"),
    "price_text": ("가격", "매매가", "금액", "보증금/월세", "price"),
    "deposit": ("보증금", "전세가", "전세금", "deposit"),
    "rent": ("월세", "월세가", "rent"),
    "exclusive": ("전용면적", "전용", "전용면적(㎡)", "면적", "area"),
    "supply": ("공급면적", "공급", "분양면적", "공급면적(㎡)"),
    "floor": ("층", "해당층", "층수", "floor"),
    "floor_total": ("총층", "총층수", "전체층"),
    "direction": ("방향", "향", "direction"),
    "rooms": ("방", "방수", "rooms"),
    "baths": ("욕실", "욕실수"),
    "address": ("주소", "소재지", "지번주소", "도로명주소", "address"),
    "maintenance_fee": ("관리비",),
    "confirmed_on": ("확인일", "등록일", "접수일", "date"),
    "photos": ("사진", "사진주소", "이미지", "photos", "images"),
    "description": ("특징", "설명", "비고", "메모", "description"),
}
MAX_ROWS = 100_000
_CLEAN = re.compile(r"[\s_()\[\]㎡·.]+|만원|m2")


@dataclass(slots=True)
class TableImport:
    """Rows read, what each column was taken for, and which columns or rows were not understood."""

    adverts: list[RawAdvert] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    ignored_columns: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def _key(text: object) -> str:
    return _CLEAN.sub("", str(text or "")).lower()


_KNOWN = {_key(word): name for name, words in HEADERS.items() for word in words}


def read_table(content: bytes, filename: str, *, source: str) -> TableImport:
    """Adverts of a CSV (UTF-8 or cp949) or XLSX file. `source` names the owner of the list, e.g. "own"."""
    result = TableImport()
    rows = list(_rows(content, filename, result))
    header_at, columns = _find_header(rows)
    if header_at is None:
        result.problems.append(
            "No header row found: name the columns, for example 거래유형, 단지명, 가격, 전용면적, 층."
        )
        return result
    for position, word in enumerate(rows[header_at]):
        if position in columns:
            result.columns[str(word)] = columns[position]
        elif str(word or "").strip():
            result.ignored_columns.append(str(word))
    for number, row in enumerate(rows[header_at + 1 :], header_at + 2):
        fields = {
            name: str(row[position]).strip()
            for position, name in columns.items()
            if position < len(row) and row[position] not in (None, "")
        }
        if not fields:
            continue
        if len(fields) < 2:
            result.problems.append(f"Row {number} has only one value and is left out.")
            continue
        identifier = fields.pop("platform_id", "") or f"{filename}:{number}"
        result.adverts.append(RawAdvert(source, identifier, fields, location_precision="exact"))
    return result


def _rows(content: bytes, filename: str, result: TableImport) -> Iterator[list[object]]:
    if filename.lower().endswith((".xlsx", ".xlsm")):
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True)):
                if number >= MAX_ROWS:
                    result.problems.append(f"Only the first {MAX_ROWS} rows were read.")
                    return
                yield list(row)
        finally:
            book.close()
        return
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        result.problems.append("The file is neither UTF-8 nor cp949 text.")
        return
    sample = text[:4_096]
    delimiter = max(",\t;|", key=sample.count)
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter)):
        if number >= MAX_ROWS:
            result.problems.append(f"Only the first {MAX_ROWS} rows were read.")
            return
        yield list(row)


def _find_header(rows: list[list[object]]) -> tuple[int | None, dict[int, str]]:
    """The first of the leading rows that names at least three fields, with the field of each column."""
    best: tuple[int | None, dict[int, str]] = (None, {})
    for number, row in enumerate(rows[:40]):
        columns: dict[int, str] = {}
        for position, word in enumerate(row):
            name = _KNOWN.get(_key(word))
            if name and name not in columns.values():
                columns[position] = name
        if len(columns) > len(best[1]):
            best = (number, columns)
    return best if len(best[1]) >= 3 else (None, {})
