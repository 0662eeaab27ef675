"""The events of one calendar."""

from __future__ import annotations

import datetime as dt
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.connectors.google.sandbox.common import error, not_found, page, signed

SEOUL = dt.timezone(dt.timedelta(hours=9))


def _event(id: str, title: str, start: dict[str, str], end: dict[str, str], **more: Any) -> dict[str, Any]:
    facts = {"id": id, "status": "confirmed", "summary": title, "start": start, "end": end}
    return {**facts, "htmlLink": f"https://calendar.example/{id}", "organizer": {"email": "me@sandbox.example"}, **more}


def _at(text: str) -> dict[str, str]:
    return {"dateTime": f"{text}:00+09:00", "timeZone": "Asia/Seoul"}


def first_events() -> list[dict[str, Any]]:
    """The events as they are at the start."""
    people = [{"email": "minji@sandbox.example"}, {"email": "junho@sandbox.example"}]
    return [
        _event("e1", "주간 회의", _at("2026-03-02T10:00"), _at("2026-03-02T11:00"), attendees=people, location="3층"),
        _event("e2", "점심", _at("2026-03-03T12:00"), _at("2026-03-03T13:00")),
        _event("e3", "출장", {"date": "2026-03-05"}, {"date": "2026-03-07"}),
    ]


events = first_events()


def _moment(when: dict[str, str]) -> dt.datetime:
    if "date" in when:
        return dt.datetime.fromisoformat(when["date"]).replace(tzinfo=SEOUL)
    return dt.datetime.fromisoformat(when["dateTime"])


def _known(request: Request) -> bool:
    return request.path_params["calendar"] in ("primary", "me@sandbox.example")


async def collection(request: Request) -> Response:
    if not _known(request):
        return not_found("Not Found")
    if request.method == "POST":
        body = await request.json()
        if "start" not in body or "end" not in body:
            return error(400, "Missing end time.", "required", "INVALID_ARGUMENT")
        created = _event(f"n{len(events) + 1}", **{"title": body.pop("summary", ""), **body})
        events.append(created)
        return JSONResponse(created)
    try:
        low, high = (dt.datetime.fromisoformat(request.query_params[name]) for name in ("timeMin", "timeMax"))
    except (KeyError, ValueError):
        return error(400, "Bad Request", "badRequest", "INVALID_ARGUMENT")
    query = request.query_params.get("q", "")
    rows = [
        one for one in events if _moment(one["end"]) > low and _moment(one["start"]) < high and query in one["summary"]
    ]
    return page(request, sorted(rows, key=lambda one: _moment(one["start"])), "items")


async def one(request: Request) -> Response:
    found = next((event for event in events if event["id"] == request.path_params["id"]), None)
    if found is None or not _known(request):
        return not_found("Not Found")
    if request.method == "DELETE":
        events.remove(found)
        return Response(status_code=204)
    found.update(await request.json())
    return JSONResponse(found)


async def free_busy(request: Request) -> Response:
    body = await request.json()
    low, high = dt.datetime.fromisoformat(body["timeMin"]), dt.datetime.fromisoformat(body["timeMax"])
    answer: dict[str, Any] = {}
    for item in body["items"]:
        if item["id"] != "primary":
            answer[item["id"]] = {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
            continue
        spans = [
            {"start": _moment(event["start"]).isoformat(), "end": _moment(event["end"]).isoformat()}
            for event in events
            if _moment(event["end"]) > low and _moment(event["start"]) < high
        ]
        answer["primary"] = {"busy": spans}
    return JSONResponse({"kind": "calendar#freeBusy", "calendars": answer})


routes = [
    Route("/freeBusy", signed(free_busy), methods=["POST"]),
    Route("/calendars/{calendar}/events", signed(collection), methods=["GET", "POST"]),
    Route("/calendars/{calendar}/events/{id}", signed(one), methods=["PATCH", "DELETE"]),
]
