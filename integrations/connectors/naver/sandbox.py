"""Local stand-in of Naver's search API: `<b>` marks, entities, pages up to start 1000, error codes.

Made-up content. Fault switches: `POST /naver/__faults__`.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sdk.standin import standin

PREFIX = "/naver"
CREDENTIAL = {"client_id": "sandbox-naver-id", "client_secret": "sandbox-naver-secret"}
TOTAL = {"news": 2500, "blog": 130, "shop": 3, "local": 2}
KINDS = frozenset(["news", "blog", "cafearticle", "webkr", "book", "kin", "encyc", "doc", "shop", "local"])


def error(status: int, code: str, message: str) -> Response:
    """An error in Naver's form."""
    return JSONResponse({"errorMessage": message, "errorCode": code}, status)


def _row(kind: str, query: str, number: int) -> dict[str, Any]:
    base = {"title": f"<b>{query}</b> &quot;{number}&quot;", "link": f"https://n.sandbox.example/{kind}/{number}"}
    about = {"description": f"{query} 이야기 &amp; 더 {number}"}
    if kind == "news":
        facts = {
            "originallink": f"https://press.sandbox.example/{number}",
            "pubDate": "Mon, 02 Mar 2026 09:00:00 +0900",
        }
        return {**base, **about, **facts}
    if kind == "shop":
        price = {"lprice": str(number * 10000), "hprice": "" if number % 2 else str(number * 12000)}
        return {
            **base,
            **price,
            "mallName": "가게",
            "productId": str(900 + number),
            "category1": "가구",
            "category2": "",
        }
    if kind == "local":
        place = {"category": "카페", "address": "서울 강남구 역삼동", "roadAddress": "서울 강남구 강남대로"}
        return {**base, **place, "mapx": str(1270276210 + number), "mapy": str(374979120 + number)}
    return {**base, **about, "bloggername": "블로거", "postdate": "20260302"}


async def search(request: Request) -> Response:
    given = request.headers.get("x-naver-client-id"), request.headers.get("x-naver-client-secret")
    if given != (CREDENTIAL["client_id"], CREDENTIAL["client_secret"]):
        return error(401, "024", "Not Exist Client ID : Authentication failed. (인증에 실패했습니다.)")
    kind, query = request.path_params["kind"], request.query_params
    if kind not in KINDS:
        return error(404, "SE05", "Invalid search api (존재하지 않는 검색 api 입니다.)")
    if not query.get("query"):
        return error(400, "SE01", "Incorrect query request (잘못된 쿼리요청입니다.)")
    display, start = int(query.get("display", 10)), int(query.get("start", 1))
    if not 1 <= display <= 100:
        return error(400, "SE02", "Invalid display value (부적절한 display 값입니다.)")
    if not 1 <= start <= 1000:
        return error(400, "SE03", "Invalid start value (부적절한 start 값입니다.)")
    total = 0 if query["query"] == "없는말" else TOTAL.get(kind, 12)
    rows = [_row(kind, query["query"], number) for number in range(start, min(start + display, total + 1))]
    return JSONResponse({"total": total, "start": start, "display": len(rows), "items": rows})


app = standin([Route("/v1/search/{kind}.json", search)])
