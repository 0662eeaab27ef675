"""Listings as a workbook, with the conditions and the age of the data on a sheet of their own."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from properties.models import Listing
from properties.templatetags.listings import floor_of, word

SEOUL = ZoneInfo("Asia/Seoul")
MAX_ROWS = 10_000


def listings_workbook(rows: Iterable[Listing], *, conditions: dict[str, Any], as_of: datetime | None) -> bytes:
    """An XLSX file of at most MAX_ROWS listings. Texts are written as texts, never as formulas."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bottom": 1})
    sheet = book.add_worksheet(str(_("Listings")))
    columns = [
        (_("Listing"), 26, lambda row: row.title),
        (_("Region"), 32, lambda row: row.address),
        (_("Building"), 9, lambda row: row.building_dong),
        (_("Trade"), 10, lambda row: word(row.trade)),
        (_("Kind of property"), 14, lambda row: word(row.property_type)),
        (_("Price or deposit, 10,000 won"), 16, lambda row: row.price),
        (_("Rent, 10,000 won"), 12, lambda row: row.rent),
        (_("Exclusive area, ㎡"), 12, lambda row: row.exclusive_m2),
        (_("Supply area, ㎡"), 12, lambda row: row.supply_m2),
        (_("Floor"), 9, floor_of),
        (_("Direction"), 10, lambda row: word(row.direction)),
        (_("Independent sources"), 10, lambda row: row.sources_count),
        (_("First seen"), 12, lambda row: row.first_seen.astimezone(SEOUL).date().isoformat()),
        (_("Last seen"), 12, lambda row: row.last_seen.astimezone(SEOUL).date().isoformat()),
    ]
    for column, (title, width, _value) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, str(title), head)
    count = 0
    for count, row in enumerate(rows, 1):
        for column, (_title, _width, value) in enumerate(columns):
            cell = value(row)
            if isinstance(cell, int | float):
                sheet.write_number(count, column, cell)
            elif cell:
                sheet.write_string(count, column, str(cell))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
    about = book.add_worksheet(str(_("About")))
    about.set_column(0, 0, 24)
    about.set_column(1, 1, 60)
    facts = [
        (_("Rows"), f"{count}" + (f" ({_('at most')} {MAX_ROWS})" if count >= MAX_ROWS else "")),
        (_("Data as of"), as_of.astimezone(SEOUL).isoformat(timespec="minutes") if as_of else "–"),
        *((name, str(value)) for name, value in conditions.items()),
    ]
    for line, (name, text) in enumerate(facts):
        about.write_string(line, 0, str(name), head)
        about.write_string(line, 1, text)
    book.close()
    return buffer.getvalue()
