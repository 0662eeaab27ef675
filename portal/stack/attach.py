"""Gives a single command the services of this checkout: those of the running stack, else started for its duration."""

import atexit
import fcntl
import os
from collections.abc import Sequence

from portal.stack.errors import StackError
from portal.stack.layout import Layout, default_layout, ensure_root_key, ensure_secret, read_json
from portal.stack.postgres import PostgresServer
from portal.stack.redis import RedisServer

# Commands that read code only. Everything else may query, so it gets servers.
_WITHOUT_SERVICES = frozenset(
    (
        "check",
        "makemessages",
        "compilemessages",
        "newconnector",
        "diffsettings",
        "startapp",
        "help",
        "version",
        "collectstatic",
    )
)


def use_services(argv: Sequence[str]) -> None:
    """Fill what the environment leaves open: key files, DATABASE_URL and REDIS_URL. Production settings get nothing."""
    if os.environ.get("DJANGO_SETTINGS_MODULE") != "portal.settings.local":
        return
    if any(argument.startswith("--settings") and "local" not in argument for argument in argv):
        return
    layout = default_layout()
    layout.prepare()
    use_key_files(layout)
    command = argv[1] if len(argv) > 1 else "help"
    if command in _WITHOUT_SERVICES or "--help" in argv or "-h" in argv:
        return
    if is_in_use(layout):
        for name, value in read_json(layout.status_file).get("environment", {}).items():
            os.environ[name] = os.environ.get(name) or value
    # `service` starts and stops the stack itself; servers of its own would be in the way.
    if command != "service":
        _start_missing(layout)


def use_key_files(layout: Layout) -> None:
    """Point SECRET_KEY_FILE and ROOT_KEY_FILE to files of this installation, made now if they do not exist."""
    if not os.environ.get("SECRET_KEY") and not os.environ.get("SECRET_KEY_FILE"):
        ensure_secret(layout.secrets / "secret_key", size=48)
        os.environ["SECRET_KEY_FILE"] = str(layout.secrets / "secret_key")
    if not os.environ.get("ROOT_KEY") and not os.environ.get("ROOT_KEY_FILE"):
        ensure_root_key(layout.secrets / "root_key")
        os.environ["ROOT_KEY_FILE"] = str(layout.secrets / "root_key")


def is_in_use(layout: Layout) -> bool:
    """Whether a stack or another command holds this installation's embedded servers."""
    try:
        os.close(lock(layout))
    except StackError:
        return True
    return False


def lock(layout: Layout) -> int:
    """Become the only user of this installation's embedded servers; returns the descriptor that holds the lock."""
    descriptor = os.open(layout.state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        status = read_json(layout.status_file)
        user = (
            f"runs already at {status['url']} (process {status['pid']})"
            if status.get("url")
            else "is in use by a command"
        )
        raise StackError(f"This checkout {user}. Stop that first, or give this one its own VAR_DIR.") from error
    return descriptor


def _start_missing(layout: Layout) -> None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if not missing:
        return
    lock(layout)  # released when this process ends
    for name, kind in (("DATABASE_URL", PostgresServer), ("REDIS_URL", RedisServer)):
        if name in missing:
            server = kind(layout)
            server.start()
            _stop_at_exit(server)
            os.environ[name] = server.url


def _stop_at_exit(server: PostgresServer | RedisServer) -> None:
    owner = os.getpid()
    atexit.register(lambda: server.stop() if os.getpid() == owner else None)
