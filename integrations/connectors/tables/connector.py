"""Rows with typed columns, kept per workspace."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel

from integrations.sdk import Connector, Context, FieldProblem, InvalidParams, Option, Param, Text
from integrations.stores.columns import Column, Condition
from integrations.stores.room import in_thread, workspace_of

tables = Connector(
    "tables",
    title=Text("Tables", "테이블"),
    description=Text(
        "Keeps rows with typed columns in this workspace: insert, upsert, query, update, delete.",
        "열의 종류가 정해진 행을 워크스페이스에 보관합니다. 추가, 갱신, 조회, 수정, 삭제를 지원합니다.",
    ),
    group="data",
    in_workspace=True,
)

Table = Annotated[str, Param("Name of the table", "테이블 이름", pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", max_length=64)]
Row = dict[str, Any]
Rows = Annotated[
    list[Row], Param("Rows: column names and values", "행 목록(열 이름과 값)", min_length=1, max_length=1000)
]
Where = Annotated[
    list[Condition], Param("Conditions, all of which a row meets", "행이 모두 만족해야 할 조건", max_length=20)
]
EveryRow = Annotated[
    bool,
    Param("Without a condition: really every row of the table", "조건 없이 테이블의 모든 행에 적용", advanced=True),
]


class TableInfo(BaseModel):
    """A table, its columns and how much is in it."""

    table: str
    columns: list[Column]
    rows: int = 0


class TableList(BaseModel):
    """The workspace's tables."""

    tables: list[TableInfo]
    count: int


class RowsWritten(BaseModel):
    """The rows as they are kept now, with their ids."""

    inserted: int
    updated: int = 0
    rows: list[Row]


class RowsFound(BaseModel):
    """Rows; `complete` is false when more of them meet the conditions than are given."""

    rows: list[Row]
    count: int
    total: int
    complete: bool


class RowsChanged(BaseModel):
    """How many rows."""

    count: int


SAMPLE_COLUMNS = [
    {"name": "email", "kind": "text", "required": True},
    {"name": "amount", "kind": "integer"},
    {"name": "paid_on", "kind": "date"},
]


@tables.action(
    title=Text("Create table", "테이블 만들기"),
    description_ko="열을 정해 테이블을 만듭니다. 이미 있으면 그대로 두고 새 열만 더합니다.",
    effect="write",
    idempotent=True,
    example={"table": "orders", "columns": SAMPLE_COLUMNS},
)
async def create_table(
    ctx: Context,
    table: Table,
    columns: Annotated[list[Column], Param("The columns", "열 목록", min_length=1, max_length=60)],
) -> TableInfo:
    """Creates a table; one with the same columns stays as it is, and new optional columns are added."""
    from integrations.stores import tables as service

    workspace = workspace_of(ctx.workspace_id)

    def create() -> TableInfo:
        made = service.create_table(workspace, table, columns)
        return TableInfo(table=made.name, columns=service.columns_of(made), rows=made.rows.count())

    return await in_thread(create)


@tables.action(
    title=Text("List tables", "테이블 목록"),
    description_ko="워크스페이스의 테이블과 열을 조회합니다.",
)
async def list_tables(ctx: Context) -> TableList:
    """Lists the workspace's tables with their columns and number of rows."""
    from integrations.stores import tables as service

    workspace = workspace_of(ctx.workspace_id)

    def read() -> list[TableInfo]:
        return [
            TableInfo(table=found.name, columns=service.columns_of(found), rows=found.row_count)
            for found in service.tables(workspace)
        ]

    found = await in_thread(read)
    return TableList(tables=found, count=len(found))


@tables.action(
    title=Text("Insert rows", "행 추가"),
    description_ko="테이블에 행을 추가합니다. 값이 하나라도 맞지 않으면 아무것도 추가하지 않습니다.",
    effect="write",
    example={"table": "orders", "rows": [{"email": "minji@example.com", "amount": 3, "paid_on": "2026-03-02"}]},
)
async def insert(ctx: Context, table: Table, rows: Rows) -> RowsWritten:
    """Inserts rows, all of them or none."""
    from integrations.stores import tables as service
    from integrations.stores.once import once

    workspace = workspace_of(ctx.workspace_id)

    def write() -> dict[str, Any]:
        made = [service.plain(row) for row in service.insert(workspace, table, rows)]
        return RowsWritten(inserted=len(made), rows=made).model_dump(mode="json")

    found = await in_thread(lambda: once(workspace, "tables.insert", ctx.idempotency_key, write))
    return RowsWritten.model_validate(found)


