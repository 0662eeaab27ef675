"""A local stand-in of 조달청's OpenAPI (apis.data.go.kr/1230000): the real wire format over an invented world.

`POST /g2b/__faults__` with JSON changes how it behaves, `GET` shows settings and counters, `DELETE` resets both:

    latency_ms, jitter_ms   time before every answer
    today                   "2026-11-20": what day it is (Seoul); otherwise the real one
    scale                   how many times more products a day has
    quota                   calls per key, day and operation (1000); quotas: {operation: number}
    largest_page            rows per page above which code 07 comes (999); cap_page silently gives fewer
    per_second              calls per second above which code 23 comes; 0 for no limit
    in_flight               calls at once above which a connection is refused with HTTP 503
    keys                    the only accepted keys; empty: any not doubly encoded that does not start "invalid"
    faults                  list of {kind, operation?, page?, begin?, times?}: the next matching calls get `kind`:
                            a result code ("07"), one of the recorded bodies ("gateway_quota_22.xml"), "gateway-xml:22",
                            "gateway-json:30", "plain:API rate limit exceeded", "html", "empty", "cut", "drop_row",
                            "shift", "status:503", "status:429", "hang"
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from procurement.g2b.operations import Operation, operations
from procurement.keys import SANDBOX_KEY
from procurement.sandbox_data.answers import Asked, Result, answer

PREFIX = "/g2b"
__all__ = ["PREFIX", "SANDBOX_KEY", "World", "app", "build"]
ERRORS = Path(__file__).resolve().parent / "data" / "errors"
SEOUL = ZoneInfo("Asia/Seoul")

_WORDS = {
    "01": "APPLICATION_ERROR",
    "02": "DB_ERROR",
    "03": "NODATA_ERROR",
    "04": "HTTP_ERROR",
    "05": "SERVICETIMEOUT_ERROR",
    "06": "날짜Format 에러",
    "07": "입력범위값 초과 에러",
    "08": "필수값 입력 에러",
    "10": "INVALID_REQUEST_PARAMETER_ERROR",
    "11": "NO_MANDATORY_REQUEST_PARAMETERS_ERROR",
    "12": "NO_OPENAPI_SERVICE_ERROR",
    "20": "SERVICE_ACCESS_DENIED_ERROR",
    "21": "TEMPORARILY_DISABLE_THE_SERVICEKEY_ERROR",
    "22": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR",
    "23": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_PER_SECOND_EXCEEDS_ERROR",
    "29": "BLOCKED_IP_ERROR",
    "30": "SERVICE_KEY_IS_NOT_REGISTERED_ERROR",
    "31": "DEADLINE_HAS_EXPIRED_ERROR",
    "32": "UNREGISTERED_IP_ERROR",
    "99": "UNKNOWN_ERROR",
}


#: Parameters that ask for one thing, so that no period is needed.
_NUMBERS = ("bidntceno", "untycntrctno", "bfspecrgstno", "dlvrreqno", "shopngcntrctno", "prdctidntno", "ntceno")


@dataclass
class World:
    """Settings and counters of one sandbox."""

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    today: str = ""
    scale: int = 1
    quota: int = 1000
    quotas: dict[str, int] = field(default_factory=dict)
    largest_page: int = 999
    cap_page: int = 0
    per_second: int = 0
    in_flight: int = 0
    keys: list[str] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.calls: Counter[str] = Counter()
        self.per_day: Counter[tuple[str, str, str]] = Counter()
        self.windows: Counter[str] = Counter()
        self.connections: set[tuple[str, int]] = set()
        self.flying = self.most_flying = 0
        self.recent: deque[float] = deque()
        self.headers_seen: set[str] = set()

    @property
    def now(self) -> datetime:
        if self.today:
            return datetime.fromisoformat(f"{self.today}T12:00")
        return datetime.now(SEOUL).replace(tzinfo=None)

    def change(self, settings: dict[str, Any]) -> None:
        known = set(type(self).__dataclass_fields__)
        unknown = set(settings) - known
        if unknown:
            raise ValueError(f"unknown settings {sorted(unknown)}; known: {sorted(known)}")
        for name, value in settings.items():
            setattr(self, name, value)

    def take_fault(self, operation: str, params: dict[str, str]) -> str:
        """The kind of the next fault meant for this call; empty when there is none."""
        for fault in self.faults:
            begins = [value for name, value in params.items() if name.endswith(("bgndt", "bgndate"))]
            if (
                fault.get("operation", operation) == operation
                and str(fault.get("page", params.get("pageno", "1"))) == params.get("pageno", "1")
                and ("begin" not in fault or any(value.startswith(fault["begin"]) for value in begins))
            ):
                fault["times"] = fault.get("times", 1) - 1
                if fault["times"] <= 0:
                    self.faults.remove(fault)
                return str(fault["kind"])
        return ""


class _Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _gateway(code: str, status: int = 200, as_json: bool = False, words: str = "") -> Response:
    words = words or _WORDS.get(code, "UNKNOWN_ERROR")
    if as_json:
        header = {"errMsg": "SERVICE ERROR", "returnAuthMsg": words, "returnReasonCode": code}
        return JSONResponse({"OpenAPI_ServiceResponse": {"cmmMsgHeader": header}}, status)
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<OpenAPI_ServiceResponse>\n <cmmMsgHeader>\n'
        f"  <errMsg>SERVICE ERROR</errMsg>\n  <returnAuthMsg>{words}</returnAuthMsg>\n"
        f"  <returnReasonCode>{code}</returnReasonCode>\n </cmmMsgHeader>\n</OpenAPI_ServiceResponse>"
    )
    return Response(body, status, media_type="text/xml;charset=UTF-8")


def _provider(code: str) -> Response:
    header = {"resultCode": code, "resultMsg": _WORDS.get(code, "에러")}
    return JSONResponse({"nkoneps.com.response.ResponseError": {"header": header}})


def _fault(kind: str) -> Response | None:
    """The answer of a fault that replaces the whole body; None for those that change rows."""
    if kind in {path.name for path in ERRORS.iterdir()}:
        path = ERRORS / kind
        media = {"xml": "text/xml", "json": "application/json"}.get(path.suffix[1:], "text/plain")
        return Response(path.read_bytes(), 429 if kind.endswith(".txt") else 200, media_type=media)
    name, _, value = kind.partition(":")
    if name == "gateway-xml":
        return _gateway(value)
    if name == "gateway-json":
        return _gateway(value, as_json=True)
    if name == "plain":
        return PlainTextResponse(value, 429 if "exceeded" in value else 500)
    if name == "status":
        return PlainTextResponse("", int(value))
    if kind == "html":
        return Response("<!DOCTYPE html><html><body>시스템 점검 중입니다.</body></html>", media_type="text/html")
    if kind == "empty":
        return Response(b"", media_type="application/json")
    if kind == "cut":
        return Response(b'{"response":{"header":{"resultCode":"00"', media_type="application/json")
    return _provider(kind) if kind.isdigit() else None


def _months_later(at: datetime, months: int) -> datetime:
    month = at.month - 1 + months
    year, month = at.year + month // 12, month % 12 + 1
    last = (datetime(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return at.replace(year=year, month=month, day=min(at.day, last))


def _read_time(text: str, digits: int) -> datetime:
    if not re.fullmatch(rf"\d{{{digits}}}", text):
        raise _Refused(_provider("06"))
    try:
        return datetime.strptime(text, {12: "%Y%m%d%H%M", 8: "%Y%m%d", 6: "%Y%m"}[digits])
    except ValueError:
        raise _Refused(_provider("06")) from None


def _period(asked: Operation, params: dict[str, str], now: datetime) -> tuple[datetime | None, datetime | None]:
    """The period of a question; refuses one that is longer than the live service allows."""
    period = asked.period
    if period is None:
        return None, None
    begin, end = params.get(period.begin.lower(), ""), params.get(period.end.lower(), "")
    if not begin and not end:
        return None, None
    if not begin or not end:
        # An omitted end silently means one day.
        begin = end = begin or end
        begin, end = begin[:8] + "0000"[: period.digits - 8], end[:8] + "2359"[: period.digits - 8]
    start, stop = _read_time(begin, period.digits), _read_time(end, period.digits)
    if start > stop:
        raise _Refused(_provider("07"))
    if asked.span.months and stop > _months_later(start, asked.span.months):
        raise _Refused(_provider("07"))
    if asked.span.days and stop - start >= timedelta(days=asked.span.days):
        raise _Refused(_provider("07"))
    if period.digits == 8:
        stop += timedelta(hours=23, minutes=59)
    return start, stop


def build(world: World) -> Starlette:
    """A sandbox of its own, for tests; `app` below is the shared one."""
    paths = {found.url: found for found in operations().values()}

    def check(request: Request) -> tuple[Operation, dict[str, str], int, int]:
        if any("environment=" in value for value in request.headers.values()):
            raise _Refused(_gateway("10", 400))
        world.headers_seen.update(request.headers.keys())
        # The query is decoded by hand: the sandbox must see a doubly encoded key as what it is.
        pairs = [pair.partition("=") for pair in request.url.query.split("&") if pair]
        params = {unquote_plus(name).lower(): unquote_plus(value) for name, _, value in pairs}
        key = params.get("servicekey", "")
        asked = paths.get("/" + request.path_params["path"])
        if asked is None:
            raise _Refused(_gateway("12", 400))
        if not key:
            raise _Refused(_gateway("20", 401, words="SERVICE_KEY_IS_NULL"))
        if (world.keys and key not in world.keys) or "%" in key or " " in key or key.startswith("invalid"):
            raise _Refused(_gateway("30", 403))
        world.calls[asked.name] += 1
        used = (key, f"{world.now:%Y%m%d}", asked.name)
        world.per_day[used] += 1
        if world.per_day[used] > world.quotas.get(asked.name, world.quota):
            raise _Refused(_gateway("22"))
        if world.per_second:
            tick = time.monotonic()
            while world.recent and world.recent[0] < tick - 1:
                world.recent.popleft()
            world.recent.append(tick)
            if len(world.recent) > world.per_second:
                raise _Refused(_gateway("23"))
        for name in asked.required:
            if not params.get(name.lower()):
                raise _Refused(_provider("08"))
        numbers = [params.get("pageno", ""), params.get("numofrows", "")]
        if not all(re.fullmatch(r"\d{1,4}", number) for number in numbers) or "0" in numbers:
            raise _Refused(_provider("08" if not all(numbers) else "10"))
        if int(numbers[1]) > world.largest_page:
            raise _Refused(_provider("07"))
        return asked, params, int(numbers[0]), int(numbers[1])

    def rows_of(asked: Operation, params: dict[str, str]) -> Result:
        start, end = _period(asked, params, world.now)
        division = params.get("inqrydiv", "")
        by_number = any(params.get(name) for name in _NUMBERS)
        needs_period = asked.period is not None and asked.span != type(asked.span)() and not by_number
        if needs_period and start is None and division in ("", "1", "3"):
            raise _Refused(_provider("08"))
        if start is not None and end is not None:
            world.windows[f"{asked.name} {start:%Y%m%d}-{end:%Y%m%d} p{params.get('pageno')}"] += 1
        return answer(Asked(asked.name, params, start, end, world.now, world.scale))

    def respond(request: Request) -> Response:
        asked, params, page_no, size = check(request)
        kind = world.take_fault(asked.name, params)
        replaced = _fault(kind) if kind else None
        if replaced is not None:
            return replaced
        found = rows_of(asked, params)
        given = min(size, world.cap_page) if world.cap_page else size
        begin = (page_no - 1) * given
        if kind == "shift":
            begin = max(begin - 1, 0)
        rows = found.slice(begin, begin + given)
        if kind == "drop_row":
            rows = rows[:-1]
        if params.get("type") != "json":
            return Response(_xml(rows, size, page_no, found.total), media_type="application/xml;charset=UTF-8")
        body: dict[str, Any] = {"numOfRows": size, "pageNo": page_no, "totalCount": found.total}
        body = {"items": rows, **body}
        header = {"resultCode": "00", "resultMsg": "정상"}
        return Response(
            orjson.dumps({"response": {"header": header, "body": body}}), media_type="application/json;charset=UTF-8"
        )

    async def serve(request: Request) -> Response:
        if request.client:
            world.connections.add((request.client.host, request.client.port))
        world.flying += 1
        world.most_flying = max(world.most_flying, world.flying)
        try:
            if world.in_flight and world.flying > world.in_flight:
                return PlainTextResponse("", 503)
            if world.latency_ms or world.jitter_ms:
                await asyncio.sleep((world.latency_ms + random.uniform(0, world.jitter_ms)) / 1000)  # noqa: S311
            if any(fault.get("kind") == "hang" for fault in world.faults):
                world.faults = [fault for fault in world.faults if fault.get("kind") != "hang"]
                await asyncio.sleep(3600)
            return respond(request)
        except _Refused as refused:
            return refused.response
        finally:
            world.flying -= 1

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            world.__init__()  # type: ignore[misc]
        elif request.method == "POST":
            try:
                world.change(await request.json())
            except (ValueError, TypeError) as error:
                return JSONResponse({"error": str(error)}, 422)
        settings = {name: getattr(world, name) for name in World.__dataclass_fields__}
        counters = {
            "calls": dict(world.calls),
            "total_calls": sum(world.calls.values()),
            "connections": len(world.connections),
            "most_in_flight": world.most_flying,
            "asked_twice": [name for name, times in world.windows.items() if times > 1],
            "headers_seen": sorted(world.headers_seen),
        }
        return JSONResponse({"settings": settings, "counters": counters})

    return Starlette(
        routes=[
            Route("/__faults__", faults, methods=["GET", "POST", "DELETE"]),
            Route("/{path:path}", serve, methods=["GET"]),
        ]
    )


def _xml(rows: list[dict[str, str]], size: int, page_no: int, total: int) -> bytes:
    from lxml import etree

    root = etree.Element("response")
    header = etree.SubElement(root, "header")
    etree.SubElement(header, "resultCode").text = "00"
    etree.SubElement(header, "resultMsg").text = "NORMAL SERVICE."
    body = etree.SubElement(root, "body")
    items = etree.SubElement(body, "items")
    for row in rows:
        item = etree.SubElement(items, "item")
        for name, value in row.items():
            etree.SubElement(item, name).text = value or None
    for name, value in (("numOfRows", size), ("pageNo", page_no), ("totalCount", total)):
        etree.SubElement(body, name).text = str(value)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


app = build(World())
