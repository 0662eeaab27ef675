"""All sandbox upstreams in one process on loopback: `python -m integrations.sandbox_server`.

Each connector package may have a `sandbox` module with `PREFIX = "/name"` and `app`, a Starlette application
that speaks the upstream's wire format. Address and port come from SANDBOX_URL. `/` lists what is mounted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from integrations.discovery import Problem, load_part, packages
from portal.settings.env import env


@dataclass(slots=True)
class Sandboxes:
    """What discovery found: prefix → (module, application)."""

    apps: dict[str, tuple[str, ASGIApp]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def discover_sandboxes() -> Sandboxes:
    """Import every sandbox module; a broken one is reported and left out."""
    found = Sandboxes()
    for package in packages():
        module = load_part(package, "sandbox")
        if module is None or (package == "integrations.sdk"):
            continue
        if isinstance(module, Problem):
            found.problems.append(module)
            continue
        prefix, app = getattr(module, "PREFIX", ""), getattr(module, "app", None)
        if not (isinstance(prefix, str) and prefix.startswith("/") and prefix.strip("/")) or not callable(app):
            found.problems.append(Problem(module.__name__, 'It needs `PREFIX = "/name"` and an ASGI `app`.'))
        elif prefix in found.apps:
            taken = found.apps[prefix][0]
            found.problems.append(Problem(module.__name__, f"The prefix {prefix} is taken by {taken}."))
        else:
            found.apps[prefix] = (module.__name__, app)
    return found


def create_app(found: Sandboxes | None = None) -> Starlette:
    """One application with every sandbox under its prefix."""
    found = discover_sandboxes() if found is None else found

    async def index(request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "sandboxes": {prefix: module for prefix, (module, _) in sorted(found.apps.items())},
                "problems": [str(problem) for problem in found.problems],
            }
        )

    routes: list[BaseRoute] = [Route("/", index)]
    # Longer prefixes first, so that /google/drive is not swallowed by /google.
    routes += [Mount(prefix, app) for prefix, (_, app) in sorted(found.apps.items(), key=lambda item: -len(item[0]))]
    return Starlette(routes=routes)


def main() -> int:
    """Serve until stopped; 2 when SANDBOX_URL does not name a loopback address."""
    import uvicorn

    address = urlsplit(env().sandbox_url)
    host = address.hostname or "127.0.0.1"
    if host not in ("127.0.0.1", "localhost", "::1"):
        print(f"SANDBOX_URL: {host} is not this machine; the sandbox listens on loopback only.", file=sys.stderr)
        return 2
    found = discover_sandboxes()
    for problem in found.problems:
        print(f"sandbox left out: {problem}", file=sys.stderr)
    uvicorn.run(
        create_app(found),
        host=host,
        port=address.port or 8900,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
