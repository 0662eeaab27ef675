"""Local stand-ins of the ministry's transaction services and of the listing platforms, in their real wire shapes.

Every advert is invented (over real complexes); transactions are a real sample, see `data/README.md`.

`POST /properties/__faults__` with JSON sets faults, `GET` shows them, `DELETE` clears them:

    {"site": "naver", "kind": "429", "times": 3, "after": 1}

`times` says how often (default: always), `after` lets that many calls pass first. Kinds for platforms: `429`, `403`,
`abuse` (redirect to an error page), `challenge` (a challenge page), `slow`, `cut` (half a body), `retired`, `500`,
`empty_page` (promises more, sends none), `part_page` (only half the rows of a page), `changed` (another form),
`one_id_fails` (a detail batch with an id divisible by 7 fails). Kinds for
`molit`: a result code (`22`, `30`, …), `html`, `cut`, `short` (fewer rows than announced), `500`.
`{"day": "2026-11-21"}` sets the day of the world.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from properties import sandbox_complexes, sandbox_official

PREFIX = "/properties"
SANDBOX_KEY = "molit+Sandbox/Key0=="
SEOUL = ZoneInfo("Asia/Seoul")
CHALLENGE = "<html><body><h1>Just a moment...</h1><p>자동입력 방지 captcha</p></body></html>"


class Switches:
    """Faults set from outside and counters of what was asked."""

    def __init__(self) -> None:
        self.faults: list[dict[str, Any]] = []
        self.day: date | None = None
        self.calls: dict[str, int] = {}

    def today(self) -> date:
        """The day of the world (Seoul)."""
        return self.day or datetime.now(SEOUL).date()

    def take(self, site: str) -> str:
        """The fault for this call, or nothing."""
        self.calls[site] = self.calls.get(site, 0) + 1
        for fault in self.faults:
            if fault["site"] not in (site, "*") or fault.get("times") == 0:
                continue
            if fault.get("after", 0) > 0:
                fault["after"] -= 1
                continue
            if "times" in fault:
                fault["times"] -= 1
            return str(fault["kind"])
        return ""


switches = Switches()


async def faults(request: Request) -> Response:
    """Show, set or clear the faults."""
    if request.method == "DELETE":
        switches.__init__()  # type: ignore[misc]
    elif request.method == "POST":
        wish = await request.json()
        if "day" in wish:
            switches.day = date.fromisoformat(wish["day"])
        if "site" in wish:
            switches.faults.append(wish)
    return JSONResponse({"faults": switches.faults, "day": str(switches.today()), "calls": switches.calls})


async def molit(request: Request) -> Response:
    """One page of a transaction service."""
    from properties.collectors.molit import SERVICES
    from properties.sandbox_data import molit as data

    def xml(text: str, status: int = 200) -> Response:
        return Response(text, status, media_type="application/xml")

    query, service = request.query_params, request.path_params["service"]
    fault = switches.take("molit")
    if fault == "500":
        return PlainTextResponse("Unexpected errors", 500)
    if fault == "html":
        return HTMLResponse("<html><body>점검중</body></html>")
    if fault.isdigit():
        return xml(data.gateway_error(fault))
    key = query.get("serviceKey", "")
    if not key or "%" in key or key.startswith("invalid"):
        return xml(data.gateway_error("30"))
    names = {name: key for key, (name, _, _) in SERVICES.items()}
    if service not in names and service != "RTMSDataSvcAptTrade":
        return xml(data.gateway_error("12"))
    month, size = query.get("DEAL_YMD", ""), min(int(query.get("numOfRows", "10")), data.MAX_ROWS)
    if len(month) != 6 or not month.isdigit() or not query.get("LAWD_CD", "").isdigit():
        return xml(data.gateway_error("10"))
    kind = names.get(service, "apartment_sale")
    if not kind.startswith("apartment"):
        return xml(data.answer("00000", month, 1, size))
    page = int(query.get("pageNo", "1"))
    text = data.answer(query["LAWD_CD"], month, page, size, rent=kind.endswith("rent"))
    if fault == "cut":
        text = text[: len(text) // 2]
    if fault == "short":
        text = data.answer(query["LAWD_CD"], month, 99, size)
    return xml(text)


async def register(request: Request) -> Response:
    """Building register and K-apt."""
    from properties.sandbox_data import buildings
    from properties.sandbox_data.molit import gateway_error

    query, fault = dict(request.query_params), switches.take("molit")
    if fault == "500":
        return PlainTextResponse("Unexpected errors", 500)
    if fault == "html":
        return HTMLResponse("<html><body>점검중</body></html>")
    key = query.get("serviceKey", "")
    if fault.isdigit() or not key or "%" in key or key.startswith("invalid"):
        return Response(gateway_error(fault if fault.isdigit() else "30"), media_type="application/xml")
    if request.path_params["operation"] == "getBrTitleInfo":
        items = buildings.titles(query)
    else:
        items = buildings.complexes(query.get("sigunguCode", ""))
    answer = buildings.wrapped(items, int(query.get("pageNo", "1")), int(query.get("numOfRows", "10")))
    if fault == "short":
        answer["response"]["body"]["items"] = ""
    if fault == "cut":
        return Response(json.dumps(answer)[:60], media_type="application/json")
    return JSONResponse(answer)


def _shaken(site: str, fault: str, answer: Any) -> Response | None:
    if fault in ("429", "403", "500"):
        headers = {"retry-after": "60"} if fault == "429" else {}
        return JSONResponse({"error": {"code": "TOO_MANY_REQUESTS"}}, int(fault), headers=headers)
    if fault == "retired":
        return JSONResponse({"message": "Not Found"}, 404)
    if fault == "abuse":
        return RedirectResponse(f"{PREFIX}/{site}/error/abuse", 302)
    if fault == "changed":
        return JSONResponse({"ok": True, "payload": answer})
    if fault == "challenge":
        return HTMLResponse(CHALLENGE)
    if fault == "cut":
        text = json.dumps(answer, ensure_ascii=False)
        return Response(text[: len(text) // 2], media_type="application/json")
    return None


def platform_page(site: str, build: Callable[[Request, dict[str, Any]], Any]) -> Callable[..., Any]:
    """An endpoint that builds an answer and lets the faults have their way with it."""

    async def endpoint(request: Request) -> Response:
        body = await request.json() if request.method == "POST" else {}
        fault = switches.take(site)
        if fault == "slow":
            await asyncio.sleep(60)
        answer = build(request, body if isinstance(body, dict) else {})
        if fault == "empty_page":
            answer = _emptied(answer)
        if fault == "part_page":
            answer = _halved(answer)
        if fault == "one_id_fails" and any(int(item) % 7 == 0 for item in body.get("itemIds", ())):
            return JSONResponse({"message": "invalid item"}, 400)
        return _shaken(site, fault, answer) or JSONResponse(answer)

    return endpoint


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        more = {"isMoreData": True, "hasMore": True, "hasNextPage": True, "more": True, "moreDataYn": "Y"}
        return {key: more[key] if key in more else _emptied(item) for key, item in value.items()}
    return [] if isinstance(value, list) else value


def _halved(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: True if key in ("isMoreData", "hasMore", "hasNextPage", "more") else "Y" if key == "moreDataYn"
            else _halved(item) for key, item in value.items()
        }  # fmt: skip
    if isinstance(value, list) and len(value) > 1 and isinstance(value[0], dict):
        return value[: len(value) // 2]
    return value


def _paged(rows: list[Any], page: int, size: int) -> tuple[list[Any], bool]:
    return rows[(page - 1) * size : page * size], page * size < len(rows)


def _rows(platform: str, *, complexes: bool | None = None, **where: Any) -> list[Any]:
    from properties.normalise.regions import prefix_of
    from properties.sandbox_data.world import adverts_of

    region, box, trades = where.get("region", ""), where.get("box"), where.get("trades")
    found = []
    for shown in adverts_of(platform, switches.today()):
        advert = shown.advert
        if complexes is not None and advert.is_complex is not complexes:
            continue
        if region and not advert.region_code.startswith(prefix_of(region)):
            continue
        if trades and advert.trade not in trades:
            continue
        if box and not (box[0] <= (advert.latitude or 0) <= box[2] and box[1] <= (advert.longitude or 0) <= box[3]):
            continue
        found.append(shown)
    return found


def _naver(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import NAVER, naver

    codes = request.query_params.get("tradeType", "").split(":")
    trades = {name for name, code in NAVER.items() if code in codes}
    kinds = set(request.query_params.get("realEstateType", "").split(":"))
    rows = _rows("naver", region=request.query_params.get("cortarNo", ""), trades=trades or None)
    rows = [row for row in rows if ("APT" if row.advert.is_complex else "VL") in kinds or kinds == {""}]
    part, more = _paged(rows, int(request.query_params.get("page", "1")), 20)
    return {"isMoreData": more, "articleList": [naver(row) for row in part]}


def _zigbang_ids(request: Request, body: dict[str, Any]) -> Any:
    from properties.collectors.geohash import encode

    cell = request.query_params.get("geohash", "")
    rows = [
        row
        for row in _rows("zigbang", complexes=False)
        if encode(row.advert.latitude or 0, row.advert.longitude or 0, len(cell)) == cell
    ]
    return {
        "items": [
            {"id": 45_000_000 + row.number, "lat": row.advert.latitude, "lng": row.advert.longitude} for row in rows
        ]
    }


def _zigbang_items(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import zigbang_item

    wanted = {int(item) - 45_000_000 for item in body.get("itemIds", ())}
    return {"items": [zigbang_item(row) for row in _rows("zigbang", complexes=False) if row.number in wanted]}


def _zigbang_apt(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import zigbang_apt

    rows = _rows("zigbang", complexes=True, region=request.path_params["region"])
    offset, limit = int(request.query_params.get("offset", "0")), int(request.query_params.get("limit", "20"))
    return {"count": len(rows), "list": [zigbang_apt(row) for row in rows[offset : offset + limit]]}


def _dabang(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import dabang

    box = json.loads(request.query_params.get("bbox", "{}"))
    corners = (box["sw"]["lat"], box["sw"]["lng"], box["ne"]["lat"], box["ne"]["lng"]) if box else None
    rows = _rows("dabang", complexes=request.path_params["category"] == "apt", box=corners)
    part, more = _paged(rows, int(request.query_params.get("page", "1")), 24)
    result = {
        "hasMore": more,
        "limit": 24,
        "total": len(rows),
        "premiumList": [],
        "roomList": [dabang(row) for row in part],
    }
    return {"code": 200, "msg": "OK", "result": result}


def _kb(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import kb

    box = (body.get("startLat", 0), body.get("startLng", 0), body.get("endLat", 90), body.get("endLng", 180))
    rows = _rows("kb", box=box)
    part, _ = _paged(rows, int(body.get("페이지번호", 1)), int(body.get("페이지목록수", 30)))
    data = {"페이지번호": body.get("페이지번호", 1), "총건수": len(rows), "propertyList": [kb(row) for row in part]}
    return {"dataHeader": {"resultCode": "10000"}, "dataBody": {"resultCode": 11000, "data": data}}


def _peterpan(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import peterpan

    parts = dict(item.split(":", 1) for item in request.query_params.get("filter", "").split("||") if ":" in item)
    south, north = (float(item) for item in parts.get("latitude", "0~90").split("~"))
    west, east = (float(item) for item in parts.get("longitude", "0~180").split("~"))
    rows = _rows("peterpan", box=(south, west, north, east))
    size = int(request.query_params.get("pageSize", "40"))
    part, _ = _paged(rows, int(request.query_params.get("pageIndex", "1")), size)
    return {
        "totalCount": len(rows),
        "houses": {"recommend": {"image": [peterpan(row) for row in part]}, "withoutFee": {"image": [], "text": []}},
    }


def _serve(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import serve

    rows = _rows("serve", region=request.query_params.get("ldongCd", ""))
    part, _ = _paged(rows, int(request.query_params.get("page", "1")), 50)
    return {"data": {"totalCnt": len(rows), "resultList": [serve(row) for row in part]}}


def _daangn(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import daangn

    rows = _rows("daangn", region=(body.get("variables") or {}).get("region", ""))
    start = int(body.get("after") or 0)
    part = rows[start : start + 20]
    info = {"hasNextPage": start + 20 < len(rows), "endCursor": str(start + 20)}
    return {"data": {"articles": {"pageInfo": info, "edges": [{"node": daangn(row)} for row in part]}}}


def _nemo(request: Request, body: dict[str, Any]) -> Any:
    from properties.sandbox_data.shapes import nemo_items

    items = nemo_items(switches.today())
    part, more = _paged(items, int(request.query_params.get("PageIndex", "0")) + 1, 20)
    return {"items": part, "hasMore": more}


def _route(site: str, path: str, build: Callable[[Request, dict[str, Any]], Any], method: str = "GET") -> Route:
    return Route(f"/{site}{path}", platform_page(site, build), methods=[method])


app = Starlette(
    routes=[
        Route("/__faults__", faults, methods=["GET", "POST", "DELETE"]),
        *sandbox_official.routes,
        Route("/molit/BldRgstHubService/{operation}", register),
        Route("/molit/AptListService4/{operation}", register),
        Route("/molit/{service}/{operation}", molit),
        _route("naver", "/articles", _naver),
        _route("zigbang", "/house/property/v1/items/list", _zigbang_items, "POST"),
        _route("zigbang", "/house/property/v1/items/{kind}", _zigbang_ids),
        _route("zigbang_apt", "/apt/locals/{region}/item-catalogs", _zigbang_apt),
        _route("dabang", "/v5/room-list/category/{category}/bbox", _dabang),
        _route("kb", "/land-property/propList/filter", _kb, "POST"),
        _route("peterpan", "/houses/area/pc", _peterpan),
        _route("serve", "/map/getAtclList", _serve),
        _route("daangn", "/graphql", _daangn, "POST"),
        _route("nemo", "/store/search-list", _nemo),
        _route("naver_mobile", "/complex/getComplexArticleList", sandbox_complexes.mobile_complex),
        _route("naver_mobile", "/cluster/ajax/articleList", sandbox_complexes.mobile_area),
        _route("naver_fin", "/complex/article/list", sandbox_complexes.fin_complex, "POST"),
        _route("hogangnono", "/apts/{complex}/items", sandbox_complexes.hogangnono),
    ]
)
