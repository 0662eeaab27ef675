"""PostgreSQL: one statement with parameters, read-only by the server's own transaction mode."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from integrations.connectors.sql.common import (
    READING,
    WRITING,
    Changed,
    Collector,
    DatabaseCredential,
    MaxChanged,
    MaxRows,
    MaxTables,
    Rows,
    Seconds,
    Sql,
    Tables,
    check_kind,
    check_writes,
    credential_of,
    grouped,
)
from integrations.sdk import AuthError, Connector, ConnectorError, Context, Param, Rejected, Text, Unavailable

if TYPE_CHECKING:
    import psycopg

postgresql = Connector(
    "postgresql",
    title=Text("PostgreSQL", "PostgreSQL 데이터베이스"),
    description=Text(
        "Reads, and where the connection allows it changes, rows of a PostgreSQL database.",
        "PostgreSQL 데이터베이스의 행을 읽고, 연결이 허용하면 바꿉니다.",
    ),
    auth=DatabaseCredential,
    group="data",
    dials=True,
    icon="postgresql.svg",
    docs_url="https://www.postgresql.org/docs/current/sql.html",
)

Values = Annotated[list[Any], Param("Values of $1, $2 … in the statement", "문장 속 $1, $2 …의 값", max_length=1000)]
COLUMNS = """
    SELECT CASE WHEN table_schema = current_schema() THEN table_name ELSE table_schema || '.' || table_name END,
           column_name, data_type, is_nullable
    FROM information_schema.columns
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
    ORDER BY table_schema, table_name, ordinal_position LIMIT 20000"""


@postgresql.action(
    title=Text("Query", "조회"),
    description_ko="읽기 전용 트랜잭션에서 SELECT 문을 실행합니다.",
    timeout=60,
    example={"sql": "SELECT $1::int AS number, $2::text AS word", "params": [7, "안녕하세요"]},
)
async def query(ctx: Context, sql: Sql, params: Values = [], max_rows: MaxRows = 1000, seconds: Seconds = 30) -> Rows:  # noqa: B006
    """Runs a reading statement in a read-only transaction of the server."""
    check_kind(sql, READING)
    async with _connected(ctx, seconds, read_only=True) as connection:
        return await _read(connection, sql, params, max_rows)


@postgresql.action(
    title=Text("Change rows", "행 변경"),
    description_ko="INSERT, UPDATE, DELETE, MERGE 문을 실행합니다. 연결에서 변경을 허용해야 합니다.",
    effect="destroy",
    timeout=60,
)
async def execute(
    ctx: Context,
    sql: Sql,
    params: Values = [],  # noqa: B006
    max_changed: MaxChanged = 1000,
    seconds: Seconds = 30,
) -> Changed:
    """Runs one changing statement in a transaction; too many changed rows undo it all."""
    check_kind(sql, WRITING)
    check_writes(ctx)
    async with _connected(ctx, seconds, read_only=False) as connection:
        cursor = _cursor(connection)
        await cursor.execute(sql, [_adapted(value) for value in params], prepare=True)
        if cursor.rowcount > max_changed:
            await connection.rollback()
            raise Rejected(
                f"The statement would change {cursor.rowcount:,} rows; nothing was changed.",
                code="too_many_rows",
                remedy="Narrow the condition, or raise `max_changed`.",
            )
        rows: list[dict[str, Any]] = []
        if cursor.description is not None:
            collector = Collector([column.name for column in cursor.description], max_changed)
            for row in await cursor.fetchall():
                collector.take(row)
            rows = collector.rows
        await connection.commit()
        return Changed(changed=max(0, cursor.rowcount), rows=rows)


@postgresql.action(
    title=Text("List tables", "테이블 목록"),
    description_ko="볼 수 있는 테이블과 열을 조회합니다.",
    cache=60,
)
async def list_tables(ctx: Context, count: MaxTables = 200) -> Tables:
    """Lists the tables and views that the user may see, with their columns."""
    async with _connected(ctx, 30, read_only=True) as connection:
        cursor = await connection.execute(COLUMNS)
        return grouped(await cursor.fetchall(), count)


@postgresql.test
async def check(ctx: Context) -> None:
    async with _connected(ctx, 10, read_only=True):
        pass


async def _read(connection: psycopg.AsyncConnection[Any], sql: str, params: list[Any], max_rows: int) -> Rows:
    collector: Collector | None = None
    cursor = _cursor(connection)
    # Row by row: a result larger than the limit never fills the memory. Streaming takes one statement only.
    stream = cursor.stream(sql, [_adapted(value) for value in params])
    async with contextlib.aclosing(stream):
        async for row in stream:
            if collector is None:
                collector = Collector([column.name for column in cursor.description or ()], max_rows)
            if not collector.take(row):
                break
    if collector is None:
        collector = Collector([column.name for column in cursor.description or ()], max_rows)
    return collector.result()


def _cursor(connection: psycopg.AsyncConnection[Any]) -> psycopg.AsyncRawCursor[Any]:
    """A cursor that takes $1 and leaves % alone."""
    import psycopg

    return psycopg.AsyncRawCursor(connection)


def _adapted(value: Any) -> Any:
    from psycopg.types.json import Jsonb

    return Jsonb(value) if isinstance(value, dict) else value


@contextlib.asynccontextmanager
async def _connected(ctx: Context, seconds: float, *, read_only: bool) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection inside a transaction, to an address that was checked; its errors become the SDK's."""
    import certifi
    import psycopg

    credential = credential_of(ctx)
    port = credential.port or 5432
    addresses = await ctx.resolve(credential.host, port)
    with contextlib.ExitStack() as files:
        root = certifi.where()
        if credential.ca:
            file = files.enter_context(tempfile.NamedTemporaryFile("w", suffix=".pem"))
            file.write(credential.ca)
            file.flush()
            root = file.name
        modes = {"verify": "verify-full", "require": "require", "off": "disable"}
        try:
            connection = await psycopg.AsyncConnection.connect(
                host=",".join([credential.host] * len(addresses)),
                hostaddr=",".join(addresses),
                port=port,
                dbname=credential.database,
                user=credential.user,
                password=credential.password.get_secret_value(),
                sslmode=modes[credential.tls],
                sslrootcert=root if credential.tls == "verify" else None,
                connect_timeout=10,
                application_name="portal",
                # No file of the machine may lend a password or a certificate.
                passfile="/dev/null",
                sslcert="",
                sslkey="",
                gssencmode="disable",
            )
        except psycopg.Error as error:
            raise _error_of(error, credential) from None
    try:
        try:
            milliseconds = str(int(min(seconds, ctx.remaining or seconds) * 1000) or 1)
            await connection.execute("SELECT set_config('statement_timeout', %s, false)", [milliseconds])
            await connection.execute("SELECT set_config('lock_timeout', %s, false)", [milliseconds])
            await connection.commit()
            if read_only:
                await connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
                await connection.commit()
                # After the first query of a read-only transaction the server refuses to make it writable.
                await connection.execute("SELECT 1")
            yield connection
        except psycopg.Error as error:
            raise _error_of(error, credential) from None
    finally:
        await connection.close()


