"""Local stand-in of Kakao's message and local APIs: form bodies, `result_code`, `meta.is_end`, error codes.

Made-up content. Fault switches: `POST /kakao/__faults__`.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sdk.standin import standin
from integrations.sdk.standin_oauth import OAuthStandIn

PREFIX = "/kakao"
TOKEN, KEY = "sandbox-kakao-token", "sandbox-kakao-rest-key"
CREDENTIAL = {"kakao": {"access_token": TOKEN}, "kakao_local": {"api_key": KEY}}
sign_in = OAuthStandIn("Kakao", TOKEN, seconds=21_599)
TOTAL = 32
sent: list[dict[str, Any]] = []


def _bearer(request: Request) -> Response | None:
    if sign_in.accepts(request):
        return None
    return JSONResponse({"msg": "this access token does not exist", "code": -401}, 401)


def _key(request: Request) -> Response | None:
    if request.headers.get("authorization") == f"KakaoAK {KEY}":
        return None
    return JSONResponse({"errorType": "AccessDeniedError", "message": "wrong appKey format"}, 401)


async def token_info(request: Request) -> Response:
    return _bearer(request) or JSONResponse({"id": 1234567890, "expires_in": 7199, "app_id": 1})


async def send(request: Request) -> Response:
    if refusal := _bearer(request):
        return refusal
    form = await request.form()
    try:
        template = json.loads(str(form["template_object"]))
        if template["object_type"] not in ("text", "list") or "link" not in json.dumps(template):
            raise ValueError
    except (KeyError, ValueError):
        return JSONResponse({"msg": "failed to parse parameter. name=template_object", "code": -2}, 400)
    sent.append(template)
    return JSONResponse({"result_code": 0})


async def keyword(request: Request) -> Response:
    if refusal := _key(request):
        return refusal
    query = request.query_params
    page, size = int(query.get("page", 1)), int(query.get("size", 15))
    if not (1 <= page <= 45 and 1 <= size <= 15):
        return JSONResponse({"errorType": "InvalidArgument", "message": "page is more than max"}, 400)
    # The real service repeats its last page beyond 45 places; `is_end` is what counts.
    numbers = range((page - 1) * size, min(page * size, TOTAL))
    documents = [
        {
            "id": str(8000 + number),
            "place_name": f"{query['query']} {number + 1}호점",
            "category_name": "음식점 > 카페",
            "phone": "",
            "address_name": "서울 강남구 역삼동 1",
            "road_address_name": "서울 강남구 강남대로 396",
            "x": f"{127.0276 + number / 10000:.6f}",
            "y": "37.497912",
            "distance": str(100 + number) if "x" in query else "",
            "place_url": f"http://place.map.kakao.com/{8000 + number}",
        }
        for number in numbers
    ]
    meta = {"total_count": TOTAL, "pageable_count": min(TOTAL, 45), "is_end": page * size >= min(TOTAL, 45)}
    return JSONResponse({"documents": documents, "meta": meta})


async def address(request: Request) -> Response:
    if refusal := _key(request):
        return refusal
    if request.query_params["query"] == "없는 주소":
        return JSONResponse({"documents": [], "meta": {"total_count": 0, "pageable_count": 0, "is_end": True}})
    one = {
        "address_name": "서울 강남구 강남대로 396",
        "address_type": "ROAD_ADDR",
        "x": "127.028307900881",
        "y": "37.4975850463858",
        "address": {"address_name": "서울 강남구 역삼동 825-2", "b_code": "1168010100", "h_code": "1168064000"},
        "road_address": {"address_name": "서울 강남구 강남대로 396", "zone_no": "06232"},
    }
    return JSONResponse({"documents": [one], "meta": {"total_count": 1, "pageable_count": 1, "is_end": True}})


app = standin(
    [
        *sign_in.routes(),
        Route("/kapi/v1/user/access_token_info", token_info),
        Route("/kapi/v2/api/talk/memo/default/send", send, methods=["POST"]),
        Route("/dapi/v2/local/search/keyword.json", keyword),
        Route("/dapi/v2/local/search/address.json", address),
    ]
)
