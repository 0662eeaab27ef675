"""Local stand-in of Microsoft Graph: `value` lists with next links, error bodies, workbook ranges, redirects.

Made-up content that lives as long as the process. Fault switches: `POST /microsoft/__faults__`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from integrations.sdk.standin import standin
from integrations.sdk.standin_oauth import OAuthStandIn

PREFIX = "/microsoft"
CREDENTIAL = {"access_token": "eyJ-sandbox-graph-token"}
sign_in = OAuthStandIn("Microsoft", CREDENTIAL["access_token"])
PAGE = 2
Handler = Callable[[Request], Awaitable[Response]]
WHEN = "2026-03-01T00:00:00Z"


def _person(address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": address.partition("@")[0], "address": address}}


def _mail(id: str, sender: str, subject: str, kind: str, text: str, read: bool) -> dict[str, Any]:
    facts = {"id": id, "subject": subject, "from": _person(sender), "isRead": read, "receivedDateTime": WHEN}
    body = {"bodyPreview": subject, "body": {"contentType": kind, "content": text}, "hasAttachments": False}
    return {**facts, **body, "toRecipients": [_person("me@sandbox.example")]}


def _event(id: str, title: str, start: str, end: str) -> dict[str, Any]:
    zone = "Asia/Seoul"
    times = {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}}
    return {"id": id, "subject": title, **times, "isAllDay": False, "attendees": []}


def _file(id: str, name: str, kind: str, content: bytes) -> dict[str, Any]:
    facts = {"id": id, "name": name, "size": len(content), "lastModifiedDateTime": WHEN, "_content": content}
    return {**facts, "file": {"mimeType": kind}, "webUrl": f"https://onedrive.example/{id}"}


class World:
    """The content of the stand-in."""

    def __init__(self) -> None:
        self.mails = [
            _mail("AAMk1", "minji@sandbox.example", "인사", "html", "<p>안녕하세요</p><p>민지</p>", False),
            _mail("AAMk2", "junho@sandbox.example", "견적", "text", "견적입니다", True),
            _mail("AAMk3", "news@sandbox.example", "소식", "text", "소식입니다", False),
        ]
        self.sent: list[dict[str, Any]] = []
        self.events = [
            _event("E1", "주간 회의", "2026-03-02T10:00:00.0000000", "2026-03-02T11:00:00.0000000"),
            _event("E2", "점심", "2026-03-03T12:00:00.0000000", "2026-03-03T13:00:00.0000000"),
            _event("E3", "점검", "2026-03-04T12:00:00.0000000", "2026-03-04T13:00:00.0000000"),
        ]
        self.sheet: list[list[Any]] = [["품목", "수량", "단가"], ["연필", 120, 500], ["지우개", 40, ""]]
        self.messages = [
            {"id": str(number), "createdDateTime": WHEN, "body": {"contentType": "html", "content": f"<p>{text}</p>"}}
            for number, text in ((3, "셋"), (2, "둘"), (1, "하나"))
        ]
        self.files = [
            _file("01REPORT", "3월 보고서.pdf", "application/pdf", b"%PDF-1.7"),
            _file("01BOOK", "재고.xlsx", "application/vnd.ms-excel", b"PK"),
            {"id": "01FOLDER", "name": "자료", "folder": {"childCount": 0}, "size": 0},
        ]
        self.downloads: list[dict[str, str]] = []

    def find(self, id: str) -> dict[str, Any] | None:
        return next((one for one in self.files if one["id"] == id), None)


world = World()


def error(status: int, code: str, message: str) -> Response:
    """An error in Graph's form."""
    return JSONResponse({"error": {"code": code, "message": message, "innerError": {"date": WHEN}}}, status)


def signed(handler: Handler) -> Handler:
    async def endpoint(request: Request) -> Response:
        if not sign_in.accepts(request):
            return error(401, "InvalidAuthenticationToken", "Access token is empty or invalid.")
        return await handler(request)

    return endpoint


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not key.startswith("_")}


def _page(request: Request, rows: list[dict[str, Any]]) -> Response:
    start = int(request.query_params.get("$skiptoken", 0))
    size = min(int(request.query_params.get("$top", 100)), PAGE)
    data: dict[str, Any] = {"value": [_shown(one) for one in rows[start : start + size]]}
    if start + size < len(rows):
        data["@odata.nextLink"] = str(request.url.include_query_params(**{"$skiptoken": start + size}))
    return JSONResponse(data)


