"""Stand-ins that are asked complex by complex: Naver's mobile lists, Naver Pay, Hogangnono."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request


def _shown(platform: str, number: str, trades: set[str]) -> list[Any]:
    from properties.sandbox import switches
    from properties.sandbox_data.world import adverts_of, complex_number

    return [
        row
        for row in adverts_of(platform, switches.today())
        if row.advert.is_complex
        and row.advert.name
        and complex_number(row.advert) == number
        and (not trades or row.advert.trade in trades)
    ]


def _trades(codes: list[str]) -> set[str]:
    from properties.sandbox_data.shapes import NAVER

    return {name for name, code in NAVER.items() if code in codes}


def mobile_complex(request: Request, body: dict[str, Any]) -> Any:
    """A page of one complex in the mobile list."""
    from properties.sandbox_data.complex_shapes import mobile

    query = request.query_params
    rows = _shown("naver", query.get("hscpNo", ""), _trades(query.get("tradTpCd", "").split(":")))
    page = int(query.get("page", "1"))
    part = rows[(page - 1) * 20 : page * 20]
    more = "Y" if page * 20 < len(rows) else "N"
    listed = [mobile(row) for row in part]
    return {"result": {"totAtclCnt": len(rows), "moreDataYn": more, "showGuarantee": False, "list": listed}}


def mobile_area(request: Request, body: dict[str, Any]) -> Any:
    """A page of a region in the mobile list: prices as numbers, dates with a closing dot."""
    from properties.normalise.regions import prefix_of
    from properties.sandbox import switches
    from properties.sandbox_data.complex_shapes import mobile_of_area
    from properties.sandbox_data.world import adverts_of

    query = request.query_params
    trades, prefix = _trades(query.get("tradTpCd", "").split(":")), prefix_of(query.get("cortarNo", ""))
    rows = [
        row
        for row in adverts_of("naver", switches.today())
        if row.advert.region_code.startswith(prefix) and row.advert.trade in trades
    ]
    page = int(query.get("page", "1"))
    part = rows[(page - 1) * 20 : page * 20]
    return {
        "code": "success",
        "hasPaidPreSale": False,
        "more": page * 20 < len(rows),
        "TIME": False,
        "z": 15,
        "page": page,
        "body": [mobile_of_area(row) for row in part],
    }


def fin_complex(request: Request, body: dict[str, Any]) -> Any:
    """A page of one complex in Naver Pay: groups of one unit, a cursor, money in won."""
    from properties.sandbox_data.complex_shapes import fin_group

    groups: dict[str, list[Any]] = {}
    for row in _shown("naver", str(body.get("complexNumber", "")), _trades(body.get("tradeTypes") or [])):
        groups.setdefault(row.advert.group_key or row.advert.key, []).append(row)
    listed = list(groups.values())
    cursor = body.get("lastInfo") or []
    start, size = int(cursor[0]) if cursor else 0, int(body.get("size", 30))
    result = {
        "seed": "00000000-0000-0000-0000-000000000000",
        "lastInfo": [start + size, 940.74, "2600000001"],
        "hasNextPage": start + size < len(listed),
        "totalCount": len(listed),
        "list": [fin_group(rows) for rows in listed[start : start + size]],
    }
    return {"isSuccess": True, "detailCode": "success", "message": "", "result": result}


def hogangnono(request: Request, body: dict[str, Any]) -> Any:
    """A page of one complex: Zigbang's adverts under another roof."""
    from properties.sandbox_data.complex_shapes import hogangnono_item

    rows = _shown("zigbang", request.path_params["complex"], set())
    page = int(request.query_params.get("page", "1"))
    part = rows[(page - 1) * 20 : page * 20]
    data = {"hasMore": page * 20 < len(rows), "list": [hogangnono_item(row) for row in part]}
    return {"status": "success", "data": data}
