"""Excel: workbooks on OneDrive."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel

from integrations.connectors.microsoft.client import GRAPH, Graph, microsoft_oauth
from integrations.connectors.microsoft.outlook import check
from integrations.sdk import Connector, Context, FieldProblem, InvalidParams, Param, Rate, Text

excel = Connector(
    "excel",
    title=Text("Microsoft Excel", "마이크로소프트 엑셀"),
    description=Text("Reads and writes workbooks on OneDrive.", "원드라이브의 통합 문서를 읽고 씁니다."),
    auth=microsoft_oauth("Files.ReadWrite"),
    upstream=GRAPH,
    rate=Rate(10, per=1),
    group="productivity",
    icon="excel.svg",
    docs_url="https://learn.microsoft.com/graph/api/resources/excel",
)
excel.test(check)

ItemId = Annotated[str, Param("Id of the file", "파일 ID", pattern=r"^[A-Za-z0-9!_.-]+$", max_length=300)]
Sheet = Annotated[str, Param("Name of the sheet", "시트 이름", min_length=1, max_length=31)]
Cell = str | int | float | bool | None
Row = dict[str, Any]


class ExcelRows(BaseModel):
    """Rows by the names of the first line."""

    columns: list[str]
    rows: list[Row]
    count: int
    address: str


class ExcelWritten(BaseModel):
    """What was written."""

    address: str
    rows: int


def _sheet(file: str, sheet: str) -> str:
    # OData literals double the quote; the rest is URL-encoded.
    return f"/me/drive/items/{file}/workbook/worksheets('{quote(sheet.replace(chr(39), chr(39) * 2), safe=chr(39))}')"


@excel.action(
    title=Text("Read sheet", "시트 읽기"),
    description_ko="시트에서 쓰인 범위를 읽습니다. 첫 줄이 열 이름이 됩니다.",
    example={"file": "01BOOK", "sheet": "재고"},
)
async def read_sheet(
    ctx: Context,
    file: ItemId,
    sheet: Sheet,
    range: Annotated[
        str,
        Param(
            "Range such as A1:D20; empty: all that is used",
            "범위(예: A1:D20)",
            pattern=r"^([A-Za-z]+\d+(:[A-Za-z]+\d+)?)?$",
        ),
    ] = "",
) -> ExcelRows:
    """Reads a sheet; the first line holds the column names."""
    which = f"range(address='{range}')" if range else "usedRange(valuesOnly=true)"
    data = await Graph(ctx).get(f"{_sheet(file, sheet)}/{which}")
    lines: list[list[Any]] = [line for line in data.get("values", []) if any(cell != "" for cell in line)]
    columns: list[str] = []
    for index, name in enumerate(lines[0] if lines else []):
        text = str(name) or f"column_{index + 1}"
        columns.append(text if text not in columns else f"{text}_{index + 1}")
    rows = [dict(zip(columns, (None if cell == "" else cell for cell in line), strict=True)) for line in lines[1:]]
    return ExcelRows(columns=columns, rows=rows, count=len(rows), address=data.get("address", ""))


@excel.action(
    title=Text("Write cells", "셀 쓰기"),
    description_ko="범위에 값을 씁니다. 줄과 칸의 수가 범위와 같아야 합니다.",
    effect="write",
    idempotent=True,
    example={"file": "01BOOK", "sheet": "재고", "range": "B2:B2", "values": [[99]]},
)
async def write_cells(
    ctx: Context,
    file: ItemId,
    sheet: Sheet,
    range: Annotated[str, Param("Range such as B2:C3", "범위(예: B2:C3)", pattern=r"^[A-Za-z]+\d+(:[A-Za-z]+\d+)?$")],
    values: Annotated[
        list[list[Cell]],
        Param("Lines of cells, as many as the range has", "셀의 줄들(범위와 같은 크기)", min_length=1, max_length=5000),
    ],
) -> ExcelWritten:
    """Writes values into a range of the same size."""
    if len({len(line) for line in values}) > 1:
        problem = FieldProblem(
            "values", "The lines have different lengths.", "Give each line the same number of cells."
        )
        raise InvalidParams("The values do not fit.", problems=[problem])
    data = await Graph(ctx).call("PATCH", f"{_sheet(file, sheet)}/range(address='{range}')", json={"values": values})
    return ExcelWritten(address=data["address"], rows=len(values))


@excel.action(
    title=Text("Append to table", "표에 행 추가"),
    description_ko="엑셀 표 끝에 행을 덧붙입니다.",
    effect="write",
    example={"file": "01BOOK", "table": "Stock", "values": [["자", 5, 300]]},
)
async def append_rows(
    ctx: Context,
    file: ItemId,
    table: Annotated[str, Param("Name of the table", "표 이름", pattern=r"^[\w.]+$", max_length=255)],
    values: Annotated[list[list[Cell]], Param("Lines of cells", "행의 값들", min_length=1, max_length=5000)],
) -> ExcelWritten:
    """Appends rows to an Excel table."""
    path = f"/me/drive/items/{file}/workbook/tables/{quote(table)}/rows/add"
    data = await Graph(ctx).call("POST", path, json={"index": None, "values": values})
    return ExcelWritten(address=f"{table}[{data.get('index', '')}]", rows=len(values))
