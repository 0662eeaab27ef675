"""Stand-ins of LH, Applyhome and the address search; their faults are set at `/properties/__faults__`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

SANDBOX_JUSO_KEY = "devU01TX0FVVEgyMDI2U2FuZGJveA=="
Build = Callable[[Request, str], Any]


def _bad_key(request: Request, name: str) -> bool:
    key = request.query_params.get(name, "")
    return not key or "%" in key or key.startswith("invalid")


def _page(request: Request, rows: list[Any], page: str, size: str) -> list[Any]:
    number, count = int(request.query_params.get(page, "1")), min(int(request.query_params.get(size, "10")), 100)
    return rows[(number - 1) * count : number * count]


def lh_list(request: Request, fault: str) -> Any:
    """Notices of LH."""
    from properties.sandbox import switches
    from properties.sandbox_data import official

    query = request.query_params
    rows = official.lh_notices(query.get("UPP_AIS_TP_CD", ""), query.get("CNP_CD", ""), switches.today())
    if "PAN_SS" in query:
        rows = [row for row in rows if row["PAN_SS"] == query["PAN_SS"]]
    if "PAN_ST_DT" in query:
        rows = [row for row in rows if row["PAN_SS"] == "접수마감"]
    part = rows[:1] if fault == "short" else _page(request, rows, "PAGE", "PG_SZ")
    return [{"dsSch": [dict(query)]}, {"dsList": part, "resHeader": _header(fault)}]


def _header(fault: str) -> list[dict[str, str]]:
    return [{"SS_CODE": "N" if fault == "limit" else "Y", "RS_DTTM": "20261121000000"}]


def lh_supply(request: Request, fault: str) -> Any:
    """What a notice of LH offers."""
    from properties.sandbox_data import official

    needed = ("PAN_ID", "SPL_INF_TP_CD", "CCR_CNNT_SYS_DS_CD", "UPP_AIS_TP_CD")
    rows = (
        official.lh_supply(request.query_params["PAN_ID"]) if all(request.query_params.get(n) for n in needed) else []
    )
    return [
        {"dsSch": [dict(request.query_params)]},
        {"dsList01Nm": [official.SUPPLY_NAMES], "resHeader": _header(fault), "dsList01": rows},
    ]


def applyhome(request: Request, fault: str) -> Any:
    """Notices and types of Applyhome."""
    from properties.sandbox import switches
    from properties.sandbox_data import official

    rows = official.applyhome(request.path_params["operation"], switches.today())
    chosen = official.filtered(rows, dict(request.query_params))
    part = chosen[:1] if fault == "short" else _page(request, chosen, "page", "perPage")
    return {
        "page": int(request.query_params.get("page", "1")),
        "perPage": int(request.query_params.get("perPage", "10")),
        "totalCount": len(rows),
        "currentCount": len(part),
        "matchCount": len(chosen),
        "data": part,
    }


def juso(request: Request, fault: str) -> Any:
    """Address search."""
    from properties.sandbox_data import official

    def answer(code: str, words: str, rows: list[Any] | None = None, total: int = 0) -> Any:
        common = {"errorCode": code, "errorMessage": words, "totalCount": str(total), "currentPage": 1}
        return {"results": {"common": {**common, "countPerPage": 10}, "juso": rows}}

    keyword = request.query_params.get("keyword", "")
    if fault == "key" or _bad_key(request, "confmKey"):
        return answer("E0001", "승인되지 않은 KEY 입니다.")
    if fault == "limit":
        return answer("E0007", "시스템 과부하로 잠시 후 이용바랍니다.")
    if not keyword:
        return answer("E0005", "검색어가 입력되지 않았습니다.")
    if any(sign in keyword for sign in "%=><[]"):
        return answer("E0013", "SQL예약어 또는 특수문자( %,=,>,<,[,] )는 검색이 불가능 합니다.")
    rows = official.juso(keyword)
    part = rows[:1] if fault == "short" else _page(request, rows, "currentPage", "countPerPage")
    return answer("0", "정상", part, len(rows) + (200 if fault == "short" else 0))


def _endpoint(site: str, key_name: str, build: Build) -> Callable[..., Any]:
    async def endpoint(request: Request) -> Response:
        from properties.sandbox import switches
        from properties.sandbox_data.molit import gateway_error

        fault = switches.take(site)
        if fault == "slow":
            await asyncio.sleep(60)
        if fault == "500":
            return PlainTextResponse("Unexpected errors", 500)
        if fault == "429":
            return PlainTextResponse("API rate limit exceeded", 429, headers={"retry-after": "5"})
        if fault == "html":
            return HTMLResponse("<html><body>점검중</body></html>")
        if fault == "retired":
            return PlainTextResponse("API not found", 404)
        if fault == "moved":
            return RedirectResponse("https://www.data.go.kr/error", 302)
        if site != "juso" and (fault == "key" or _bad_key(request, key_name)):
            if site == "applyhome":
                return JSONResponse({"code": -401, "msg": "유효하지 않은 인증키 입니다."}, 401)
            return Response(gateway_error("30"), media_type="application/xml")
        if site == "applyhome" and fault == "limit":
            return Response(gateway_error("22"), media_type="application/xml")
        answer = build(request, fault)
        if fault == "changed":
            answer = {"items": answer}
        text = json.dumps(answer, ensure_ascii=False)
        return Response(text[: len(text) // 2] if fault == "cut" else text, media_type="application/json")

    return endpoint


routes = [
    Route("/lh/lhLeaseNoticeInfo1/lhLeaseNoticeInfo1", _endpoint("lh", "serviceKey", lh_list)),
    Route("/lh/lhLeaseNoticeSplInfo1/getLeaseNoticeSplInfo1", _endpoint("lh", "serviceKey", lh_supply)),
    Route("/applyhome/ApplyhomeInfoDetailSvc/v1/{operation}", _endpoint("applyhome", "serviceKey", applyhome)),
    Route("/juso/addrLinkApi.do", _endpoint("juso", "confmKey", juso)),
]