def _error_of(error: psycopg.Error, credential: DatabaseCredential) -> ConnectorError:
    """The SDK's error for one of the server, by its SQLSTATE class (PostgreSQL manual, appendix A)."""
    state = error.sqlstate or ""
    reason = error.diag.message_primary or ""
    said = f" PostgreSQL says: {reason[:300]}" if reason else ""
    if state.startswith("28") or (not state and "password authentication" in str(error)):
        return AuthError("PostgreSQL does not accept the user or password.", remedy="Check the connection.")
    if state == "42501":
        return AuthError(f"The database user may not do this.{said}", code="not_allowed")
    if state == "25006":
        return Rejected(f"A query cannot change anything.{said}", code="read_only", remedy="Use `execute`.")
    if state == "57014":
        return Unavailable("The statement took too long and was stopped.", code="timeout")
    if state == "3D000" or (not state and f'database "{credential.database}" does not exist' in str(error)):
        return Rejected(f"There is no database {credential.database!r}.", code="upstream_not_found")
    if state[:2] in ("40", "53", "55", "57", "58", "08") or not state:
        return Unavailable(f"PostgreSQL cannot be reached, or is busy.{said}", code="connect_failed")
    return Rejected(f"PostgreSQL refuses the statement.{said}", details={"sqlstate": state})
