"""What both databases share: the credential, the kinds of statements, bounded results, plain values."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr

from integrations.sdk import AuthError, Context, Credential, FieldProblem, InvalidParams, Param

#: What one answer may hold; a table belongs into a file or a database, not into a run.
MAX_BYTES = 10_000_000
READING = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"})
WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "WITH"})
_SKIPPED = re.compile(
    r"""--[^\n]*|\#[^\n]*|/\*(?![!M]).*?\*/|'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|`[^`]*`|\$(\w*)\$.*?\$\1\$""",
    re.DOTALL | re.VERBOSE,
)


class DatabaseCredential(Credential):
    """How to reach a database, and whether workflows may change it."""

    host: str = Field(title="Host", min_length=1, description="Name or address of the server")
    database: str = Field(title="Database", min_length=1)
    user: str = Field(title="User", min_length=1, description="Best a role that may only read what is needed")
    password: SecretStr = Field(title="Password")
    port: int = Field(0, title="Port", ge=0, le=65535, description="0: the usual port")
    tls: Literal["verify", "require", "off"] = Field(
        "verify",
        title="TLS",
        description="verify: certificate and name are checked; require: only encrypted; off",
    )
    ca: str = Field("", title="CA certificate", description="PEM text, when the certificate is of your own authority")
    allow_writes: bool = Field(False, title="Allow changes", description="Lets workflows insert, update and delete")


Sql = Annotated[str, Param("One SQL statement; values go into `params`", "SQL 문 하나. 값은 params에", widget="code",
                           min_length=1, max_length=100_000)]  # fmt: skip
MaxRows = Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=10_000)]
Seconds = Annotated[float, Param("Seconds the server may work on it", "서버가 처리할 수 있는 시간(초)", ge=0.1, le=300)]
MaxTables = Annotated[int, Param("Tables at most", "최대 개수", ge=1, le=1000)]
MaxChanged = Annotated[
    int, Param("More changed rows than this and nothing is changed", "이보다 많이 바뀌면 모두 취소", ge=1, le=1_000_000)
]


class Rows(BaseModel):
    """Rows of a query; `complete` is false when a limit ended the reading. No rows may come without column names."""

    rows: list[dict[str, Any]]
    columns: list[str]
    count: int
    complete: bool


class Changed(BaseModel):
    """What a statement changed, and the rows it returned, if any."""

    changed: int
    rows: list[dict[str, Any]] = []


class ColumnInfo(BaseModel):
    """A column as the database describes it."""

    name: str
    type: str
    nullable: bool


class TableInfo(BaseModel):
    """A table or view."""

    name: str
    columns: list[ColumnInfo]


class Tables(BaseModel):
    """Tables and views; `complete` is false when there are more."""

    tables: list[TableInfo]
    count: int
    complete: bool


def credential_of(ctx: Context) -> DatabaseCredential:
    assert isinstance(ctx.credential, DatabaseCredential)
    return ctx.credential


def check_kind(sql: str, allowed: frozenset[str]) -> str:
    """The first word of the statement; `InvalidParams` when it is of another kind or smuggles something in.

    This is the polite answer. What really keeps a query from writing is the server's read-only transaction.
    """
    bare = _SKIPPED.sub(" ", sql).strip().rstrip(";").strip()
    first = re.match(r"\(*\s*([A-Za-z]+)", bare)
    word = first[1].upper() if first else ""
    if "/*" in bare:
        raise _refused("Comments that MySQL executes are not allowed.", "Remove the comment.")
    if ";" in bare:
        raise _refused("There is more than one statement.", "Use one node per statement.")
    if word not in allowed:
        raise _refused(f"{word or 'This'} is not allowed here.", f"Begin with one of: {', '.join(sorted(allowed))}.")
    if re.search(r"\bINTO\s+(OUTFILE|DUMPFILE)\b", bare, re.IGNORECASE):
        raise _refused("Writing files on the server is not allowed.", "Use the rows of the answer.")
    return word


def check_writes(ctx: Context) -> None:
    """`AuthError` unless whoever made the connection allowed changes."""
    if not credential_of(ctx).allow_writes:
        raise AuthError(
            "This connection may only read.",
            code="not_allowed",
            remedy="Edit the connection and allow changes, or use another one.",
        )


def _refused(message: str, remedy: str) -> InvalidParams:
    return InvalidParams("The statement cannot be used.", problems=[FieldProblem("sql", message, remedy)])


class Collector:
    """Takes rows until a limit of rows or bytes is reached."""

    def __init__(self, columns: Sequence[str], max_rows: int) -> None:
        self.columns = _unique(columns)
        self._max_rows = max_rows
        self._bytes = 0
        self.rows: list[dict[str, Any]] = []
        self.complete = True

    def take(self, row: Iterable[Any]) -> bool:
        """Keep a row; False when it was one too many."""
        values = dict(zip(self.columns, (plain(value) for value in row), strict=True))
        self._bytes += len(json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"))
        if len(self.rows) >= self._max_rows or self._bytes > MAX_BYTES:
            self.complete = False
            return False
        self.rows.append(values)
        return True

    def result(self) -> Rows:
        return Rows(rows=self.rows, columns=self.columns, count=len(self.rows), complete=self.complete)


def _unique(names: Sequence[str]) -> list[str]:
    """Column names as keys: a name used twice gets a number."""
    found: list[str] = []
    for name in names:
        number, unique = 2, name
        while unique in found:
            unique, number = f"{name}_{number}", number + 1
        found.append(unique)
    return found


def plain(value: Any) -> Any:
    """A database value as JSON. A decimal becomes a number where nothing is lost, else text; bytes become base64."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    return str(value)


def _decimal(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def grouped(rows: Iterable[Sequence[Any]], limit: int) -> Tables:
    """Tables out of rows of (table, column, type, nullable), which arrive in the order of tables."""
    found: dict[str, TableInfo] = {}
    for table, column, kind, nullable in rows:
        if table not in found and len(found) == limit:
            return Tables(tables=list(found.values()), count=len(found), complete=False)
        entry = found.setdefault(table, TableInfo(name=table, columns=[]))
        entry.columns.append(ColumnInfo(name=column, type=kind, nullable=nullable in (True, "YES")))
    return Tables(tables=list(found.values()), count=len(found), complete=True)