async def me(request: Request) -> Response:
    return JSONResponse({"mail": "me@sandbox.example", "userPrincipalName": "me@sandbox.example"})


async def mails(request: Request) -> Response:
    query = request.query_params
    if "$search" in query and ("$filter" in query or "$orderby" in query):
        return error(400, "SearchWithFilter", "The query parameters are not supported together.")
    wanted = query.get("$search", "").strip('"')
    rows = [one for one in world.mails if wanted in one["subject"]]
    if query.get("$filter") == "isRead eq false":
        rows = [one for one in rows if not one["isRead"]]
    return _page(request, rows)


async def mail(request: Request) -> Response:
    found = next((one for one in world.mails if one["id"] == request.path_params["id"]), None)
    return JSONResponse(found) if found else error(404, "ErrorItemNotFound", "The specified object was not found.")


async def send(request: Request) -> Response:
    world.sent.append((await request.json())["message"])
    return Response(status_code=202)


async def calendar_view(request: Request) -> Response:
    if not {"startDateTime", "endDateTime"} <= set(request.query_params):
        return error(400, "ErrorInvalidParameter", "startDateTime and endDateTime are needed.")
    low, high = (request.query_params[name][:16] for name in ("startDateTime", "endDateTime"))
    return _page(request, [one for one in world.events if low <= one["start"]["dateTime"][:16] < high])


async def events(request: Request) -> Response:
    body = await request.json()
    for one in world.events:
        if body.get("transactionId") and one.get("transactionId") == body["transactionId"]:
            return JSONResponse(one, 201)
    created = {"id": f"N{len(world.events)}", **body}
    world.events.append(created)
    return JSONResponse(created, 201)


_CELL = re.compile(r"([A-Z])(\d+)(?::([A-Z])(\d+))?")


async def worksheet(request: Request) -> Response:
    if request.path_params["id"] != "01BOOK" or request.path_params["sheet"] != "재고":
        return error(404, "ItemNotFound", "The requested resource doesn't exist.")
    what = request.path_params["what"]
    if what.startswith("usedRange"):
        return JSONResponse({"address": "재고!A1:C3", "values": world.sheet})
    found = _CELL.search(what)
    assert found is not None
    c1, r1 = ord(found[1]) - 65, int(found[2]) - 1
    c2, r2 = (ord(found[3]) - 65, int(found[4]) - 1) if found[3] else (c1, r1)
    if request.method == "PATCH":
        values = (await request.json())["values"]
        if len(values) != r2 - r1 + 1 or any(len(line) != c2 - c1 + 1 for line in values):
            message = "The number of rows or columns in the input array doesn't match the size of the range."
            return error(400, "InvalidArgument", message)
        for row, line in zip(world.sheet[r1 : r2 + 1], values, strict=True):
            row[c1 : c2 + 1] = line
    return JSONResponse(
        {"address": f"재고!{found[0]}", "values": [row[c1 : c2 + 1] for row in world.sheet[r1 : r2 + 1]]}
    )


async def table_rows(request: Request) -> Response:
    if request.path_params["table"] != "Stock":
        return error(404, "ItemNotFound", "The requested resource doesn't exist.")
    index = len(world.sheet) - 1
    world.sheet += (await request.json())["values"]
    return JSONResponse({"index": index}, 201)


async def joined_teams(request: Request) -> Response:
    return _page(request, [{"id": "team-1", "displayName": "영업", "description": None}])


async def channels(request: Request) -> Response:
    return _page(request, [{"id": "19:general@thread.tacv2", "displayName": "일반", "description": "모두"}])


async def messages(request: Request) -> Response:
    if request.path_params["team"] != "team-1":
        return error(404, "NotFound", "No team found.")
    if request.method == "POST":
        created = {"id": str(len(world.messages) + 1), "createdDateTime": WHEN, **await request.json()}
        world.messages.insert(0, created)
        return JSONResponse(created, 201)
    return _page(request, world.messages)


async def search(request: Request) -> Response:
    wanted = request.path_params["query"].replace("''", "'")
    return _page(request, [one for one in world.files if wanted in one["name"]])


