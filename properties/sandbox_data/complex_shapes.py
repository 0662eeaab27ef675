"""Rows of the platforms that are asked complex by complex, with the broker data that live rows carry."""

from __future__ import annotations

from typing import Any

from properties.sandbox_data.shapes import BAND, BROKER, DIRECTION, NAVER, PHONE, TRADE, _district, floor_text, money
from properties.sandbox_data.world import Shown

FIN_DIRECTION = {"S": "SS", "E": "EE", "W": "WW", "N": "NN", "SE": "ES", "SW": "WS", "NE": "EN", "NW": "WN"}


def _facts(shown: Shown) -> dict[str, Any]:
    advert = shown.advert
    return {
        "atclNo": str(2_600_000_000 + shown.number),
        "atclNm": advert.name or "빌라",
        "bildNm": f"{advert.dong}동" if advert.dong else "",
        "tradTpCd": NAVER[advert.trade],
        "tradTpNm": TRADE[advert.trade],
        "rletTpCd": "A01" if advert.is_complex else "C02",
        "rletTpNm": "아파트" if advert.is_complex else "빌라",
        "flrInfo": floor_text(shown),
        "direction": f"{DIRECTION[advert.direction]}향" if advert.direction else "",
        "atclFetrDesc": f"{advert.description} 문의 {PHONE}".strip(),
        "tagList": ["대단지"],
        "tradCmplYn": "N",
        "cpid": "serve",
        "cpNm": "부동산써브",
        "rltrNm": BROKER,
    }


def mobile(shown: Shown) -> dict[str, Any]:
    """A row of the complex list: one price text, areas as text."""
    advert = shown.advert
    price = money(advert.price) + (f"/{advert.rent}" if advert.trade == "monthly" else "")
    return {
        **_facts(shown),
        "spc1": str(advert.supply_m2 or ""),
        "spc2": str(advert.exclusive_m2),
        "cfmYmd": shown.confirmed.strftime("%y.%m.%d"),
        "cortarNo": advert.region_code,
        "prcInfo": price,
        "sameAddrCnt": 1,
    }


def mobile_of_area(shown: Shown) -> dict[str, Any]:
    """A row of the area list: the price as a number and as text."""
    advert = shown.advert
    return {
        **_facts(shown),
        "cortarNo": advert.region_code,
        "prc": advert.price or 0,
        "rentPrc": advert.rent or 0,
        "hanPrc": money(advert.price),
        "spc1": str(int(advert.supply_m2 or 0)),
        "spc2": str(advert.exclusive_m2),
        "atclCfmYmd": shown.confirmed.strftime("%y.%m.%d."),
        "lat": advert.latitude,
        "lng": advert.longitude,
    }


def _fin_info(shown: Shown) -> dict[str, Any]:
    advert = shown.advert
    sido, sgg = _district(shown)
    price = (advert.price or 0) * 10_000
    return {
        "complexName": advert.name,
        "articleNumber": str(2_600_000_000 + shown.number),
        "articleName": advert.name,
        "dongName": advert.dong or "",
        "tradeType": NAVER[advert.trade],
        "realEstateType": "A01",
        "spaceInfo": {"supplySpace": advert.supply_m2, "contractSpace": None, "exclusiveSpace": advert.exclusive_m2},
        "verificationInfo": {"verificationType": "OWNER", "articleConfirmDate": shown.confirmed.isoformat()},
        "articleDetail": {
            "direction": FIN_DIRECTION.get(advert.direction or "", ""),
            "directionStandard": "거실 기준",
            "articleFeatureDescription": advert.description,
            "directTrade": False,
            "floorInfo": floor_text(shown),
        },
        "address": {
            "city": sido,
            "division": sgg,
            "sector": shown.leaf,
            "coordinates": {"xCoordinate": advert.longitude, "yCoordinate": advert.latitude},
        },
        "priceInfo": {
            "dealPrice": price if advert.trade == "sale" else 0,
            "warrantyPrice": price if advert.trade != "sale" else 0,
            "rentPrice": (advert.rent or 0) * 10_000,
            "managementFeeAmount": 180_000,
        },
        "brokerInfo": {"brokerageName": BROKER, "phone": PHONE},
    }


def fin_group(rows: list[Shown]) -> dict[str, Any]:
    """A group: its first advert, and all of them where several offices show the unit."""
    infos = [_fin_info(row) for row in rows]
    others = {"realtorCount": len(infos), "articleInfoList": infos} if len(infos) > 1 else None
    return {"representativeArticleInfo": infos[0], "duplicatedArticleInfo": others}


def hogangnono_item(shown: Shown) -> dict[str, Any]:
    """An item of a complex."""
    advert = shown.advert
    return {
        "itemId": 9_000_000 + shown.number,
        "aptName": advert.name,
        "tradeType": {"sale": 0, "jeonse": 1, "monthly": 2}[advert.trade],
        "deposit": advert.price,
        "rent": advert.rent or 0,
        "privateArea": advert.exclusive_m2,
        "supplyArea": advert.supply_m2,
        "floor": str(advert.floor) if advert.floor is not None else BAND.get(advert.band or "", ""),
        "dong": f"{advert.dong}동" if advert.dong else "",
        "direction": f"{DIRECTION[advert.direction]}향" if advert.direction else "",
        "regionCode": advert.region_code,
        "lat": advert.latitude,
        "lng": advert.longitude,
        "agent": {"agentName": BROKER, "agentPhone": PHONE},
    }
