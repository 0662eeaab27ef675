"""Google Sheets: read, append, update, find a row."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel

from integrations.connectors.google.client import Google, google_oauth
from integrations.sdk import Connector, Context, FieldProblem, InvalidParams, Param, Rate, Text, Upstream

google_sheets = Connector(
    "google_sheets",
    title=Text("Google Sheets", "구글 시트"),
    description=Text(
        "Reads, appends, updates and finds rows of spreadsheets.",
        "스프레드시트의 행을 읽고 덧붙이고 고치고 찾습니다.",
    ),
    auth=google_oauth("spreadsheets"),
    upstream=Upstream(
        key="google",
        base_url_env="GOOGLE_SHEETS_BASE_URL",
        live="https://sheets.googleapis.com/v4",
        sandbox="/google/sheets/v4",
        sandbox_credential={"access_token": "ya29.sandbox-token"},
    ),
    rate=Rate(60, per=60),
    group="productivity",
    icon="sheets.svg",
    docs_url="https://developers.google.com/workspace/sheets/api",
)

SheetId = Annotated[
    str,
    Param(
        "Id or address of the spreadsheet",
        "스프레드시트 ID 또는 주소",
        title="Spreadsheet",
        title_ko="스프레드시트",
        min_length=1,
        max_length=400,
    ),
]
Range = Annotated[
    str, Param("A1 range, for example Sheet1!A1:D or Sheet1", "A1 범위(예: 시트1!A1:D)", min_length=1, max_length=200)
]
Cell = str | int | float | bool | None
Row = dict[str, Any]
_ID = re.compile(r"/spreadsheets/d/([A-Za-z0-9_-]+)")
SAMPLE = "sandbox-sheet"


class SheetRows(BaseModel):
    """Rows by the names of the first line. `first_row` is the sheet's number of the first one."""

    columns: list[str]
    rows: list[Row]
    count: int
    range: str
    first_row: int


class Written(BaseModel):
    """What was written."""

    range: str
    rows: int
    cells: int


class FoundRow(BaseModel):
    """A row that was looked for. `row_number` is its number in the sheet; `found` is false when there is none."""

    found: bool
    row_number: int | None = None
    row: Row | None = None


def _path(spreadsheet: str, suffix: str) -> str:
    found = _ID.search(spreadsheet)
    id = found[1] if found else spreadsheet
    if not re.fullmatch(r"[A-Za-z0-9_-]+", id):
        problem = FieldProblem("spreadsheet", "This is no spreadsheet.", "Paste its address or its id.")
        raise InvalidParams("The spreadsheet is wrong.", problems=[problem])
    return f"/spreadsheets/{id}/values/{suffix}"


def _first_row(range_: str) -> int:
    found = re.search(r"![A-Z]*(\d+)", range_)
    return int(found[1]) if found else 1


async def _read(ctx: Context, spreadsheet: str, range_: str, formatted: bool) -> SheetRows:
    data = await Google(ctx).get(
        _path(spreadsheet, quote(range_, safe="!:")),
        valueRenderOption="FORMATTED_VALUE" if formatted else "UNFORMATTED_VALUE",
        dateTimeRenderOption="FORMATTED_STRING",
    )
    lines: list[list[Any]] = data.get("values", [])
    head = [str(name) for name in lines[0]] if lines else []
    width = max((len(line) for line in lines), default=0)
    columns: list[str] = []
    for index in range(width):
        name = head[index] if index < len(head) and head[index] else f"column_{index + 1}"
        columns.append(name if name not in columns else f"{name}_{index + 1}")
    rows = [
        {name: line[index] if index < len(line) else None for index, name in enumerate(columns)} for line in lines[1:]
    ]
    where = data.get("range", range_)
    return SheetRows(columns=columns, rows=rows, count=len(rows), range=where, first_row=_first_row(where) + 1)


@google_sheets.action(
    title=Text("Read rows", "행 읽기"),
    description_ko="범위를 읽습니다. 첫 줄이 열 이름이 됩니다.",
    example={"spreadsheet": SAMPLE, "range": "재고"},
)
async def read_rows(
    ctx: Context,
    spreadsheet: SheetId,
    range: Range,
    formatted: Annotated[bool, Param("Values as they are shown, not raw", "화면에 보이는 값으로")] = False,
) -> SheetRows:
    """Reads a range; its first line holds the column names."""
    return await _read(ctx, spreadsheet, range, formatted)


