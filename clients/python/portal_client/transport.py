"""Sending requests: tokens, repeats, files, event streams; once for waiting code and once for async code."""

from __future__ import annotations

import asyncio
import json as jsonlib
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote as _quote

import httpx2
from pydantic import BaseModel, TypeAdapter

from portal_client.errors import ApiError, from_response

RETRIES = 3
LONGEST_PAUSE = 30.0
VERSION = "0.1.0"


class Unset:
    """Stands for an argument that was not given; null is a value."""

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset()


@dataclass(frozen=True)
class ServerEvent:
    """One server-sent event."""

    id: str
    event: str
    data: str

    def json(self) -> Any:
        return jsonlib.loads(self.data)


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def quote(value: Any) -> str:
    """A value as one segment of a path."""
    return _quote(str(value), safe="")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, datetime | date | clock):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _given(values: dict[str, Any] | None) -> dict[str, Any]:
    return {name: _plain(value) for name, value in (values or {}).items() if not isinstance(value, Unset)}


def _in_query(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _options(
    query: dict[str, Any] | None, headers: dict[str, Any] | None, json: Any, form: Any, files: Any
) -> dict[str, Any]:
    options: dict[str, Any] = {"headers": {name: str(value) for name, value in _given(headers).items()}}
    if asked := _given(query):
        options["params"] = {name: _in_query(value) for name, value in asked.items()}
    if json is not None:
        options["json"] = _given(json)
    if form is not None:
        options["data"] = _given(form)
    if files is not None:
        parts = {name: value for name, value in files.items() if not isinstance(value, Unset)}
        options["files"] = {name: value for name, value in parts.items() if isinstance(value, bytes | tuple)}
        options["data"] = {name: str(value) for name, value in parts.items() if name not in options["files"]}
    return options


def _pause(method: str, options: dict[str, Any], response: httpx2.Response, attempt: int) -> float | None:
    """Seconds until the next try; None when there is none. Only what cannot happen twice is repeated."""
    if attempt >= RETRIES:
        return None
    may_repeat = method in ("GET", "HEAD") or "Idempotency-Key" in options["headers"]
    if response.status_code != 429 and not (response.status_code == 503 and may_repeat):
        return None
    error = from_response(response)
    wait = error.retry_after if error.retry_after is not None else 0.5 * 2**attempt
    return wait if wait <= LONGEST_PAUSE else None


def _read(response: httpx2.Response, answer: Any) -> Any:
    if response.status_code >= 400 and not (response.status_code == 503 and _is_answer(response, answer)):
        raise from_response(response)
    if answer is None:
        return None
    if answer is bytes:
        return response.content
    return _adapter(answer).validate_json(response.content)


def _is_answer(response: httpx2.Response, answer: Any) -> bool:
    """The health of a server that is not well is an answer too."""
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    return answer is not None and is_json and "code" not in response.json()


class _Lines:
    """Turns the lines of a stream into events."""

    def __init__(self) -> None:
        self.id, self.event, self.data = "", "message", []  # type: ignore[var-annotated]

    def feed(self, line: str) -> ServerEvent | None:
        if not line:
            done = ServerEvent(self.id, self.event, "\n".join(self.data)) if self.data else None
            self.event, self.data = "message", []
            return done
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            self.id = value
        elif name == "event":
            self.event = value
        elif name == "data":
            self.data.append(value)
        return None


class Transport:
    """For waiting code."""

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http

    def call(
        self,
        method: str,
        path: str,
        *,
        answer: Any,
        query: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        json: Any = None,
        form: Any = None,
        files: Any = None,
    ) -> Any:
        options = _options(query, headers, json, form, files)
        for attempt in range(RETRIES + 1):
            response = self.http.request(method, path, **options)
            wait = _pause(method, options, response, attempt)
            if wait is None:
                break
            time.sleep(wait)
        return _read(response, answer)

    def rows(self, page: Any, kind: Any) -> Iterator[Any]:
        while True:
            yield from page.results
            if not page.next:
                return
            page = self.call("GET", page.next, answer=kind)

    def events(
        self, method: str, path: str, *, query: dict[str, Any] | None = None, headers: dict[str, Any] | None = None
    ) -> Iterator[ServerEvent]:
        options = _options(query, {**(headers or {}), "Accept": "text/event-stream"}, None, None, None)
        with self.http.stream(method, path, timeout=_STREAM, **options) as response:
            if response.status_code >= 400:
                response.read()
                raise from_response(response)
            lines = _Lines()
            for line in response.iter_lines():
                if event := lines.feed(line):
                    yield event


class AsyncTransport:
    """For async code."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def call(
        self,
        method: str,
        path: str,
        *,
        answer: Any,
        query: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        json: Any = None,
        form: Any = None,
        files: Any = None,
    ) -> Any:
        options = _options(query, headers, json, form, files)
        for attempt in range(RETRIES + 1):
            response = await self.http.request(method, path, **options)
            wait = _pause(method, options, response, attempt)
            if wait is None:
                break
            await asyncio.sleep(wait)
        return _read(response, answer)

    async def rows(self, page: Any, kind: Any) -> AsyncIterator[Any]:
        while True:
            for row in page.results:
                yield row
            if not page.next:
                return
            page = await self.call("GET", page.next, answer=kind)

    async def events(
        self, method: str, path: str, *, query: dict[str, Any] | None = None, headers: dict[str, Any] | None = None
    ) -> AsyncIterator[ServerEvent]:
        options = _options(query, {**(headers or {}), "Accept": "text/event-stream"}, None, None, None)
        async with self.http.stream(method, path, timeout=_STREAM, **options) as response:
            if response.status_code >= 400:
                await response.aread()
                raise from_response(response)
            lines = _Lines()
            async for line in response.aiter_lines():
                if event := lines.feed(line):
                    yield event


#: The server says something at least every fifteen seconds.
_STREAM = httpx2.Timeout(10.0, read=60.0)

__all__ = ["UNSET", "ApiError", "AsyncTransport", "ServerEvent", "Transport", "Unset", "quote"]
