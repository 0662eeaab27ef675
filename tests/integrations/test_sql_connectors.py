"""PostgreSQL against the session's real server; MySQL against MariaDB where one is installed, else a stand-in."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from integrations.connectors.sql.common import READING, WRITING, check_kind, plain
from integrations.dialling import allowed_addresses
from integrations.runtime import run_action
from integrations.sdk import AuthError, InvalidParams, Rejected, Unavailable
from portal.common.http import default_policy
from portal.common.http.addresses import Policy
from portal.stack.layout import free_port

SHARED = (Path("/usr/share/mysql"), Path("/usr/share/mariadb"))


@pytest.fixture
def loopback(monkeypatch):
    """The operator's allow-list with this machine on it."""
    monkeypatch.setattr("integrations.dialling.default_policy", lambda: Policy(("127.0.0.0/8",)))


@pytest.fixture(scope="session")
def pg(database_url):
    """A database of its own on the session's server, and its role, which is no superuser."""
    parts = urlsplit(database_url)
    with psycopg.connect(database_url, autocommit=True) as server:
        name = f"conn_{os.getpid()}"
        server.execute(f"CREATE DATABASE {name}")
        inside = parts._replace(path=f"/{name}").geturl()
        with psycopg.connect(inside, autocommit=True) as own:
            own.execute("CREATE TABLE item (id int primary key, name text, price numeric(12,2), at timestamptz)")
            own.execute(
                "INSERT INTO item SELECT n, 'item ' || n, n * 1.5, '2026-03-02T00:00:00Z' FROM generate_series(1, 50) n"
            )
        yield {
            "host": "127.0.0.1",
            "port": parts.port,
            "database": name,
            "user": parts.username,
            "password": parts.password,
            "tls": "off",
            "allow_writes": True,
        }
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def call(name, credential, **params):
    return run_action(name, params, credential=credential)


async def test_postgresql_reads_typed_rows_with_parameters(pg, loopback):
    found = await call(
        "postgresql.query",
        pg,
        sql="SELECT id, name, price, at, $2::jsonb AS j FROM item WHERE id <= $1 AND name LIKE 'item%' ORDER BY id",
        params=[2, {"글": 1}],
    )
    assert found["complete"] is True and found["columns"] == ["id", "name", "price", "at", "j"]
    assert found["rows"][0] == {
        "id": 1,
        "name": "item 1",
        "price": 1.5,
        "at": found["rows"][0]["at"],
        "j": {"글": 1},
    }
    hostile = await call("postgresql.query", pg, sql="SELECT $1::text AS x", params=["'; DROP TABLE item; --"])
    assert hostile["rows"] == [{"x": "'; DROP TABLE item; --"}]
    none = await call("postgresql.query", pg, sql="SELECT id, id FROM item WHERE false")
    assert none["rows"] == [] and none["complete"] is True
    twice = await call("postgresql.query", pg, sql="SELECT id, id FROM item WHERE id = 3")
    assert twice["rows"] == [{"id": 3, "id_2": 3}]


async def test_postgresql_stops_at_the_limit_and_says_so(pg, loopback):
    found = await call("postgresql.query", pg, sql="SELECT generate_series(1, 100000000) AS n", max_rows=5)
    assert [row["n"] for row in found["rows"]] == [1, 2, 3, 4, 5] and found["complete"] is False
    wide = await call("postgresql.query", pg, sql="SELECT repeat('x', 1000000) FROM item")
    assert wide["complete"] is False and wide["count"] < 12


@pytest.mark.parametrize(
    "sql",
    [
        "WITH gone AS (DELETE FROM item RETURNING 1) SELECT * FROM gone",
        "SELECT set_config('transaction_read_only', 'off', false), nextval('pg_temp.x')",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT lo_create(0)",
    ],
)
async def test_a_postgresql_query_cannot_write_whatever_it_tries(pg, loopback, sql):
    with pytest.raises((Rejected, AuthError)):
        await call("postgresql.query", pg, sql=sql)
    assert (await call("postgresql.query", pg, sql="SELECT count(*) AS n FROM item"))["rows"] == [{"n": 50}]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM item",
        "SELECT 1; DELETE FROM item",
        "/* SELECT */ DROP TABLE item",
        "COMMIT",
        "SET TRANSACTION READ WRITE",
        "DO $$ BEGIN DELETE FROM item; END $$",
        "COPY item TO PROGRAM 'id'",
        "SELECT 1 /*! INTO OUTFILE '/tmp/x' */",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "",
    ],
)
def test_other_kinds_of_statements_are_refused(sql):
    with pytest.raises(InvalidParams) as caught:
        check_kind(sql, READING)
    assert caught.value.problems[0].field == "sql"