async def children(request: Request) -> Response:
    return _page(request, world.files)


async def item(request: Request) -> Response:
    found = world.find(request.path_params["id"])
    return JSONResponse(_shown(found)) if found else error(404, "itemNotFound", "Item not found")


async def content(request: Request) -> Response:
    # The real service redirects to another host with a signed address.
    base = str(request.url).split("/me/drive")[0]
    return RedirectResponse(f"{base}/download/{request.path_params['id']}?tempauth=sandbox", 302)


async def download(request: Request) -> Response:
    found = world.find(request.path_params["id"])
    world.downloads.append(dict(request.query_params))
    assert found is not None
    return Response(found["_content"], media_type=found["file"]["mimeType"])


async def upload(request: Request) -> Response:
    path = request.path_params["path"]
    kind = request.headers.get("content-type", "application/octet-stream")
    created = _file(f"01NEW{len(world.files)}", path.rpartition("/")[2], kind, await request.body())
    world.files.append(created)
    return JSONResponse(_shown(created), 201)


async def create_link(request: Request) -> Response:
    body = await request.json()
    return JSONResponse({"id": "link-1", "link": {**body, "webUrl": "https://onedrive.example/s/1"}}, 201)


def _changes(request: Request, rows: list[dict[str, Any]], known: str) -> Response:
    """A page of a delta query: rows behind the token, then the link for the next call."""
    start = int(request.query_params.get("$skiptoken") or request.query_params.get("$deltatoken") or known)
    if start > len(rows):
        return error(410, "resyncRequired", "Resync required. Replace any local items with the server's version.")
    end = min(start + PAGE, len(rows))
    here = str(request.url.replace(query=""))
    name, token = ("nextLink", "$skiptoken") if end < len(rows) else ("deltaLink", "$deltatoken")
    page = {"value": [_shown(one) for one in rows[start:end]], f"@odata.{name}": f"{here}?{token}={end}"}
    return JSONResponse(page)


async def new_mails(request: Request) -> Response:
    """`/me/mailFolders/inbox/messages/delta`; the first call may only filter by the time of arrival."""
    since = request.query_params.get("$filter", "").removeprefix("receivedDateTime ge ")
    old = sum(1 for one in world.mails if one["receivedDateTime"] < since)
    return _changes(request, world.mails, str(old))


async def changed_files(request: Request) -> Response:
    """`/me/drive/root/delta`; `token=latest` gives the link only."""
    known = len(world.files) if request.query_params.get("token") == "latest" else 0
    return _changes(request, world.files, str(known))


BOOK = "/me/drive/items/{id}/workbook"
CHANNEL = "/teams/{team}/channels/{channel}/messages"
app = standin(
    [
        *sign_in.routes(),
        Route("/me", signed(me)),
        Route("/me/messages", signed(mails)),
        Route("/me/messages/{id}", signed(mail)),
        Route("/me/mailFolders/inbox/messages/delta", signed(new_mails)),
        Route("/me/drive/root/delta", signed(changed_files)),
        Route("/me/sendMail", signed(send), methods=["POST"]),
        Route("/me/calendarView", signed(calendar_view)),
        Route("/me/events", signed(events), methods=["POST"]),
        Route(BOOK + "/worksheets('{sheet}')/{what}", signed(worksheet), methods=["GET", "PATCH"]),
        Route(BOOK + "/tables/{table}/rows/add", signed(table_rows), methods=["POST"]),
        Route("/me/joinedTeams", signed(joined_teams)),
        Route("/teams/{team}/channels", signed(channels)),
        Route(CHANNEL, signed(messages), methods=["GET", "POST"]),
        Route(CHANNEL + "/{reply}/replies", signed(messages), methods=["POST"]),
        Route("/me/drive/root/children", signed(children)),
        Route("/me/drive/root/search(q='{query}')", signed(search)),
        Route("/me/drive/items/{id}", signed(item)),
        Route("/me/drive/items/{id}/content", signed(content)),
        Route("/me/drive/items/{id}/createLink", signed(create_link), methods=["POST"]),
        Route("/me/drive/root:/{path:path}:/content", signed(upload), methods=["PUT"]),
        Route("/download/{id}", download),
    ]
)
