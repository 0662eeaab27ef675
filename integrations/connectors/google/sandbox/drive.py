"""The files of one Drive."""

from __future__ import annotations

import email
import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.connectors.google.sandbox.common import PAGE, error, not_found, page, signed

_DOCUMENT = "application/vnd.google-apps."
_NAME = re.compile(r"name contains '((?:[^'\\]|\\.)*)'")


class Files:
    """The content of the stand-in."""

    def __init__(self) -> None:
        self.rows = [
            self.row("d1", "3월 보고서.pdf", "application/pdf", b"%PDF-1.7 report"),
            self.row("d2", "보고서 초안", f"{_DOCUMENT}document", None),
            self.row("d3", "재고", f"{_DOCUMENT}spreadsheet", None),
            self.row("d4", "자료", f"{_DOCUMENT}folder", None),
            self.row("d5", "it's.txt", "text/plain", b"quote"),
        ]
        self.permissions: list[dict[str, Any]] = []

    @staticmethod
    def row(id: str, name: str, kind: str, content: bytes | None, **more: Any) -> dict[str, Any]:
        facts: dict[str, Any] = {"id": id, "name": name, "mimeType": kind, "modifiedTime": "2026-03-01T00:00:00.000Z"}
        if content is not None:
            facts["size"] = str(len(content))
        return {**facts, "owners": [{"emailAddress": "me@sandbox.example"}], "_content": content, **more}

    def find(self, id: str) -> dict[str, Any] | None:
        return next((one for one in self.rows if one["id"] == id), None)


store = Files()


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not key.startswith("_")}


async def about(request: Request) -> Response:
    return JSONResponse({"user": {"emailAddress": "me@sandbox.example"}})


async def files(request: Request) -> Response:
    query = request.query_params.get("q", "")
    if query.replace("\\\\", "").replace("\\'", "").count("'") % 2:
        return error(400, "Invalid Value", "invalid", "INVALID_ARGUMENT")
    found = _NAME.search(query)
    wanted = re.sub(r"\\(.)", r"\1", found[1]) if found else ""
    kind = re.search(r"mimeType = '([^']*)'", query)
    rows = [one for one in store.rows if wanted in one["name"] and (kind is None or one["mimeType"] == kind[1])]
    return page(request, [_shown(one) for one in rows], "files", "pageSize")


async def one(request: Request) -> Response:
    row = store.find(request.path_params["id"])
    if row is None:
        return not_found(f"File not found: {request.path_params['id']}.")
    if request.query_params.get("alt") != "media":
        return JSONResponse(_shown(row))
    if row["_content"] is None:
        message = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
        return error(403, message, "fileNotDownloadable", "PERMISSION_DENIED")
    return Response(row["_content"], media_type=row["mimeType"])


async def export(request: Request) -> Response:
    row = store.find(request.path_params["id"])
    if row is None or row["_content"] is not None:
        return not_found()
    target = request.query_params["mimeType"]
    return Response(f"{row['name']} as {target}".encode(), media_type=target)


async def start_of_changes(request: Request) -> Response:
    return JSONResponse({"kind": "drive#startPageToken", "startPageToken": str(len(store.rows))})


async def changes(request: Request) -> Response:
    """Files behind the token, a page at a time; here a file changes once, when it comes."""
    start = int(request.query_params["pageToken"])
    end = min(start + PAGE, len(store.rows))
    rows = [{"removed": False, "file": _shown(row)} for row in store.rows[start:end]]
    name = "nextPageToken" if end < len(store.rows) else "newStartPageToken"
    return JSONResponse({"kind": "drive#changeList", "changes": rows, name: str(end)})


async def upload(request: Request) -> Response:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    facts, media = email.message_from_bytes(head + await request.body()).get_payload()  # type: ignore[misc]
    described = json.loads(facts.get_payload())  # type: ignore[union-attr]
    content = media.get_payload(decode=True)  # type: ignore[union-attr]
    kind = media.get_content_type()  # type: ignore[union-attr]
    row = store.row(f"u{len(store.rows)}", described["name"], kind, content, parents=described.get("parents", ["root"]))
    store.rows.append(row)
    return JSONResponse(_shown(row))


async def permissions(request: Request) -> Response:
    if store.find(request.path_params["id"]) is None:
        return not_found()
    body = await request.json()
    created = {"id": f"p{len(store.permissions) + 1}", "kind": "drive#permission", **body}
    store.permissions.append({**created, "file": request.path_params["id"]})
    return JSONResponse(created)


routes = [
    Route("/drive/v3/about", signed(about)),
    Route("/drive/v3/changes/startPageToken", signed(start_of_changes)),
    Route("/drive/v3/changes", signed(changes)),
    Route("/drive/v3/files", signed(files)),
    Route("/drive/v3/files/{id}", signed(one)),
    Route("/drive/v3/files/{id}/export", signed(export)),
    Route("/drive/v3/files/{id}/permissions", signed(permissions), methods=["POST"]),
    Route("/upload/drive/v3/files", signed(upload), methods=["POST"]),
]
