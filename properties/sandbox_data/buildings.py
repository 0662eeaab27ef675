"""Register and K-apt answers of the sandbox: real complexes of the sample, invented figures."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from properties.normalise.addresses import parse_address
from properties.normalise.regions import regions
from properties.sandbox_data.molit import _sample


def _draw(text: str, low: int, high: int) -> int:
    share = int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32
    return low + int(share * (high - low + 1))


def _lots() -> dict[str, dict[str, str]]:
    """Rows of the sample by lot key, one each."""
    found: dict[str, dict[str, str]] = {}
    for rows in _sample().values():
        for row in rows:
            bonbun, _, bubun = row["jibun"].partition("-")
            if bonbun.isdigit() and (not bubun or bubun.isdigit()):
                found.setdefault(f"{row['bjd_code']}1{int(bonbun):04d}{int(bubun or 0):04d}", row)
    return found


def wrapped(items: list[dict[str, Any]], page: int, size: int) -> dict[str, Any]:
    """The envelope; one item arrives as an object and none as an empty text, as upstream does."""
    part = items[(page - 1) * size : page * size]
    inner: Any = {"item": part if len(part) > 1 else part[0]} if part else ""
    body = {"items": inner, "numOfRows": size, "pageNo": page, "totalCount": len(items)}
    return {"response": {"header": {"resultCode": "00", "resultMsg": "NORMAL SERVICE."}, "body": body}}


def titles(query: dict[str, str]) -> list[dict[str, Any]]:
    """Title sheets of a lot."""
    lot = f"{query.get('sigunguCd', '')}{query.get('bjdongCd', '')}{int(query.get('platGbCd') or 0) + 1}"
    row = _lots().get(f"{lot}{query.get('bun', '').zfill(4)}{query.get('ji', '').zfill(4)}")
    if row is None:
        return []
    name = row["apt_name"]
    place = f"서울특별시 {row['sgg']} {row['umd']} {row['jibun']}번지"
    assert parse_address(place).code
    return [
        {
            "platPlc": place,
            "newPlatPlc": "",
            "bldNm": name,
            "dongNm": f"{101 + number}동",
            "mainPurpsCdNm": "공동주택",
            "strctCdNm": "철근콘크리트구조",
            "totArea": _draw(f"{name}{number}area", 4_000, 30_000),
            "bcRat": _draw(name + "bc", 15, 45),
            "vlRat": _draw(name + "vl", 150, 300),
            "hhldCnt": _draw(f"{name}{number}hh", 20, 120),
            "grndFlrCnt": _draw(name + "floors", 5, 30),
            "ugrndFlrCnt": 1,
            "rideUseElvtCnt": 2,
            "useAprDay": f"{row['build_year']}0601",
        }
        for number in range(_draw(name + "blocks", 1, 6))
    ]


def complexes(district: str) -> list[dict[str, Any]]:
    """Complexes of a district."""
    region = regions().get(district)
    sido, _, sgg = (region.name if region else "").partition(" ")
    names = {
        (row["apt_name"], row["bjd_code"], row["umd"])
        for (code, _), rows in _sample().items()
        if code == district
        for row in rows
    }
    return [
        {
            "kaptCode": f"A{_draw(name + code, 10_000_000, 99_999_999)}",
            "kaptName": name,
            "bjdCode": code,
            "as1": sido,
            "as2": sgg,
            "as3": umd,
            "as4": None,
        }
        for name, code, umd in sorted(names)
    ]
