"""For tests of connectors: made-up credentials, and an upstream that only fails."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import annotated_types
import httpx2
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from integrations.sdk.auth import Credential, NoAuth
from integrations.sdk.connector import Action, Connector

#: Every made-up secret begins like this, so that a test can look for it.
MARKER = "zq-secret-"
RETRY_AFTER = 7


def made_up_credential(connector: Connector) -> Credential:
    """A credential of the right type with recognisable secrets."""
    model = connector.credential_model
    if model is NoAuth:
        return NoAuth()
    values = {name: _made_up(name, field) for name, field in model.model_fields.items() if field.is_required()}
    for name, field in model.model_fields.items():
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation):
            values[name] = _made_up(name, field)
    return model.model_validate(values)


def _made_up(name: str, field: FieldInfo) -> Any:
    if get_origin(field.annotation) is Literal:
        return get_args(field.annotation)[0]
    if field.annotation in (int, float):
        return 1
    least = next((item.min_length for item in field.metadata if isinstance(item, annotated_types.MinLen)), 0)
    secret = field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    text = f"{MARKER}{name}" if secret else "127.0.0.1"
    return text.ljust(least, "x")


def sandbox_credential(connector: Connector, sandbox: ModuleType | None) -> Credential:
    """What the sandbox accepts: its `CREDENTIAL` (a mapping, or one per connector id), else a made-up one."""
    values = getattr(sandbox, "CREDENTIAL", None)
    if isinstance(values, dict) and connector.id in values:
        values = values[connector.id]
    return made_up_credential(connector) if values is None else connector.credential_model.model_validate(values)


def example_of(action: Action[Any]) -> dict[str, Any] | None:
    """Parameters to call an action with: its example, or none at all when nothing is required."""
    if action.example is not None:
        return action.example
    return None if action.input_schema.get("required") else {}


Answer = Callable[[httpx2.Request], httpx2.Response]


def _status(code: int) -> Answer:
    headers = {"Retry-After": str(RETRY_AFTER)} if code == 429 else {}
    return lambda request: httpx2.Response(code, headers=headers, request=request)


def _raises(error: type[httpx2.RequestError]) -> Answer:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise error("as asked", request=request)

    return answer


def _body(text: str, content_type: str) -> Answer:
    return lambda request: httpx2.Response(200, text=text, headers={"Content-Type": content_type}, request=request)


FAULTS: dict[str, Answer] = {
    "401": _status(401),
    "403": _status(403),
    "404": _status(404),
    "409": _status(409),
    "429": _status(429),
    "500": _status(500),
    "timeout": _raises(httpx2.ReadTimeout),
    "refused": _raises(httpx2.ConnectError),
    "broken-json": _body('{"ok": tru', "application/json"),
    "html-page": _body("<html><body>Service is down</body></html>", "text/html"),
}


class FaultTransport(httpx2.AsyncBaseTransport):
    """Answers every request with the same fault and remembers the requests."""

    def __init__(self, kind: str) -> None:
        self._answer = FAULTS[kind]
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self._answer(request)
