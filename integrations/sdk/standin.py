"""Building blocks of sandboxes: a Starlette application with fault switches.

`POST <prefix>/__faults__` takes one fault or a list of them, `DELETE` clears, `GET` shows what is left:

    {"status": 429, "retry_after": 3, "times": 2, "path": "/messages"}   answer with a status
    {"seconds": 2.5}                                                      answer late
    {"broken": "json" | "html" | "drop"}                                  answer nonsense, or cut the body short

`times` counts down per request (default 1); `path` restricts a fault to paths that contain it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Fault(BaseModel):
    """One prepared misbehaviour."""

    model_config = ConfigDict(extra="forbid")

    status: int = Field(default=0, ge=0, le=599)
    retry_after: float | None = None
    seconds: float = Field(default=0, ge=0, le=120)
    broken: Literal["", "json", "html", "drop"] = ""
    times: int = Field(default=1, ge=1)
    path: str = ""
    body: Any = None


_FAULTS = TypeAdapter(list[Fault] | Fault)


class Faults:
    """The prepared faults of one sandbox."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def next_for(self, path: str) -> Fault | None:
        for fault in self.waiting:
            if fault.path in path:
                fault.times -= 1
                if fault.times == 0:
                    self.waiting.remove(fault)
                return fault
        return None

    async def endpoint(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                found = _FAULTS.validate_json(await request.body())
            except ValidationError as error:
                return JSONResponse({"errors": error.errors(include_input=False, include_url=False)}, 400)
            self.waiting += found if isinstance(found, list) else [found]
        elif request.method == "DELETE":
            self.waiting.clear()
        return JSONResponse([fault.model_dump() for fault in self.waiting])


class FaultMiddleware:
    """Lets a prepared fault answer instead of, or before, the application."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith("/__faults__"):
            await self._app(scope, receive, send)
            return
        fault = self._faults.next_for(scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
        response = _response_of(fault)
        await (self._app if response is None else response)(scope, receive, send)


def _response_of(fault: Fault) -> Response | None:
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    if fault.broken == "json":
        return Response('{"ok": tru', fault.status or 200, headers, "application/json")
    if fault.broken == "html":
        return HTMLResponse("<html><body>Bad gateway</body></html>", fault.status or 200, headers)
    if fault.broken == "drop":
        return Response(b"{", fault.status or 200, {**headers, "Content-Length": "1000"}, "application/json")
    if fault.status:
        body = b"" if fault.body is None else json.dumps(fault.body).encode()
        return Response(body, fault.status, headers, "application/json")
    return None


def standin(routes: Sequence[BaseRoute]) -> Starlette:
    """A sandbox application with these routes and the fault switches."""
    faults = Faults()
    app = Starlette(
        routes=[Route("/__faults__", faults.endpoint, methods=["GET", "POST", "DELETE"]), *routes],
    )
    app.state.faults = faults
    app.add_middleware(FaultMiddleware, faults=faults)
    return app
