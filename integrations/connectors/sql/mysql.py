"""MySQL and MariaDB: one statement with parameters, read-only by the server's own transaction mode."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar

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

T = TypeVar("T")

mysql = Connector(
    "mysql",
    title=Text("MySQL", "MySQL 데이터베이스"),
    description=Text(
        "Reads, and where the connection allows it changes, rows of a MySQL or MariaDB database.",
        "MySQL·MariaDB 데이터베이스의 행을 읽고, 연결이 허용하면 바꿉니다.",
    ),
    auth=DatabaseCredential,
    group="data",
    dials=True,
    icon="mysql.svg",
    docs_url="https://dev.mysql.com/doc/refman/8.4/en/sql-statements.html",
)

Values = Annotated[
    list[Any],
    Param(
        "Values of each %s in the statement; write a literal % as %%",
        "문장 속 %s의 값. %를 그대로 쓰려면 %%",
        max_length=1000,
    ),
]
COLUMNS = """
    SELECT table_name, column_name, column_type, is_nullable FROM information_schema.columns
    WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position LIMIT 20000"""
#: Error numbers of the server (MySQL error reference) by what they mean for the caller.
_SIGN_IN = frozenset({1045, 1698, 1251, 2059, 1524})
_NOT_ALLOWED = frozenset({1044, 1142, 1143, 1227, 1370})
_READ_ONLY = frozenset({1792, 1290})
_TOO_LONG = frozenset({3024, 1969, 1317, 1205})
_BUSY = frozenset({1040, 1053, 1213, 1226, 2002, 2003, 2006, 2013, 2014, 1927})


@mysql.action(
    title=Text("Query", "조회"),
    description_ko="읽기 전용 트랜잭션에서 SELECT 문을 실행합니다.",
    timeout=60,
    example={"sql": "SELECT %s AS word", "params": ["안녕하세요"]},
)
async def query(ctx: Context, sql: Sql, params: Values = [], max_rows: MaxRows = 1000, seconds: Seconds = 30) -> Rows:  # noqa: B006
    """Runs a reading statement in a read-only transaction of the server."""
    check_kind(sql, READING)

    def work(connection: Any) -> Rows:
        from pymysql.cursors import SSCursor

        cursor = connection.cursor(SSCursor)
        cursor.execute(sql, params or None)
        collector = Collector([column[0] for column in cursor.description or ()], max_rows)
        while (row := cursor.fetchone()) is not None and collector.take(row):
            pass
        if not collector.complete:
            # Else the cursor would read all rows that are left when it goes; the connection is closed under it.
            cursor._result.unbuffered_active, cursor._result.connection, cursor.connection = False, None, None
        return collector.result()

    return await _with_connection(ctx, seconds, work, read_only=True)


@mysql.action(
    title=Text("Change rows", "행 변경"),
    description_ko="INSERT, UPDATE, DELETE, REPLACE 문을 실행합니다. 연결에서 변경을 허용해야 합니다.",
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

    def work(connection: Any) -> Changed:
        cursor = connection.cursor()
        changed = cursor.execute(sql, params or None)
        if changed > max_changed:
            connection.rollback()
            raise Rejected(
                f"The statement would change {changed:,} rows; nothing was changed.",
                code="too_many_rows",
                remedy="Narrow the condition, or raise `max_changed`.",
            )
        rows: list[dict[str, Any]] = []
        if cursor.description:
            collector = Collector([column[0] for column in cursor.description], max_changed)
            for row in cursor.fetchall():
                collector.take(row)
            rows = collector.rows
        connection.commit()
        return Changed(changed=changed, rows=rows)

    return await _with_connection(ctx, seconds, work, read_only=False)


@mysql.action(
    title=Text("List tables", "테이블 목록"),
    description_ko="볼 수 있는 테이블과 열을 조회합니다.",
    cache=60,
)
async def list_tables(ctx: Context, count: MaxTables = 200) -> Tables:
    """Lists the tables and views of the database, with their columns."""

    def work(connection: Any) -> Tables:
        cursor = connection.cursor()
        cursor.execute(COLUMNS)
        return grouped(cursor.fetchall(), count)

    return await _with_connection(ctx, 30, work, read_only=True)


@mysql.test
async def check(ctx: Context) -> None:
    await _with_connection(ctx, 10, lambda connection: None, read_only=True)


async def _with_connection(ctx: Context, seconds: float, work: Callable[[Any], T], *, read_only: bool) -> T:
    """Run `work` on a connection in a thread. A run that is stopped closes the socket under it."""
    import pymysql

    credential = credential_of(ctx)
    port = credential.port or 3306
    addresses = await ctx.resolve(credential.host, port)
    left = min(seconds, ctx.remaining or seconds)
    sockets: list[socket.socket] = []

    def run() -> T:
        with _connected(credential, addresses, port, left, sockets) as connection:
            _begin(connection, left, read_only=read_only)
            return work(connection)

    task = asyncio.ensure_future(asyncio.to_thread(run))
    try:
        async with asyncio.timeout(left + 10):
            return await asyncio.shield(task)
    except TimeoutError:
        raise Unavailable("The statement took too long and was stopped.", code="timeout") from None
    except pymysql.Error as error:
        raise _error_of(error) from None
    except ssl.SSLError:
        raise Unavailable("The server's certificate is not accepted.", code="connect_failed") from None
    except (OSError, EOFError, ValueError, IndexError):
        raise Unavailable("MySQL cannot be reached, or does not speak its protocol.", code="connect_failed") from None
    finally:
        if not task.done():
            for one in sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())


@contextlib.contextmanager
def _connected(
    credential: DatabaseCredential, addresses: list[str], port: int, seconds: float, sockets: list[socket.socket]
) -> Iterator[Any]:
    import pymysql
    from pymysql.connections import Connection
    from pymysql.constants import CLIENT

    class Careful(Connection):  # type: ignore[type-arg]
        """Never sends a password in the clear to a server that offers no TLS."""

        def _request_authentication(self) -> None:
            if credential.tls != "off" and not self.server_capabilities & CLIENT.SSL:
                raise pymysql.OperationalError(2003, "The server offers no TLS.")
            super()._request_authentication()

    options: dict[str, Any] = {"ssl_disabled": True} if credential.tls == "off" else {"ssl": _tls(credential)}
    connection = Careful(
        host=credential.host,
        port=port,
        user=credential.user,
        password=credential.password.get_secret_value(),
        database=credential.database,
        charset="utf8mb4",
        read_timeout=seconds + 5,
        write_timeout=seconds + 5,
        local_infile=False,
        defer_connect=True,
        **options,
    )
    opened = _dial(addresses, port)
    sockets.append(opened)
    try:
        connection.connect(opened)
        yield connection
    finally:
        # Closing politely would first read all rows that are left.
        connection._force_close()
        opened.close()


def _dial(addresses: list[str], port: int) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), 10)
        except OSError as error:
            failure = error
    assert failure is not None
    raise failure


def _tls(credential: DatabaseCredential) -> ssl.SSLContext:
    import certifi

    context = ssl.create_default_context(
        cafile=None if credential.ca else certifi.where(), cadata=credential.ca or None
    )
    if credential.tls == "require":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _begin(connection: Any, seconds: float, *, read_only: bool) -> None:
    import pymysql

    cursor = connection.cursor()
    milliseconds = int(seconds * 1000) or 1
    # MySQL knows the first, MariaDB the second; what only speaks their protocol may know none.
    for statement in (
        f"SET SESSION max_execution_time = {milliseconds}",
        f"SET SESSION max_statement_time = {seconds:.3f}",
    ):
        with contextlib.suppress(pymysql.Error):
            cursor.execute(statement)
    if read_only:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
    cursor.execute("START TRANSACTION READ ONLY" if read_only else "START TRANSACTION")


def _error_of(error: Exception) -> ConnectorError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    reason = str(error.args[1])[:300] if len(error.args) > 1 else ""
    said = f" MySQL says: {reason}" if reason else ""
    if number in _SIGN_IN:
        return AuthError("MySQL does not accept the user or password.", remedy="Check the connection.")
    if number in _NOT_ALLOWED:
        return AuthError(f"The database user may not do this.{said}", code="not_allowed")
    if number in _READ_ONLY:
        return Rejected(f"A query cannot change anything.{said}", code="read_only", remedy="Use `execute`.")
    if number in _TOO_LONG:
        return Unavailable("The statement took too long and was stopped.", code="timeout")
    if number == 1049:
        return Rejected("There is no such database.", code="upstream_not_found")
    if number in _BUSY or number == 0:
        return Unavailable("MySQL cannot be reached, or is busy.", code="connect_failed")
    return Rejected(f"MySQL refuses the statement.{said}", details={"errno": number})
