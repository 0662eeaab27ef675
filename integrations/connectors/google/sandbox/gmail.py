"""Gmail's messages, drafts and labels."""

from __future__ import annotations

import base64
import email
import email.policy
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.connectors.google.sandbox.common import error, not_found, page, signed


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _part(kind: str, text: str) -> dict[str, Any]:
    return {"mimeType": kind, "filename": "", "body": {"size": len(text.encode()), "data": _encode(text.encode())}}


def _message(id: str, sender: str, subject: str, payload: dict[str, Any], labels: list[str]) -> dict[str, Any]:
    headers = [
        {"name": "From", "value": sender},
        {"name": "To", "value": "me@sandbox.example"},
        {"name": "Subject", "value": subject},
        {"name": "Message-ID", "value": f"<{id}@sandbox.example>"},
    ]
    facts = {"id": id, "threadId": f"t-{id}", "labelIds": labels, "snippet": subject, "internalDate": "1767322800000"}
    return {**facts, "payload": {**payload, "headers": headers}}


class Mailbox:
    """The content of the stand-in."""

    def __init__(self) -> None:
        both = {
            "mimeType": "multipart/alternative",
            "parts": [_part("text/plain", "안녕하세요"), _part("text/html", "<p>안녕하세요</p>")],
        }
        pdf = {"mimeType": "application/pdf", "filename": "견적서.pdf", "body": {"attachmentId": "a1", "size": 8}}
        html = _part("text/html", "<head><style>p{}</style></head><p>첫 줄</p><p>둘째&nbsp;줄<br>셋째</p>")
        self.messages = [
            _message("m1", "김민지 <minji@sandbox.example>", "인사", both, ["INBOX", "UNREAD"]),
            _message(
                "m2", "junho@sandbox.example", "견적", {"mimeType": "multipart/mixed", "parts": [both, pdf]}, ["INBOX"]
            ),
            _message("m3", "news@sandbox.example", "소식지", html, ["INBOX", "UNREAD"]),
        ]
        self.attachments = {"a1": b"%PDF-1.7"}
        self.sent: list[email.message.EmailMessage] = []
        self.drafts: list[email.message.EmailMessage] = []


box = Mailbox()


def _find(id: str) -> dict[str, Any] | None:
    return next((one for one in box.messages if one["id"] == id), None)


async def profile(request: Request) -> Response:
    return JSONResponse({"emailAddress": "me@sandbox.example", "messagesTotal": len(box.messages)})


async def messages(request: Request) -> Response:
    query = request.query_params.get("q", "")
    rows = [one for one in box.messages if "is:unread" not in query or "UNREAD" in one["labelIds"]]
    if not rows:
        return JSONResponse({"resultSizeEstimate": 0})
    return page(request, [{"id": one["id"], "threadId": one["threadId"]} for one in rows], "messages")


async def message(request: Request) -> Response:
    found = _find(request.path_params["id"])
    if found is None:
        return not_found()
    if request.query_params.get("format") == "metadata":
        found = {**found, "payload": {"headers": found["payload"]["headers"]}}
    return JSONResponse(found)


async def attachment(request: Request) -> Response:
    content = box.attachments.get(request.path_params["attachment"])
    return not_found() if content is None else JSONResponse({"size": len(content), "data": _encode(content)})


def _parse(body: dict[str, Any]) -> email.message.EmailMessage:
    raw = base64.urlsafe_b64decode(body["raw"])
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, email.message.EmailMessage)
    return parsed


async def send(request: Request) -> Response:
    body = await request.json()
    parsed = _parse(body)
    if not parsed["To"]:
        return error(400, "Recipient address required", "invalidArgument", "INVALID_ARGUMENT")
    box.sent.append(parsed)
    return JSONResponse({"id": f"s{len(box.sent)}", "threadId": body.get("threadId", f"ts{len(box.sent)}")})


async def drafts(request: Request) -> Response:
    body = (await request.json())["message"]
    box.drafts.append(_parse(body))
    number = len(box.drafts)
    return JSONResponse({"id": f"r{number}", "message": {"id": f"d{number}", "threadId": body.get("threadId", "td")}})


async def modify(request: Request) -> Response:
    found = _find(request.path_params["id"])
    if found is None:
        return not_found()
    body = await request.json()
    kept = [one for one in found["labelIds"] if one not in body.get("removeLabelIds", [])]
    found["labelIds"] = list(dict.fromkeys(kept + body.get("addLabelIds", [])))
    return JSONResponse({key: found[key] for key in ("id", "threadId", "labelIds")})


ME = "/users/me"
routes = [
    Route(f"{ME}/profile", signed(profile)),
    Route(f"{ME}/messages", signed(messages)),
    Route(f"{ME}/messages/send", signed(send), methods=["POST"]),
    Route(f"{ME}/drafts", signed(drafts), methods=["POST"]),
    Route(f"{ME}/messages/{{id}}", signed(message)),
    Route(f"{ME}/messages/{{id}}/modify", signed(modify), methods=["POST"]),
    Route(f"{ME}/messages/{{id}}/attachments/{{attachment}}", signed(attachment)),
]
