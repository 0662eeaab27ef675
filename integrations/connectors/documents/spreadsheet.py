"""Rows out of .xlsx and .csv files, and back."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from integrations.connectors.documents.child import read_in_child
from integrations.sdk import Connector, Context, FieldProblem, FileRef, InvalidParams, Option, Param, Text

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_COLUMNS = 500

spreadsheet = Connector(
    "spreadsheet",
    title=Text("Spreadsheet", "스프레드시트"),
    description=Text(
        "Reads .xlsx and .csv files into rows and writes rows as such a file.",
        ".xlsx와 .csv 파일을 행으로 읽고, 행을 파일로 저장합니다.",
    ),
    group="files",
    icon="spreadsheet.svg",
)

File = Annotated[FileRef, Param("The .xlsx or .csv file", ".xlsx 또는 .csv 파일")]


class Sheets(BaseModel):
    """The sheets of a workbook; a CSV file has one, `csv`."""

    sheets: list[str]


class SheetRows(BaseModel):
    """Rows of a sheet; `complete` is false when a limit ended the reading."""

    sheet: str
    columns: list[str]
    rows: list[dict[str, Any]]
    count: int
    complete: bool


class Written(BaseModel):
    """The file and how many rows are in it."""

    file: FileRef
    rows: int


@spreadsheet.action(
    title=Text("List sheets", "시트 목록"), description_ko="통합 문서의 시트 이름을 조회합니다.", timeout=60
)
async def list_sheets(ctx: Context, file: File) -> Sheets:
    """Lists the sheets of a workbook."""
    return Sheets.model_validate(await read_in_child(ctx, await ctx.files.read(file), kind="sheets"))


@spreadsheet.action(title=Text("Read rows", "행 읽기"), description_ko="시트의 행을 읽습니다.", timeout=90)
async def read(
    ctx: Context,
    file: File,
    sheet: Annotated[str, Param("Sheet; empty: the first", "시트 이름. 비우면 첫 시트", max_length=200)] = "",
    header: Annotated[bool, Param("The first row names the columns", "첫 행이 열 이름")] = True,
    skip: Annotated[int, Param("Lines to leave out at the top", "위에서 건너뛸 줄 수", ge=0, le=10_000)] = 0,
    count: Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=100_000)] = 10_000,
    formulas: Annotated[bool, Param("Formulas instead of their values", "값 대신 수식", advanced=True)] = False,
) -> SheetRows:
    """Reads the rows of a sheet; empty lines are left out."""
    found = await read_in_child(
        ctx,
        await ctx.files.read(file),
        kind="rows",
        sheet=sheet,
        header=header,
        skip=skip,
        count=count,
        formulas=formulas,
    )
    return SheetRows.model_validate(found)


@read.options("sheet")
async def sheet_options(ctx: Context, query: str, params: dict[str, Any]) -> list[Option]:
    """The sheets of the chosen file."""
    if not params.get("file"):
        return []
    found = await list_sheets(ctx, file=FileRef.model_validate(params["file"]))
    return [Option(name, name) for name in found.sheets if query.lower() in name.lower()]


@spreadsheet.action(
    title=Text("Write file", "파일 쓰기"),
    description_ko="행을 .xlsx 또는 .csv 파일로 저장합니다.",
    effect="write",
    idempotent=True,
    timeout=90,
    example={"rows": [{"이름": "민지", "금액": 3000}, {"이름": "준호", "금액": 4500}], "name": "orders"},
)
async def write(
    ctx: Context,
    rows: Annotated[list[dict[str, Any]], Param("The rows", "행 목록", max_length=100_000)],
    name: Annotated[str, Param("File name without ending", "파일 이름(확장자 제외)", min_length=1, max_length=100)],
    format: Annotated[Literal["xlsx", "csv"], Param("Kind of file", "파일 종류")] = "xlsx",
    sheet: Annotated[str, Param("Name of the sheet", "시트 이름", min_length=1, max_length=31)] = "Sheet1",
    columns: Annotated[
        list[str],
        Param("Columns in order; empty: as in the rows", "열과 순서. 비우면 행의 순서", max_length=500),
    ] = [],  # noqa: B006
    formulas: Annotated[
        bool, Param("Text that begins with = is a formula", "=로 시작하는 글은 수식으로", advanced=True)
    ] = False,
) -> Written:
    """Writes rows as a file; text that looks like a formula stays text unless asked otherwise."""
    names = columns or list(dict.fromkeys(name for row in rows for name in row))
    if len(names) > MAX_COLUMNS:
        problem = FieldProblem("columns", f"There are {len(names)}.", f"Use at most {MAX_COLUMNS}.")
        raise InvalidParams("There are too many columns.", problems=[problem])
    make = _xlsx if format == "xlsx" else _csv
    content = await asyncio.to_thread(make, rows, names, sheet, formulas)
    kind = XLSX if format == "xlsx" else "text/csv; charset=utf-8"
    return Written(file=await ctx.files.save(f"{name}.{format}", content, kind), rows=len(rows))


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _csv(rows: list[dict[str, Any]], names: list[str], sheet: str, formulas: bool) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for row in rows:
        values = [_cell(row.get(name)) for name in names]
        if not formulas:
            values = [f"'{one}" if isinstance(one, str) and one[:1] in "=+-@\t\r" and one else one for one in values]
        writer.writerow(["" if one is None else one for one in values])
    # Without the mark, Excel takes Korean for something else.
    return ("\ufeff" + out.getvalue()).encode("utf-8", "replace")


def _xlsx(rows: list[dict[str, Any]], names: list[str], sheet: str, formulas: bool) -> bytes:
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": True,
    }
    book = xlsxwriter.Workbook(out, options)
    try:
        page = book.add_worksheet(sheet)
    except XlsxWriterException:
        problem = FieldProblem("sheet", "A sheet cannot be called so.", "Leave out [ ] : * ? / \\ and quotes.")
        raise InvalidParams("The sheet cannot be named so.", problems=[problem]) from None
    page.write_row(0, 0, names, book.add_format({"bold": True}))
    page.freeze_panes(1, 0)
    for number, row in enumerate(rows, 1):
        for index, name in enumerate(names):
            value = _cell(row.get(name))
            if isinstance(value, str):
                text = value[:32_767]
                if formulas and text.startswith("="):
                    page.write_formula(number, index, text)
                else:
                    page.write_string(number, index, text)
            elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
                page.write_string(number, index, str(value))
            elif value is not None:
                page.write(number, index, value)
    book.close()
    return out.getvalue()