@pytest.mark.parametrize(
    "sql",
    ["-- note; here\n select ';' as a", "(SELECT 1)", "SELECT $a$;$a$ ;", "with x as (select 1) select * from x"],
)
def test_reading_statements_are_taken(sql):
    check_kind(sql, READING)


async def test_postgresql_refuses_several_statements_by_its_protocol_too(pg, loopback, monkeypatch):
    monkeypatch.setattr("integrations.connectors.sql.postgresql.check_kind", lambda sql, allowed: "")
    with pytest.raises(Rejected, match="multiple commands"):
        await call("postgresql.query", pg, sql="SELECT 1; COMMIT; DELETE FROM item")
    with pytest.raises(Rejected, match="read-write mode"):
        await call("postgresql.query", pg, sql="SET TRANSACTION READ WRITE")
    with pytest.raises(Rejected, match="cannot change"):
        await call("postgresql.query", pg, sql="DELETE FROM item")


async def test_postgresql_changes_within_a_limit_and_only_where_allowed(pg, loopback):
    changed = await call(
        "postgresql.execute", pg, sql="UPDATE item SET name = $1 WHERE id = $2 RETURNING id, name", params=["새것", 49]
    )
    assert changed == {"changed": 1, "rows": [{"id": 49, "name": "새것"}]}
    with pytest.raises(Rejected, match="50 rows; nothing"):
        await call("postgresql.execute", pg, sql="DELETE FROM item", max_changed=10)
    assert (await call("postgresql.query", pg, sql="SELECT count(*) AS n FROM item"))["rows"] == [{"n": 50}]
    with pytest.raises(AuthError, match="only read"):
        await call("postgresql.execute", {**pg, "allow_writes": False}, sql="DELETE FROM item")
    with pytest.raises(InvalidParams):
        await call("postgresql.execute", pg, sql="DROP TABLE item")


async def test_postgresql_lists_what_the_user_may_see(pg, loopback):
    found = await call("postgresql.list_tables", pg)
    names = {table["name"]: [column["name"] for column in table["columns"]] for table in found["tables"]}
    assert names["item"] == ["id", "name", "price", "at"]


@pytest.mark.parametrize(
    ("change", "sql", "error", "code"),
    [
        ({"password": "wrong"}, "SELECT 1", AuthError, "auth_error"),
        ({"database": "nowhere"}, "SELECT 1", Rejected, "upstream_not_found"),
        ({}, "SELECT * FROM pg_authid", AuthError, "not_allowed"),
        ({}, "SELECT * FROM nothing", Rejected, "rejected"),
        ({}, "SELECT 1/0", Rejected, "rejected"),
        ({}, "SELECT pg_sleep(30)", Unavailable, "timeout"),
        ({"tls": "require"}, "SELECT 1", Unavailable, "connect_failed"),
        ({"port": 1}, "SELECT 1", Unavailable, "connect_failed"),
    ],
)
async def test_failures_of_postgresql_become_the_right_error(pg, loopback, change, sql, error, code):
    with pytest.raises(error) as caught:
        await call("postgresql.query", {**pg, **change}, sql=sql, seconds=0.5)
    assert caught.value.error_code == code
    assert pg["password"] not in caught.value.explain()


