"""Local stand-in of Solapi's message API: signatures checked, numbers refused, everything kept in memory.

`POST /solapi/__faults__` with `{"status": 503, "times": 2}` makes the next calls fail with that status; `GET
/solapi/__sent__` shows what was accepted. Numbers that end in 0000 are refused with Solapi's code 1062.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PREFIX = "/solapi"
API_KEY, API_SECRET, SENDER = "SANDBOXKEY000000", "sandbox-solapi-secret-0000000000", "0212345678"
_HEADER = re.compile(r"HMAC-SHA256 apiKey=(\w+), date=(\S+), salt=(\w{12,64}), signature=([0-9a-f]{64})\Z")
sent: list[dict[str, Any]] = []
_fault: dict[str, int] = {"status": 0, "times": 0}
_salts: set[str] = set()


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errorCode": code, "errorMessage": message}, status)


def _refusal(request: Request) -> Response | None:
    found = _HEADER.match(request.headers.get("authorization", ""))
    if found is None or found[1] != API_KEY:
        return _error(401, "InvalidAPIKey", "API Key가 유효하지 않습니다.")
    expected = hmac.new(API_SECRET.encode(), f"{found[2]}{found[3]}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, found[4]):
        return _error(403, "SignatureDoesNotMatch", "생성한 Signature가 일치하지 않습니다.")
    if abs(datetime.now(UTC) - datetime.fromisoformat(found[2])) > timedelta(minutes=15):
        return _error(403, "RequestTimeTooSkewed", "Date가 현재 시간과 맞지 않습니다.")
    if found[3] in _salts:
        return _error(403, "DuplicatedSignature", "같은 salt를 다시 쓸 수 없습니다.")
    _salts.add(found[3])
    return None


async def send_many(request: Request) -> Response:
    if _fault["times"] > 0:
        _fault["times"] -= 1
        return _error(_fault["status"], "InternalError", "잠시 후 다시 시도해 주세요.")
    if refusal := _refusal(request):
        return refusal
    body = await request.json()
    failed, accepted = [], []
    for message in body.get("messages", []):
        entry = {"to": message.get("to"), "from": message.get("from"), "type": "SMS", "country": "82"}
        if message.get("from") != SENDER or str(message.get("to", "")).endswith("0000") or not message.get("text"):
            failed.append(entry | {"statusCode": "1062", "statusMessage": "발신 또는 수신번호 오류"})
        else:
            accepted.append(message)
    sent.extend(accepted)
    count = {"total": len(accepted) + len(failed), "registeredSuccess": len(accepted), "registeredFailed": len(failed)}
    return JSONResponse(
        {
            "failedMessageList": failed,
            "groupInfo": {"groupId": f"G4V{secrets.token_hex(12)}", "status": "SENDING", "count": count},
        }
    )


async def faults(request: Request) -> Response:
    body = await request.json()
    _fault.update(status=int(body.get("status", 500)), times=int(body.get("times", 1)))
    return JSONResponse(_fault)


async def outbox(request: Request) -> Response:
    return JSONResponse({"messages": sent})


app = Starlette(
    routes=[
        Route("/messages/v4/send-many/detail", send_many, methods=["POST"]),
        Route("/__faults__", faults, methods=["POST"]),
        Route("/__sent__", outbox),
    ]
)
