"""The ASGI application of the sandbox."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from markets.sandbox import answers, master
from markets.sandbox.faults import World
from markets.sandbox.figures import SEOUL, View
from markets.sandbox.query import Refusal, day_of

PREFIX = "/kis"
UAPI = "/uapi/domestic-stock/v1"
SAME_TOKEN_FOR = 6 * 3600
TOKEN_LIFE = 86_400
MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>점검중</title></head><body><h1>시스템 점검 중입니다.</h1></body></html>"
)


def make_app(world: World | None = None) -> Starlette:
    """A sandbox with a memory of its own."""
    state = world or World()

    def refuse(status: int, code: str, message: str) -> JSONResponse:
        state.refused[code] += 1
        text = "" if state.faults.empty_messages else message
        return JSONResponse({"rt_cd": "1", "msg_cd": code, "msg1": text.ljust(80) if text else ""}, status_code=status)

    async def issue_token(request: Request) -> Response:
        state.calls["tokenP"] += 1
        try:
            body = json.loads(await request.body())
            app_key, app_secret = str(body["appkey"]), str(body["appsecret"])
        except (ValueError, KeyError, TypeError):
            return oauth_error(403, "EGW00101", "유효하지 않은 요청입니다.")
        if state.spend("html_503"):
            return HTMLResponse(MAINTENANCE, status_code=503)
        if "invalid" in app_key:
            return oauth_error(403, "EGW00103", "유효하지 않은 AppKey입니다.")
        if "invalid" in app_secret:
            return oauth_error(403, "EGW00105", "유효하지 않은 AppSecret입니다.")
        now = time.monotonic()
        when, token = state.issued.get(app_key, (-1e9, ""))
        if now - when < state.faults.token_pause:
            return oauth_error(403, "EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)")
        if not token or token not in state.tokens or now - when > SAME_TOKEN_FOR:
            token = secrets.token_urlsafe(180)
            state.tokens[token] = app_key
        state.issued[app_key] = (now, token)
        state.tokens_issued += 1
        # The lifetime is real even while the sandbox's market day stands still.
        ends = datetime.now(SEOUL) + timedelta(seconds=TOKEN_LIFE)
        return JSONResponse(
            {
                "access_token": token,
                "access_token_token_expired": ends.strftime("%Y-%m-%d %H:%M:%S"),
                "token_type": "Bearer",
                "expires_in": TOKEN_LIFE,
            }
        )

    def oauth_error(status: int, code: str, message: str) -> JSONResponse:
        state.refused[code] += 1
        return JSONResponse({"error_description": message, "error_code": code}, status_code=status)

    async def revoke_token(request: Request) -> Response:
        try:
            token = str(json.loads(await request.body())["token"])
        except (ValueError, KeyError, TypeError):
            return oauth_error(403, "EGW00101", "유효하지 않은 요청입니다.")
        state.tokens.pop(token, None)
        return JSONResponse({"code": 200, "message": "접근토큰 폐기에 성공하였습니다"})

    async def quote(request: Request) -> Response:
        path = request.url.path.split(UAPI, 1)[1]
        name = path.rsplit("/", 1)[-1]
        state.calls[name] += 1
        faults = state.faults
        aimed = not faults.only or faults.only == name
        if faults.latency:
            await asyncio.sleep(faults.latency)
        if aimed and faults.delay and state.spend("delay_times"):
            await asyncio.sleep(faults.delay)
        if aimed and state.spend("html_503"):
            return HTMLResponse(MAINTENANCE, status_code=503)
        refused = sign_in_problem(request, path)
        if refused is not None:
            return refused
        if not state.admit(request.headers["appkey"]) or (aimed and state.chance.random() < faults.rate_storm):
            return refuse(500, "EGW00201", "초당 거래건수를 초과하였습니다.")
        if aimed and faults.refuse is not None:
            told, left = faults.refuse, faults.refuse.times - 1
            state.faults = faults.model_copy(
                update={"refuse": told.model_copy(update={"times": left}) if left else None}
            )
            return refuse(200, told.code, told.message)
        return answer(path, request, aimed)

    def sign_in_problem(request: Request, path: str) -> Response | None:
        headers = request.headers
        if not headers.get("appkey") or not headers.get("appsecret"):
            return refuse(500, "EGW00102", "AppKey는 필수입니다.")
        token = headers.get("authorization", "").removeprefix("Bearer ").strip()
        if state.faults.expire_token and token in state.tokens:
            status = int(state.faults.expire_token)
            state.faults = state.faults.model_copy(update={"expire_token": ""})
            state.tokens.clear()
            state.issued.clear()
            return refuse(status, "EGW00123", "기간이 만료된 token 입니다.")
        if state.tokens.get(token) != headers["appkey"]:
            return refuse(500, "EGW00121", "유효하지 않은 token 입니다.")
        expected = answers.ANSWERS[path][0]
        if headers.get("tr_id") != expected:
            return refuse(500, "EGW00202", "GW라우팅 중 오류가 발생했습니다.")
        return None

    def answer(path: str, request: Request, aimed: bool) -> Response:
        view = View(state.now())
        extra: dict[str, Any] = {}
        if path.endswith("/volume-rank"):
            extra["with_funds"] = state.faults.funds
        if path.endswith("/chk-holiday") and state.faults.market_closed:
            extra["closed"] = day_of(request.query_params.get("BASS_DT", ""))
        try:
            body = answers.ANSWERS[path][1](view, request.query_params, **extra)
        except Refusal as error:
            return refuse(200, error.code, error.message)
        if aimed:
            pad(body)
        body |= {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다.".ljust(80)}
        if state.faults.empty_messages:
            body["msg1"] = ""
        headers = {"tr_id": request.headers["tr_id"], "tr_cont": "", "gt_uid": secrets.token_hex(16)}
        return JSONResponse(body, headers=headers)

    def pad(body: dict[str, Any]) -> None:
        faults = state.faults
        key = next((key for key in ("output2", "output") if isinstance(body.get(key), list)), None)
        if key is None or not (faults.blank_rows or faults.only_blank_rows):
            return
        rows = body[key]
        shape = dict.fromkeys(rows[0], "") if rows else {}
        if faults.only_blank_rows:
            body[key] = [dict(shape) for _ in range(max(1, faults.blank_rows))]
        else:
            body[key] = [*(dict(shape) for _ in range(faults.blank_rows)), *rows]

    async def master_file(request: Request) -> Response:
        name = request.path_params["name"]
        state.calls[name] += 1
        if name == "idxcode.mst":
            return Response(master.index_file(), media_type="application/octet-stream")
        market = {"kospi_code.mst.zip": "KOSPI", "kosdaq_code.mst.zip": "KOSDAQ"}.get(name)
        if market is None:
            return Response(status_code=404)
        data = master.master_zip(market, malformed=state.faults.malformed_master)
        return Response(data, media_type="application/zip")

    async def faults_switch(request: Request) -> Response:
        if request.method == "POST":
            try:
                state.switch(json.loads(await request.body() or b"{}"))
            except (ValidationError, ValueError, TypeError) as error:
                return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(state.report())

    routes = [
        Route("/oauth2/tokenP", issue_token, methods=["POST"]),
        Route("/oauth2/revokeP", revoke_token, methods=["POST"]),
        Route("/common/master/{name}", master_file),
        Route("/__faults__", faults_switch, methods=["GET", "POST"]),
        *(Route(UAPI + path, quote) for path in answers.ANSWERS),
    ]
    sandbox = Starlette(routes=routes)
    sandbox.state.world = state
    return sandbox


app = make_app()