@pytest.mark.parametrize("name", ["postgresql", "mysql"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.5", "169.254.169.254", "2130706433", "[::1]"])
async def test_private_addresses_need_the_operator(name, host):
    credential = {"host": host, "database": "d", "user": "u", "password": "p"}
    with pytest.raises(Rejected) as caught:
        await call(f"{name}.query", credential, sql="SELECT 1")
    assert caught.value.error_code in ("address_refused", "request_refused")


async def test_a_name_with_one_private_address_is_refused_and_an_allow_list_holds():
    async def mixed(host, port):
        return ["93.184.216.34", "10.0.0.1"]

    async def public(host, port):
        return ["93.184.216.34"]

    with pytest.raises(Rejected, match="not public"):
        await allowed_addresses(resolver=mixed)("db.example.com", 5432)
    assert await allowed_addresses(resolver=public)("db.example.com", 5432) == ["93.184.216.34"]
    with pytest.raises(Rejected, match="allowed hosts"):
        await allowed_addresses(["other.example.com"], resolver=public)("db.example.com", 5432)
    assert default_policy().egress is None


def test_values_become_json_without_losing_anything():
    import datetime as dt
    from decimal import Decimal

    assert plain(Decimal("0.1")) == 0.1 and plain(Decimal("5.00")) == 5
    assert plain(Decimal("0.12345678901234567890")) == "0.12345678901234567890"
    assert plain(Decimal("NaN")) == "NaN" and plain(float("inf")) == "inf" and plain(2**70) == str(2**70)
    assert plain(b"\x00\xff") == "AP8=" and plain(dt.timedelta(minutes=1)) == 60.0
    assert plain([dt.date(2026, 3, 2), {"a": Decimal(1)}]) == ["2026-03-02", {"a": 1}]


# MySQL ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    """A real MariaDB in a folder of its own; `apt-get install mariadb-server-core` provides it."""
    server = shutil.which("mariadbd") or shutil.which("mysqld")
    if server is None:
        pytest.skip("no MariaDB or MySQL server is installed")
    folder, port = tmp_path_factory.mktemp("mariadb"), free_port()
    data, setup = folder / "data", folder / "init.sql"
    data.mkdir()
    setup.write_text(
        "CREATE DATABASE shop CHARACTER SET utf8mb4;\n"
        "CREATE USER 'reader'@'%' IDENTIFIED BY 'reader-pw';\n"
        "CREATE TABLE shop.item (id int primary key, name varchar(40), price decimal(12,2)) ENGINE=InnoDB;\n"
        "USE shop;\n"
        "INSERT INTO shop.item SELECT seq, CONCAT('item ', seq), seq * 1.5 FROM seq_1_to_50;\n"
        "CREATE TABLE shop.secret (x int);\n"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.item TO 'reader'@'%';\nFLUSH PRIVILEGES;\n"
    )
    user = ["--user=root"] if os.getuid() == 0 else []
    share = next((one for one in SHARED if (one / "mysql_system_tables.sql").exists()), None)
    if share is None:
        pytest.skip("the server's own tables are not where they usually are")
    base = ["--no-defaults", f"--datadir={data}", "--innodb-flush-method=nosync", *user]
    parts = [(share / name).read_text() for name in ("mysql_system_tables.sql", "mysql_system_tables_data.sql")]
    script = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n" + "\n".join(parts)
    subprocess.run([server, *base, "--bootstrap"], input=script, text=True, check=True, capture_output=True)
    options = ["--bind-address=127.0.0.1", f"--socket={folder}/s", f"--pid-file={folder}/pid", f"--init-file={setup}"]
    options += ["--innodb-buffer-pool-size=16M", "--performance-schema=OFF", f"--port={port}"]
    options += ["--innodb-flush-log-at-trx-commit=0", "--skip-networking=0"]
    process = subprocess.Popen([server, *base, *options], stderr=(folder / "log").open("wb"))
    try:
        for _ in range(300):
            with contextlib.suppress(pymysql.Error):
                pymysql.connect(
                    host="127.0.0.1", port=port, user="reader", password="reader-pw", database="shop"
                ).close()
                break
            if process.poll() is not None:
                pytest.fail((folder / "log").read_text()[-2000:])
            time.sleep(0.1)
        yield {
            "host": "127.0.0.1",
            "port": port,
            "database": "shop",
            "user": "reader",
            "password": "reader-pw",
            "tls": "off",
            "allow_writes": True,
        }
    finally:
        process.terminate()
        process.wait(20)


async def test_mysql_reads_changes_and_lists(mariadb, loopback):
    found = await call("mysql.query", mariadb, sql="SELECT id, name, price FROM item WHERE id <= %s", params=[2])
    assert found["rows"][1] == {"id": 2, "name": "item 2", "price": 3} and found["complete"] is True
    hostile = await call("mysql.query", mariadb, sql="SELECT %s AS x", params=["\\'; DROP TABLE item; -- 글"])
    assert hostile["rows"] == [{"x": "\\'; DROP TABLE item; -- 글"}]
    part = await call("mysql.query", mariadb, sql="SELECT a.id FROM item a, item b, item c, item d", max_rows=3)
    assert part["count"] == 3 and part["complete"] is False
    changed = await call("mysql.execute", mariadb, sql="UPDATE item SET name = %s WHERE id = 49", params=["새것"])
    assert changed["changed"] == 1
    with pytest.raises(Rejected, match="nothing was changed"):
        await call("mysql.execute", mariadb, sql="DELETE FROM item", max_changed=10)
    tables = await call("mysql.list_tables", mariadb)
    assert [table["name"] for table in tables["tables"]] == ["item"]


async def test_a_mysql_query_cannot_write_whatever_it_tries(mariadb, loopback, monkeypatch):
    monkeypatch.setattr("integrations.connectors.sql.mysql.check_kind", lambda sql, allowed: "")
    with pytest.raises(Rejected, match="cannot change"):
        await call("mysql.query", mariadb, sql="DELETE FROM item")
    with pytest.raises(Rejected, match="syntax"):
        await call("mysql.query", mariadb, sql="SELECT 1; DELETE FROM item")
    assert (await call("mysql.query", mariadb, sql="SELECT count(*) AS n FROM item"))["rows"] == [{"n": 50}]


@pytest.mark.parametrize(
    ("change", "sql", "error", "code"),
    [
        ({"password": "wrong"}, "SELECT 1", AuthError, "auth_error"),
        ({"database": "nowhere"}, "SELECT 1", (Rejected, AuthError), None),
        ({}, "SELECT * FROM secret", AuthError, "not_allowed"),
        ({}, "SELECT * FROM", Rejected, "rejected"),
        ({}, "SELECT SLEEP(30) FROM item", Unavailable, "timeout"),
        ({"tls": "verify"}, "SELECT 1", Unavailable, "connect_failed"),
        ({"port": 1}, "SELECT 1", Unavailable, "connect_failed"),
    ],
)
async def test_failures_of_mysql_become_the_right_error(mariadb, loopback, change, sql, error, code):
    with pytest.raises(error) as caught:
        await call("mysql.query", {**mariadb, **change}, sql=sql, seconds=0.5)
    assert code in (None, caught.value.error_code)
    assert "reader-pw" not in caught.value.explain()


async def test_mysql_speaks_to_a_stand_in_of_its_protocol(loopback):
    """Runs everywhere: the handshake with a password, a text result, an error packet."""
    from mysql_mimic import IdentityProvider, MysqlServer, NativePasswordAuthPlugin, Session, User
    from mysql_mimic.errors import ErrorCode, MysqlError

    seen = []

    class Answers(Session):
        async def query(self, expression, sql, attrs):
            seen.append(sql)
            if "missing" in sql:
                raise MysqlError("Table 'missing' doesn't exist", ErrorCode.NO_SUCH_TABLE)
            return [(1, "가"), (2, "나"), (3, "다")], ["id", "name"]

    class People(IdentityProvider):
        def get_plugins(self):
            return [NativePasswordAuthPlugin()]

        async def get_user(self, username):
            hashed = NativePasswordAuthPlugin.create_auth_string("good-pw")
            return User(name=username, auth_string=hashed, auth_plugin=NativePasswordAuthPlugin.name)

    server = MysqlServer(session_factory=Answers, identity_provider=People())
    port = free_port()
    await server.start_server(host="127.0.0.1", port=port)
    credential = {"host": "127.0.0.1", "port": port, "database": "d", "user": "u", "password": "good-pw", "tls": "off"}
    try:
        found = await call(
            "mysql.query", credential, sql="SELECT id, name FROM t WHERE a = %s", params=["x'y"], max_rows=2
        )
        assert found["rows"] == [{"id": 1, "name": "가"}, {"id": 2, "name": "나"}] and found["complete"] is False
        assert seen[-1] in ("SELECT id, name FROM t WHERE a = 'x\\'y'", "SELECT id, name FROM t WHERE a = 'x''y'")
        with pytest.raises(Rejected, match="NO_SUCH_TABLE"):
            await call("mysql.query", credential, sql="SELECT * FROM missing")
        with pytest.raises(AuthError):
            await call("mysql.query", {**credential, "password": "bad"}, sql="SELECT 1")
        with pytest.raises(Unavailable):
            await call("mysql.query", {**credential, "tls": "require"}, sql="SELECT 1")
    finally:
        server.close()


@pytest.mark.parametrize("name", ["postgresql", "mysql"])
async def test_a_server_that_speaks_nonsense_or_nothing_is_unavailable(loopback, name):
    async def nonsense(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credential = {"host": "127.0.0.1", "port": port, "database": "d", "user": "u", "password": "p", "tls": "off"}
    async with server:
        with pytest.raises(Unavailable):
            await call(f"{name}.query", credential, sql="SELECT 1")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable):
            await call(f"{name}.query", {**credential, "port": silent.getsockname()[1]}, sql="SELECT 1")


def test_changing_kinds_are_known():
    assert check_kind("with x as (select 1) delete from y", WRITING) == "WITH"
