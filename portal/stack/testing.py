"""Throw-away PostgreSQL and Redis for one test session, started before the settings read their URLs.

`portal.settings.test` calls `start_for_tests` first thing: pytest-django loads the settings before any conftest is
imported, so a fixture would come too late. The workers of pytest-xdist inherit the URLs from their controller.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from portal.stack.assets import compile_messages
from portal.stack.layout import Layout
from portal.stack.postgres import PostgresServer
from portal.stack.redis import RedisServer


def start_for_tests() -> None:
    """Set DATABASE_URL and REDIS_URL; servers started for those that are missing end with this process."""
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        compile_messages()
        _start(missing)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker.startswith("gw"):
        os.environ["REDIS_URL"] = with_redis_database(os.environ["REDIS_URL"], int(worker[2:]) + 1)


def _start(missing: list[str]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    folder.chmod(0o711)  # PostgreSQL's own user walks through it
    owner = os.getpid()
    layout = Layout(var=folder)
    servers: list[PostgresServer | RedisServer] = []

    def stop() -> None:
        if os.getpid() != owner:  # a forked child runs our atexit handlers too
            return
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    if "DATABASE_URL" in missing:
        postgres = PostgresServer(layout, throw_away=True)
        servers.append(postgres)
        postgres.start()
        os.environ["DATABASE_URL"] = postgres.url
    if "REDIS_URL" in missing:
        redis = RedisServer(layout, throw_away=True)
        servers.append(redis)
        redis.start()
        os.environ["REDIS_URL"] = redis.url


def with_redis_database(url: str, number: int) -> str:
    """The same Redis URL with another database number."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
