"""A document as PDF. The Korean font is embedded, so that it reads the same everywhere and its text can be searched."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from portal.common.errors import PortalError
from properties.reports.document import CellKind, Chart, Document, Section, Table, written

SEOUL = ZoneInfo("Asia/Seoul")
REGULAR, BOLD = "Nanum", "Nanum-Bold"
INK, SOFT, LINE, TINT, ACCENT = "#1b1f24", "#59636e", "#d5dae0", "#f3f5f7", "#1f5fbf"
RIGHT = (CellKind.NUMBER, CellKind.MONEY, CellKind.PERCENT, CellKind.AREA)
#: What the page's frame keeps free on both sides together, in points.
FRAME = 12
#: Rows of one table on paper; the workbook has them all.
MAX_ROWS = 400


class FontMissing(PortalError):
    """The Korean font is not installed."""

    code = "font_missing"
    status = 503


def font_folder() -> Path:
    """Where the NanumGothic files (SIL Open Font License) of the installed package lie; the package is not run."""
    spec = find_spec("koreanize_matplotlib")
    folder = Path(spec.origin).parent / "fonts" if spec and spec.origin else Path("/nowhere")
    if not (folder / "NanumGothic.ttf").exists():
        raise FontMissing("The Korean font for reports is not installed.", remedy="Run `make install` again.")
    return folder


@lru_cache(maxsize=1)
def _register_fonts() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = font_folder()
    pdfmetrics.registerFont(TTFont(REGULAR, str(folder / "NanumGothic.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(folder / "NanumGothicBold.ttf")))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def _styles(language: str) -> dict[str, Any]:
    from reportlab.lib.enums import TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle

    body = ParagraphStyle("body", fontName=REGULAR, fontSize=9.5, leading=14.5, textColor=INK)
    if language == "ko":
        # Korean lines break between any two characters; English ones only between words.
        body.wordWrap = "CJK"
    return {
        "body": body,
        "title": ParagraphStyle("title", body, fontName=BOLD, fontSize=20, leading=27),
        "subtitle": ParagraphStyle("subtitle", body, fontSize=10.5, leading=16, textColor=SOFT, spaceAfter=10),
        "heading": ParagraphStyle(
            "heading", body, fontName=BOLD, fontSize=12.5, leading=18, spaceBefore=14, spaceAfter=5
        ),
        "cell": ParagraphStyle("cell", body, fontSize=8.5, leading=12),
        "number": ParagraphStyle("number", body, fontSize=8.5, leading=12, alignment=TA_RIGHT),
        "head": ParagraphStyle("head", body, fontName=BOLD, fontSize=8.5, leading=12, textColor=SOFT),
        "head-number": ParagraphStyle(
            "head-number", body, fontName=BOLD, fontSize=8.5, leading=12, textColor=SOFT, alignment=TA_RIGHT
        ),
        "note": ParagraphStyle("note", body, fontSize=8.5, leading=13, textColor=SOFT),
    }


def _safe(text: str) -> str:
    """Text of a listing is never markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def document_pdf(document: Document) -> bytes:
    """The PDF file, A4."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import HRFlowable, Paragraph, SimpleDocTemplate, Spacer

    _register_fonts()
    styles = _styles(document.language)
    buffer = io.BytesIO()
    with translation.override(document.language):
        page = SimpleDocTemplate(
            buffer,
            pagesize=A4,
            leftMargin=18 * mm,
            rightMargin=18 * mm,
            topMargin=17 * mm,
            bottomMargin=19 * mm,
            title=document.title,
            author=document.subtitle,
            lang=document.language,
        )
        story: list[Any] = [
            Paragraph(_safe(document.title), styles["title"]),
            Paragraph(_safe(document.subtitle), styles["subtitle"]),
            HRFlowable(width="100%", thickness=1.2, color=ACCENT, spaceAfter=4),
        ]
        for section in document.sections:
            story.extend(_section(section, styles, page.width - FRAME))
        if document.notes:
            story.append(Paragraph(_safe(_("Notes")), styles["heading"]))
            story.extend(Paragraph("• " + _safe(note), styles["note"]) for note in document.notes)
        story.append(Spacer(1, 6))
        foot = _foot(document)

        def draw(canvas: Any, template: Any) -> None:
            canvas.saveState()
            canvas.setFont(REGULAR, 7.5)
            canvas.setFillColor(SOFT)
            canvas.drawString(18 * mm, 10 * mm, foot)
            canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(template.page))
            canvas.restoreState()

        page.build(story, onFirstPage=draw, onLaterPages=draw)
    return buffer.getvalue()


def _foot(document: Document) -> str:
    as_of = document.as_of.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M") if document.as_of else _("unknown")
    source = f" · {_('Source')}: {', '.join(document.sources)}" if document.sources else ""
    return f"{_('Data as of')} {as_of}{source}"[:150]


def _section(section: Section, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.platypus import KeepTogether, Paragraph, Spacer

    parts: list[Any] = [Paragraph(_safe(section.heading), styles["heading"])]
    parts.extend(Paragraph(_safe(text), styles["body"]) for text in section.paragraphs)
    if section.facts:
        parts.append(_facts(section, styles, width))
    if section.chart and sum(value is not None for value in section.chart.values) > 1:
        parts.append(_chart(section.chart, width))
    head, rest = parts, []
    if section.table:
        rest = [Spacer(1, 3), *_table(section.table, styles, width)]
    # A heading never stands alone at the foot of a page.
    return [KeepTogether([*head, *rest]), *()] if not section.table or len(section.table.rows) < 8 else [*head, *rest]


def _facts(section: Section, styles: dict[str, Any], width: float) -> Any:
    from reportlab.platypus import Paragraph, TableStyle
    from reportlab.platypus import Table as Grid

    cells = [
        [Paragraph(_safe(fact.label), styles["note"]), Paragraph(_safe(fact.value), styles["cell"])]
        for fact in section.facts
    ]
    rows = [
        cells[start] + (cells[start + 1] if start + 1 < len(cells) else ["", ""]) for start in range(0, len(cells), 2)
    ]
    grid = Grid(rows, colWidths=[width * share for share in (0.17, 0.33, 0.17, 0.33)], hAlign="LEFT")
    grid.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return grid


def _table(table: Table, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.platypus import Paragraph, TableStyle
    from reportlab.platypus import Table as Grid

    if not table.rows:
        return [Paragraph(_safe(table.empty or _("There is nothing to show.")), styles["note"])]
    whole = sum(column.width for column in table.columns)
    head = [
        Paragraph(_safe(column.label), styles["head-number" if column.kind in RIGHT else "head"])
        for column in table.columns
    ]
    body = [
        [
            Paragraph(_safe(written(value, column.kind)), styles["number" if column.kind in RIGHT else "cell"])
            for value, column in zip(row, table.columns, strict=True)
        ]
        for row in table.rows[:MAX_ROWS]
    ]
    grid = Grid([head, *body], colWidths=[width * column.width / whole for column in table.columns], repeatRows=1)
    grid.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), TINT),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 3.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    parts: list[Any] = [grid]
    if len(table.rows) > MAX_ROWS:
        more = _("%(shown)s of %(total)s rows; the workbook has them all.") % {
            "shown": MAX_ROWS,
            "total": len(table.rows),
        }
        parts.append(Paragraph(_safe(more), styles["note"]))
    return parts


def _chart(chart: Chart, width: float) -> Any:
    """A line with its lowest and highest value named; gaps stay gaps."""
    from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, String

    height, left, bottom, top = 150.0, 62.0, 22.0, 14.0
    drawing = Drawing(width, height)
    known = [value for value in chart.values if value is not None]
    low, high = min(known), max(known)
    room = (high - low) or abs(high) or 1.0
    floor, ceiling = low - room * 0.12, high + room * 0.12
    step = (width - left - 12) / max(len(chart.values) - 1, 1)

    def place(number: int, value: float) -> tuple[float, float]:
        return left + step * number, bottom + (value - floor) / (ceiling - floor) * (height - bottom - top)

    for value in (low, (low + high) / 2, high):
        y = place(0, value)[1]
        drawing.add(Line(left, y, width - 12, y, strokeColor=_colour(LINE), strokeWidth=0.5))
        text = f"{value:,.0f}"
        drawing.add(
            String(left - 6, y - 3, text, fontName=REGULAR, fontSize=7.5, textAnchor="end", fillColor=_colour(SOFT))
        )
    run: list[float] = []
    for number, point in enumerate([*chart.values, None]):
        if point is None:
            if len(run) > 2:
                drawing.add(PolyLine(run, strokeColor=_colour(ACCENT), strokeWidth=1.6))
            run = []
        else:
            x, y = place(number, point)
            run += [x, y]
            drawing.add(Circle(x, y, 1.9, fillColor=_colour(ACCENT), strokeColor=None))
    every = max(len(chart.names) // 8, 1)
    for number, name in enumerate(chart.names):
        if number % every == 0:
            x = left + step * number
            drawing.add(
                String(x, 7, name, fontName=REGULAR, fontSize=7.5, textAnchor="middle", fillColor=_colour(SOFT))
            )
    drawing.add(String(0, height - 9, chart.label, fontName=REGULAR, fontSize=7.5, fillColor=_colour(SOFT)))
    return drawing


def _colour(text: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(text)
