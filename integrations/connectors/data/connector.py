"""Steps on rows, JSON, CSV, text templates and dates."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from integrations.connectors.data import dates
from integrations.connectors.data.rows import (
    Condition,
    Row,
    SortKey,
    Total,
    filter_rows,
    group_rows,
    join_rows,
    names_of,
    select_fields,
    sort_rows,
    unique_rows,
)
from integrations.connectors.data.template import render
from integrations.sdk import Connector, Context, FieldProblem, InvalidParams, Param, Text

data = Connector(
    "data",
    title=Text("Data", "데이터"),
    description=Text(
        "Select, filter, sort, group and join rows; read and write JSON and CSV; fill templates; reckon with dates.",
        "행을 고르고, 거르고, 정렬하고, 묶고, 합칩니다. JSON·CSV를 읽고 쓰며, 템플릿을 채우고 날짜를 계산합니다.",
    ),
    group="data",
)

MAX_ROWS = 100_000
MAX_TEXT = 20_000_000
_COUNT = [Total()]
Rows = Annotated[list[Row], Param("The rows, a list of objects", "행 목록(객체의 배열)", max_length=MAX_ROWS)]
Zone = Annotated[str, Param("Time zone", "시간대", advanced=True)]

SAMPLE = [
    {"code": "005930", "name": "삼성전자", "market": "KOSPI", "price": 71000},
    {"code": "000660", "name": "SK하이닉스", "market": "KOSPI", "price": 182500},
    {"code": "035720", "name": "카카오", "market": "KOSPI", "price": 40150},
]


class RowsResult(BaseModel):
    """Rows, and how many there were before."""

    rows: list[Row]
    count: int
    total: int


class TextResult(BaseModel):
    """A text."""

    text: str


class JsonResult(BaseModel):
    """Parsed JSON."""

    data: Any


class Moment(BaseModel):
    """A moment in several forms."""

    iso: str
    date: str
    text: str
    epoch: float
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Difference(BaseModel):
    """The time between two moments, in one unit; negative when the second is earlier."""

    value: float
    seconds: float


def _result(rows: list[Row], total: int) -> RowsResult:
    return RowsResult(rows=rows, count=len(rows), total=total)


@data.action(
    title=Text("Select fields", "필드 고르기"),
    description_ko="행마다 원하는 필드만 순서대로 남기고 이름을 바꿀 수 있습니다.",
    example={"rows": SAMPLE, "fields": ["name", "price"], "rename": {"price": "현재가"}},
)
async def select(
    ctx: Context,
    rows: Rows,
    fields: Annotated[
        list[str], Param("Paths of the fields to keep, in order", "남길 필드 경로(순서대로)", min_length=1)
    ],
    rename: Annotated[dict[str, str], Param("Path → new name", "경로 → 새 이름")] = {},  # noqa: B006
) -> RowsResult:
    """Keeps only some fields of each row, in order, and renames them."""
    return _result(select_fields(rows, fields, rename), len(rows))


@data.action(
    title=Text("Filter rows", "행 거르기"),
    description_ko="조건에 맞는 행만 남깁니다.",
    example={"rows": SAMPLE, "conditions": [{"field": "price", "is": "more", "value": 50000}]},
)
async def filter(
    ctx: Context,
    rows: Rows,
    conditions: Annotated[list[Condition], Param("The conditions", "조건", min_length=1, max_length=50)],
    match: Annotated[Literal["all", "any"], Param("All of them, or any", "모두 또는 하나라도")] = "all",
) -> RowsResult:
    """Keeps the rows that meet the conditions."""
    return _result(filter_rows(rows, conditions, match), len(rows))


@data.action(
    title=Text("Sort rows", "행 정렬"),
    description_ko="하나 이상의 필드로 정렬합니다. 값이 없는 행은 항상 끝에 옵니다.",
    example={"rows": SAMPLE, "by": [{"field": "price", "descending": True}]},
)
async def sort(
    ctx: Context,
    rows: Rows,
    by: Annotated[list[SortKey], Param("The sort keys, most important first", "정렬 기준(중요한 순서)", min_length=1)],
) -> RowsResult:
    """Sorts by one or more fields; rows without the field always come last."""
    return _result(sort_rows(rows, by), len(rows))


@data.action(
    title=Text("Group and total", "묶어서 집계"),
    description_ko="필드가 같은 행을 묶고 합계, 평균 같은 값을 계산합니다.",
    example={"rows": SAMPLE, "by": ["market"], "totals": [{"operation": "sum", "field": "price", "name": "합계"}]},
)
async def group(
    ctx: Context,
    rows: Rows,
    by: Annotated[list[str], Param("Paths of the fields that make a group; none: one group", "묶을 필드 경로")] = [],  # noqa: B006
    totals: Annotated[list[Total], Param("The figures per group", "묶음마다 계산할 값")] = _COUNT,
) -> RowsResult:
    """Makes one row per group with counts, sums, means and the like."""
    return _result(group_rows(rows, by, totals), len(rows))


@data.action(
    title=Text("Join lists", "목록 합치기"),
    description_ko="두 목록을 키가 같은 행끼리 합칩니다.",
    example={
        "left": SAMPLE,
        "right": [{"code": "005930", "volume": 12}],
        "left_key": ["code"],
        "right_key": ["code"],
        "how": "left",
    },
)
async def join(
    ctx: Context,
    left: Rows,
    right: Rows,
    left_key: Annotated[list[str], Param("Key fields on the left", "왼쪽 키 필드", min_length=1)],
    right_key: Annotated[list[str], Param("Key fields on the right", "오른쪽 키 필드", min_length=1)],
    how: Annotated[
        Literal["inner", "left", "full", "missing"],
        Param("inner: both; left: all of the left; full: all of both; missing: left without a match", "합치는 방법"),
    ] = "inner",
    prefix: Annotated[
        str, Param("Put before names of the right that collide", "겹치는 오른쪽 이름 앞에 붙일 말", min_length=1)
    ] = "right_",
) -> RowsResult:
    """Joins two lists by equal keys."""
    return _result(join_rows(left, right, left_key, right_key, how, prefix, MAX_ROWS), len(left))


@data.action(
    title=Text("Remove doubles", "중복 제거"),
    description_ko="같은 행(또는 지정한 필드가 같은 행)은 첫 번째만 남깁니다.",
    example={"rows": [*SAMPLE, SAMPLE[0]], "by": ["code"]},
)
async def unique(
    ctx: Context,
    rows: Rows,
    by: Annotated[list[str], Param("Fields that make a row the same; none: all of it", "같다고 볼 필드")] = [],  # noqa: B006
) -> RowsResult:
    """Keeps the first of equal rows."""
    return _result(unique_rows(rows, by), len(rows))


@data.action(
    title=Text("Limit rows", "행 수 제한"),
    description_ko="앞에서 일부를 건너뛰고 정해진 수만 남깁니다.",
    example={"rows": SAMPLE, "count": 2},
)
async def limit(
    ctx: Context,
    rows: Rows,
    count: Annotated[int, Param("Rows at most", "최대 행 수", ge=0, le=MAX_ROWS)] = 10,
    offset: Annotated[int, Param("Rows to skip first", "건너뛸 행 수", ge=0)] = 0,
) -> RowsResult:
    """Keeps some rows from the start."""
    return _result(rows[offset : offset + count], len(rows))


@data.action(
    title=Text("Fill a template", "템플릿 채우기"),
    description_ko="{이름} 자리에 값을 넣습니다. 행이 있으면 행마다 한 줄씩 만듭니다.",
    example={"template": "{name}: {price:,}원", "rows": SAMPLE},
)
async def template(
    ctx: Context,
    template: Annotated[
        str,
        Param(
            "Text with places: {name}, {price:,}, {rate:.2f}, {note|none}",
            "자리 표시가 있는 글: {name}, {price:,}, {rate:.2f}, {note|없음}",
            widget="textarea",
            max_length=200_000,
        ),
    ],
    values: Annotated[dict[str, Any], Param("The values", "값")] = {},  # noqa: B006
    rows: Annotated[
        list[Row] | None, Param("Fill the template once per row", "행마다 한 번씩 채우기", max_length=MAX_ROWS)
    ] = None,
    separator: Annotated[str, Param("Between the rows", "행 사이에 넣을 글자")] = "\n",
) -> TextResult:
    """Puts values into a text, once or once per row."""
    if rows is None:
        return TextResult(text=render(template, values))
    return TextResult(text=separator.join(render(template, {**values, **row}) for row in rows))


@data.action(
    title=Text("Read CSV", "CSV 읽기"),
    description_ko="CSV 텍스트를 행으로 바꿉니다. 값은 텍스트 그대로 둡니다.",
    example={"text": "code,name\n005930,삼성전자\n"},
)
async def parse_csv(
    ctx: Context,
    text: Annotated[str, Param("The CSV text", "CSV 텍스트", widget="textarea", max_length=MAX_TEXT)],
    delimiter: Annotated[str, Param("Between the values", "구분자", min_length=1, max_length=1)] = ",",
    header: Annotated[bool, Param("The first line holds the names", "첫 줄이 이름")] = True,
) -> RowsResult:
    """Turns CSV into rows. Values stay text, so that codes keep their leading zeros."""
    try:
        lines = [line for line in csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter) if line]
    except csv.Error as error:
        problem = FieldProblem("text", f"This is not CSV: {error}.", "Check quotes and separator.")
        raise InvalidParams("The CSV cannot be read.", problems=[problem]) from None
    if not lines:
        return _result([], 0)
    width = max(len(line) for line in lines)
    names = lines.pop(0) if header else []
    names += [f"column_{index + 1}" for index in range(len(names), width)]
    rows: list[Row] = [dict(zip(names, line + [""] * (len(names) - len(line)), strict=True)) for line in lines]
    return _result(rows, len(rows))


@data.action(
    title=Text("Write CSV", "CSV 쓰기"),
    description_ko="행을 CSV 텍스트로 바꿉니다.",
    example={"rows": SAMPLE},
)
async def format_csv(
    ctx: Context,
    rows: Rows,
    columns: Annotated[list[str], Param("Names in order; none: all that occur", "열 이름(순서대로)")] = [],  # noqa: B006
    delimiter: Annotated[str, Param("Between the values", "구분자", min_length=1, max_length=1)] = ",",
    safe_for_spreadsheets: Annotated[
        bool,
        Param(
            "Mark texts that a spreadsheet would run as a formula",
            "스프레드시트가 수식으로 실행할 글자를 무해하게 만들기",
        ),
    ] = True,
) -> TextResult:
    """Turns rows into CSV; nested values become JSON."""
    names = columns or names_of(rows)

    def cell(value: Any) -> Any:
        if isinstance(value, dict | list | bool):
            return json.dumps(value, ensure_ascii=False)
        if safe_for_spreadsheets and isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            return f"'{value}"
        return "" if value is None else value

    target = io.StringIO()
    try:
        writer = csv.writer(target, delimiter=delimiter, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([cell(row.get(name)) for name in names] for row in rows)
    except (csv.Error, TypeError, ValueError):
        problem = FieldProblem("delimiter", "This cannot separate values.", "Use a comma, a semicolon or a tab.")
        raise InvalidParams("The CSV cannot be written.", problems=[problem]) from None
    return TextResult(text=target.getvalue())


@data.action(
    title=Text("Read JSON", "JSON 읽기"),
    description_ko="JSON 텍스트를 값으로 바꿉니다.",
    example={"text": '{"a": [1, 2]}'},
)
async def parse_json(
    ctx: Context,
    text: Annotated[str, Param("The JSON text", "JSON 텍스트", widget="textarea", max_length=MAX_TEXT)],
) -> JsonResult:
    """Turns JSON text into data."""

    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    try:
        return JsonResult(data=json.loads(text, parse_constant=refuse))
    except (ValueError, RecursionError) as error:
        reason = (
            f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "a value is not JSON"
        )
        problem = FieldProblem("text", f"This is not JSON ({reason}).", "Check quotes, commas and brackets.")
        raise InvalidParams("The JSON cannot be read.", problems=[problem]) from None


@data.action(
    title=Text("Write JSON", "JSON 쓰기"),
    description_ko="값을 JSON 텍스트로 바꿉니다.",
    example={"data": {"a": [1, 2]}},
)
async def format_json(
    ctx: Context,
    data: Annotated[Any, Param("The value", "값")],
    indent: Annotated[int, Param("Spaces per level; 0: one line", "들여쓰기 칸 수", ge=0, le=8)] = 2,
) -> TextResult:
    """Turns data into JSON text."""
    return TextResult(text=json.dumps(data, ensure_ascii=False, indent=indent or None))


@data.action(
    title=Text("Shift a date", "날짜 계산"),
    description_ko="날짜를 읽어 더하거나 빼고, 원하는 형식으로 씁니다.",
    example={"value": "2026-01-31", "months": 1},
)
async def date(
    ctx: Context,
    value: Annotated[
        str | float, Param("A date, `now`, `today`, or epoch seconds", "날짜, now, today 또는 초 단위 시각")
    ] = "now",
    months: Annotated[int, Param("Months to add", "더할 달 수", ge=-12_000, le=12_000)] = 0,
    days: Annotated[int, Param("Days to add", "더할 날 수", ge=-4_000_000, le=4_000_000)] = 0,
    hours: Annotated[float, Param("Hours to add", "더할 시간", ge=-1e7, le=1e7)] = 0,
    minutes: Annotated[float, Param("Minutes to add", "더할 분", ge=-1e9, le=1e9)] = 0,
    format: Annotated[
        str, Param("Form of `text`, as in strftime", "text의 형식(strftime)", max_length=100)
    ] = "%Y-%m-%d %H:%M",
    zone: Zone = "Asia/Seoul",
) -> Moment:
    """Reads a date, moves it, and writes it in several forms."""
    moment = dates.parse_moment(value, dates.zone_of(zone))
    moment = dates.shift(moment, months=months, days=days, hours=hours, minutes=minutes)
    return Moment(
        iso=moment.isoformat(timespec="seconds"),
        date=moment.date().isoformat(),
        text=moment.strftime(format),
        epoch=moment.timestamp(),
        weekday=("mon", "tue", "wed", "thu", "fri", "sat", "sun")[moment.weekday()],
    )


@data.action(
    title=Text("Time between dates", "날짜 차이"),
    description_ko="두 날짜 사이의 시간을 원하는 단위로 계산합니다.",
    example={"start": "2026-01-01", "end": "2026-03-01"},
)
async def date_difference(
    ctx: Context,
    start: Annotated[str | float, Param("The first date", "시작")],
    end: Annotated[str | float, Param("The second date", "끝")] = "now",
    unit: Annotated[Literal["days", "hours", "minutes", "seconds", "weeks"], Param("Unit", "단위")] = "days",
    zone: Zone = "Asia/Seoul",
) -> Difference:
    """Works out the time from one date to another."""
    here = dates.zone_of(zone)
    seconds = (dates.parse_moment(end, here, "end") - dates.parse_moment(start, here, "start")) / dt.timedelta(
        seconds=1
    )
    size = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1, "weeks": 604800}[unit]
    return Difference(value=seconds / size, seconds=seconds)
