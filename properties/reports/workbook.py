"""A document as an XLSX workbook: a sheet of text and facts, and a sheet per table. Texts are never formulas."""

from __future__ import annotations

import io
import re
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from properties.reports.document import CellKind, Document, Table

SEOUL = ZoneInfo("Asia/Seoul")
FORMATS = {CellKind.NUMBER: "#,##0.##", CellKind.MONEY: "#,##0", CellKind.PERCENT: "0.0", CellKind.AREA: "0.00"}
UNITS = {CellKind.MONEY: "10,000 won", CellKind.PERCENT: "%", CellKind.AREA: "㎡"}
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


def document_workbook(document: Document) -> bytes:
    """The XLSX file; numbers stay numbers, money in 만원 as the column's head says."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": document.title, "subject": document.subtitle})
    with translation.override(document.language):
        _front(book, document)
        used = {_("Report").lower()}
        for section in document.sections:
            if section.table is not None:
                _sheet(book, _name(section.heading, used), section.table)
    book.close()
    return buffer.getvalue()


def _name(heading: str, used: set[str]) -> str:
    """A sheet's name: 31 characters, without signs that Excel refuses, each once."""
    base = _FORBIDDEN.sub(" ", heading).strip()[:28] or "Sheet"
    name, number = base, 2
    while name.lower() in used:
        name, number = f"{base} {number}", number + 1
    used.add(name.lower())
    return name


def _front(book: Any, document: Document) -> None:
    title, head = book.add_format({"bold": True, "font_size": 15}), book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(_("Report"))
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 80)
    sheet.write_string(0, 0, document.title, title)
    sheet.write_string(1, 0, document.subtitle)
    as_of = document.as_of.astimezone(SEOUL).isoformat(timespec="minutes") if document.as_of else _("unknown")
    line = 3
    for label, text in ((_("Data as of"), as_of), (_("Source"), ", ".join(document.sources))):
        sheet.write_string(line, 0, label, head)
        sheet.write_string(line, 1, text)
        line += 1
    for section in document.sections:
        line += 1
        sheet.write_string(line, 0, section.heading, head)
        line += 1
        for text in section.paragraphs:
            sheet.write_string(line, 1, text, wrap)
            line += 1
        for fact in section.facts:
            sheet.write_string(line, 0, fact.label)
            sheet.write_string(line, 1, fact.value, wrap)
            line += 1
    if document.notes:
        sheet.write_string(line + 1, 0, _("Notes"), head)
        for number, note in enumerate(document.notes, line + 2):
            sheet.write_string(number, 1, note, wrap)


def _sheet(book: Any, name: str, table: Table) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
    for number, column in enumerate(table.columns):
        unit = UNITS.get(column.kind)
        label = f"{column.label} ({_(unit)})" if unit else column.label
        sheet.set_column(number, number, max(12, min(44, len(label) * 1.6, 44), column.width * 12))
        sheet.write_string(0, number, label, head)
    for line, row in enumerate(table.rows, 1):
        for number, (value, column) in enumerate(zip(row, table.columns, strict=True)):
            if value is None or value == "":
                continue
            if column.kind is not CellKind.TEXT and isinstance(value, int | float):
                sheet.write_number(line, number, value, formats[column.kind])
            else:
                sheet.write_string(line, number, str(value))
    if not table.rows:
        sheet.write_string(1, 0, table.empty)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)