@tables.action(
    title=Text("Upsert rows", "행 추가 또는 갱신"),
    description_ko="지정한 열의 값이 같은 행은 갱신하고, 없으면 추가합니다.",
    effect="write",
    idempotent=True,
    example={"table": "orders", "rows": [{"email": "minji@example.com", "amount": 5}], "match": ["email"]},
)
async def upsert(
    ctx: Context,
    table: Table,
    rows: Rows,
    match: Annotated[list[str], Param("Columns that tell rows apart", "행을 구분하는 열", min_length=1, max_length=10)],
) -> RowsWritten:
    """Changes the rows that agree in some columns and inserts the others, all of them or none."""
    from integrations.stores import tables as service

    workspace = workspace_of(ctx.workspace_id)

    def write() -> RowsWritten:
        inserted, updated = service.upsert(workspace, table, rows, match)
        kept = [service.plain(row) for row in (*inserted, *updated)]
        return RowsWritten(inserted=len(inserted), updated=len(updated), rows=kept)

    return await in_thread(write)


@tables.action(
    title=Text("Query rows", "행 조회"),
    description_ko="조건에 맞는 행을 정렬해 조회합니다.",
    example={"table": "orders", "where": [{"column": "amount", "op": "gte", "value": 3}], "order_by": "amount"},
)
async def query(
    ctx: Context,
    table: Table,
    where: Where = [],  # noqa: B006
    order_by: Annotated[
        str, Param("Column to order by; empty: as they came", "정렬할 열. 비우면 추가된 순서", max_length=64)
    ] = "",
    descending: Annotated[bool, Param("Largest first", "큰 값부터")] = False,
    count: Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=1000)] = 100,
    skip: Annotated[int, Param("Rows to leave out at the start", "앞에서 건너뛸 행 수", ge=0, le=1_000_000)] = 0,
) -> RowsFound:
    """Finds the rows that meet every condition."""
    from integrations.stores import tables as service

    workspace = workspace_of(ctx.workspace_id)

    def read() -> RowsFound:
        found = service.search(service.table_of(workspace, table), where, order_by=order_by, descending=descending)
        rows = [service.plain(row) for row in found[skip : skip + count]]
        total = found.count()
        return RowsFound(rows=rows, count=len(rows), total=total, complete=skip + len(rows) >= total)

    return await in_thread(read)


@tables.action(
    title=Text("Update rows", "행 수정"),
    description_ko="조건에 맞는 행의 값을 바꿉니다.",
    effect="write",
    idempotent=True,
    example={
        "table": "orders",
        "where": [{"column": "email", "op": "eq", "value": "minji@example.com"}],
        "values": {"amount": 7},
    },
)
async def update(
    ctx: Context,
    table: Table,
    values: Annotated[Row, Param("The new values by column", "바꿀 열과 값", min_length=1)],
    where: Where = [],  # noqa: B006
    every_row: EveryRow = False,
) -> RowsChanged:
    """Puts values into every row that meets the conditions."""
    from integrations.stores import tables as service

    workspace = workspace_of(ctx.workspace_id)
    _need_condition(where, every_row)
    return RowsChanged(count=await in_thread(lambda: service.update(workspace, table, where, values)))


@tables.action(
    title=Text("Delete rows", "행 삭제"),
    description_ko="조건에 맞는 행을 지웁니다.",
    effect="destroy",
    idempotent=True,
    example={"table": "orders", "where": [{"column": "email", "op": "eq", "value": "minji@example.com"}]},
)
async def delete(
    ctx: Context,
    table: Table,
    where: Where = [],  # noqa: B006
    every_row: EveryRow = False,
) -> RowsChanged:
    """Deletes every row that meets the conditions."""
    from integrations.stores import tables as service

    workspace = workspace_of(ctx.workspace_id)
    _need_condition(where, every_row)
    return RowsChanged(count=await in_thread(lambda: service.delete(workspace, table, where)))


def _need_condition(where: list[Condition], every_row: bool) -> None:
    if not where and not every_row:
        problem = FieldProblem("where", "There is no condition.", "Give one, or set `every_row`.")
        raise InvalidParams("This would change every row of the table.", problems=[problem])


async def _table_options(ctx: Context, query: str, params: dict[str, Any]) -> list[Option]:
    """The workspace's tables."""
    found = await list_tables(ctx)
    return [Option(one.table, one.table) for one in found.tables if query.lower() in one.table]


for _action in (insert, upsert, query, update, delete):
    _action.options("table")(_table_options)
