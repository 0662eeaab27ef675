"""A report's content apart from its looks: the page, the PDF and the workbook all draw this."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

Cell = str | int | float | None


class CellKind(StrEnum):
    """How the cells of a column are written. Money is in 만원."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    AREA = "area"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Column(_Part):
    label: str
    kind: CellKind = CellKind.TEXT
    #: Share of the width.
    width: float = 1.0


class Table(_Part):
    columns: list[Column]
    rows: list[list[Cell]]
    #: What stands in place of rows when there are none.
    empty: str = ""


class Chart(_Part):
    """One line over named points; None is a gap."""

    label: str
    names: list[str]
    values: list[float | None]


class Fact(_Part):
    label: str
    value: str


class Section(_Part):
    heading: str
    paragraphs: list[str] = Field(default_factory=list)
    facts: list[Fact] = Field(default_factory=list)
    chart: Chart | None = None
    table: Table | None = None


class Document(_Part):
    """A report. `as_of` is the age of its newest data, `notes` what is missing and why."""

    title: str
    subtitle: str = ""
    language: str = "ko"
    made_at: datetime
    as_of: datetime | None = None
    sources: list[str] = Field(default_factory=list)
    sections: list[Section]
    notes: list[str] = Field(default_factory=list)


class ReportFormat(StrEnum):
    PDF = "pdf"
    XLSX = "xlsx"


class ReportRequest(BaseModel):
    """What a person asks for: `listing_id` for an owner, `requirement_id` for a buyer, `region` for the market."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern="^(owner|buyer|market)$")
    listing_id: str = Field(default="", max_length=36)
    requirement_id: str = Field(default="", max_length=36)
    region: str = Field(default="", max_length=60)
    property_type: str = Field(default="apartment", max_length=20)
    months: int = Field(default=12, ge=1, le=36)
    language: str = Field(default="ko", pattern="^(ko|en)$")
    formats: list[ReportFormat] = Field(default_factory=lambda: list(ReportFormat), min_length=1, max_length=2)
    office: str = Field(default="", max_length=80, description="Name of the office, shown at the head")
    notify: bool = True


def written(value: Cell, kind: CellKind) -> str:
    """A cell as people of the active language read it."""
    from properties.templatetags.listings import area, manwon

    if value is None or value == "":
        return "–"
    if kind is CellKind.MONEY:
        return manwon(value)
    if kind is CellKind.AREA:
        return area(value)
    if kind is CellKind.PERCENT:
        return f"{float(value):.1f} %"
    if kind is CellKind.NUMBER:
        return f"{float(value):,.1f}".removesuffix(".0")
    return str(value)