@google_sheets.action(
    title=Text("Find row", "행 찾기"),
    description_ko="열의 값이 같은 첫 번째 행을 찾습니다.",
    example={"spreadsheet": SAMPLE, "range": "재고", "column": "품목", "value": "연필"},
)
async def find_row(
    ctx: Context,
    spreadsheet: SheetId,
    range: Range,
    column: Annotated[str, Param("Name of the column", "열 이름", min_length=1)],
    value: Annotated[str | int | float, Param("The value to look for", "찾을 값")],
) -> FoundRow:
    """Finds the first row whose column has the value."""
    sheet = await _read(ctx, spreadsheet, range, False)
    if column not in sheet.columns:
        problem = FieldProblem("column", f"There is no column {column!r}.", f"Use one of: {', '.join(sheet.columns)}.")
        raise InvalidParams("The column is not in the sheet.", problems=[problem])
    for offset, row in enumerate(sheet.rows):
        if row[column] == value or str(row[column]) == str(value):
            return FoundRow(found=True, row_number=sheet.first_row + offset, row=row)
    return FoundRow(found=False)


@google_sheets.action(
    title=Text("Append rows", "행 덧붙이기"),
    description_ko="열 이름에 맞춰 행을 끝에 덧붙입니다.",
    effect="write",
    example={"spreadsheet": SAMPLE, "range": "재고", "rows": [{"품목": "자", "수량": 5}]},
)
async def append_rows(
    ctx: Context,
    spreadsheet: SheetId,
    range: Range,
    rows: Annotated[list[Row], Param("Rows by column name", "열 이름으로 된 행", min_length=1, max_length=10_000)],
    as_typed: Annotated[
        bool, Param("Let Sheets read dates and formulas, as if typed in", "입력한 것처럼 날짜·수식 해석", advanced=True)
    ] = False,
) -> Written:
    """Appends rows under the columns of the same names."""
    sheet = await _read(ctx, spreadsheet, range, False)
    unknown = sorted({name for row in rows for name in row} - set(sheet.columns))
    if unknown:
        problem = FieldProblem(
            "rows", f"The sheet has no column {unknown[0]!r}.", f"Use these: {', '.join(sheet.columns)}."
        )
        raise InvalidParams("A column is not in the sheet.", problems=[problem])
    values = [[row.get(name) for name in sheet.columns] for row in rows]
    data = await Google(ctx).call(
        "POST",
        _path(spreadsheet, quote(range, safe="!:") + ":append"),
        params={"valueInputOption": "USER_ENTERED" if as_typed else "RAW", "insertDataOption": "INSERT_ROWS"},
        json={"values": values},
    )
    return _written(data["updates"])


@google_sheets.action(
    title=Text("Update cells", "셀 고치기"),
    description_ko="범위의 셀을 새 값으로 바꿉니다.",
    effect="write",
    idempotent=True,
    example={"spreadsheet": SAMPLE, "range": "재고!B2", "values": [[99]]},
)
async def update_cells(
    ctx: Context,
    spreadsheet: SheetId,
    range: Range,
    values: Annotated[
        list[list[Cell]],
        Param(
            "Lines of cells; null leaves a cell as it is", "셀의 줄들(null은 그대로)", min_length=1, max_length=10_000
        ),
    ],
    as_typed: Annotated[
        bool, Param("Let Sheets read dates and formulas, as if typed in", "입력한 것처럼 날짜·수식 해석", advanced=True)
    ] = False,
) -> Written:
    """Writes cells from the upper left corner of the range on."""
    data = await Google(ctx).call(
        "PUT",
        _path(spreadsheet, quote(range, safe="!:")),
        params={"valueInputOption": "USER_ENTERED" if as_typed else "RAW"},
        json={"values": values},
    )
    return _written(data)


def _written(data: dict[str, Any]) -> Written:
    return Written(
        range=data.get("updatedRange", ""), rows=data.get("updatedRows", 0), cells=data.get("updatedCells", 0)
    )
