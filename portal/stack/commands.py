"""The command line of every process, in one place for `make run`, the container image and Kubernetes."""

import sys
from importlib.util import find_spec
from urllib.parse import urlsplit

from pydantic import ValidationError

from portal.settings.env import Env
from portal.stack.errors import StackError

PROCESSES = ("sandbox", "web", "worker", "compute", "beat")


def read_environment() -> Env:
    """The settings of this process; raises StackError naming the first wrong variable."""
    try:
        return Env()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "environment"
        raise StackError(f"{name} is wrong: {first['msg'].removeprefix('Value error, ')}.") from error


def command(name: str, env: Env) -> list[str]:
    """The arguments that start one process; `name` is one of PROCESSES."""
    python = sys.executable
    # Workers do not need to know one another: no gossip, no synchronisation at start.
    # Django's checks are `make check`'s business, not every start's.
    celery = [python, "-m", "celery", "--quiet", "--skip-checks", "--app", "portal"]
    worker = [*celery, "worker", "--without-gossip", "--without-mingle"]
    worker += ["--heartbeat-interval", "5", "--loglevel", env.log_level]
    if name == "web":
        return [python, "-m", *_web(env)]
    if name == "worker":
        threads = ["--pool", "threads", "--concurrency", str(env.worker_concurrency)]
        return [*worker, "--hostname", "worker@%h", "--queues", "interactive,default", *threads]
    if name == "compute":
        processes = ["--pool", "prefork", "--concurrency", str(env.compute_concurrency)]
        return [*worker, "--hostname", "compute@%h", "--queues", "compute", *processes, "--optimization", "fair"]
    if name == "beat":
        return [*celery, "beat", "--loglevel", env.log_level, "--pidfile", ""]
    if name == "sandbox":
        return [python, "-m", "integrations.sandbox_server"]
    raise StackError(f"There is no process `{name}`; there are {', '.join(PROCESSES)}.")


def _web(env: Env) -> list[str]:
    if env.web_server == "daphne":
        return [
            "daphne",
            "--bind",
            env.host,
            "--port",
            str(env.port),
            "--no-server-name",
            "-v",
            "0",
            "portal.asgi:application",
        ]
    arguments = ["uvicorn", "portal.asgi:application", "--host", env.host, "--port", str(env.port)]
    arguments += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log"]
    # Client addresses behind a proxy are the settings' business (TRUSTED_PROXIES); open event streams get five
    # seconds to end, then a stopping server closes them.
    arguments += ["--no-server-header", "--no-proxy-headers", "--timeout-graceful-shutdown", "5"]
    return [*arguments, "--workers", str(env.web_processes)] if env.web_processes > 1 else arguments


def is_available(name: str) -> bool:
    """Whether this installation has the process; the sandbox may be left out of a production image."""
    return name != "sandbox" or find_spec("integrations.sandbox_server") is not None


def public_host(env: Env) -> str:
    """The Host header under which we answer, with the port unless it is the scheme's own."""
    return urlsplit(env.public_url).netloc
