"""Each platform's answer shape around the sandbox adverts; rows carry planted broker data, as live rows do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from properties.normalise.regions import regions
from properties.sandbox_data.world import Shown

TRADE = {"sale": "매매", "jeonse": "전세", "monthly": "월세"}
NAVER = {"sale": "A1", "jeonse": "B1", "monthly": "B2"}
DIRECTION = {"S": "남", "E": "동", "W": "서", "N": "북", "SE": "남동", "SW": "남서", "NE": "북동", "NW": "북서"}
BAND = {"low": "저", "mid": "중", "high": "고"}
PHONE, BROKER = "010-5555-0142", "가나공인중개사사무소"


def money(manwon: int | None) -> str:
    """The way portals write an amount ("12억 3,000")."""
    if not manwon:
        return "0"
    eok, rest = divmod(manwon, 10_000)
    parts = ([f"{eok}억"] if eok else []) + ([f"{rest:,}"] if rest else [])
    return " ".join(parts)


def floor_text(shown: Shown) -> str:
    """The way Naver writes a floor ("12/25", "고/25", "B1/4")."""
    advert = shown.advert
    if advert.floor is not None:
        floor = f"B{-advert.floor}" if advert.floor < 0 else str(advert.floor)
    else:
        floor = BAND.get(advert.band or "", "-")
    return f"{floor}/{advert.floor_total}" if advert.floor_total else floor


def _district(shown: Shown) -> tuple[str, str]:
    region = regions().get(shown.advert.region_code[:5])
    sido, _, sgg = (region.name if region else "서울특별시").partition(" ")
    return sido, sgg


def _name(shown: Shown) -> str:
    advert = shown.advert
    return advert.name or ("" if advert.is_complex else "빌라")


def naver(shown: Shown) -> dict[str, Any]:
    """A row of new.land."""
    advert = shown.advert
    return {
        "articleNo": str(2_600_000_000 + shown.number),
        "articleName": _name(shown),
        "articleStatus": "R0",
        "realEstateTypeCode": "APT" if advert.is_complex else "VL",
        "tradeTypeCode": NAVER[advert.trade],
        "tradeTypeName": TRADE[advert.trade],
        "verificationTypeCode": "OWNER",
        "floorInfo": floor_text(shown),
        "dealOrWarrantPrc": money(advert.price),
        "rentPrc": str(advert.rent) if advert.rent else "",
        "area1": int(advert.supply_m2 or 0),
        "area2": int(advert.exclusive_m2 or 0),
        "direction": f"{DIRECTION[advert.direction]}향" if advert.direction else "",
        "articleConfirmYmd": shown.confirmed.strftime("%Y%m%d"),
        "articleFeatureDesc": f"{advert.description} 문의 {PHONE}".strip(),
        "tagList": ["대단지"] if advert.is_complex else [],
        "buildingName": f"{advert.dong}동" if advert.dong else "",
        "latitude": f"{advert.latitude:.6f}",
        "longitude": f"{advert.longitude:.6f}",
        "realtorName": BROKER,
        "realtorId": "broker1",
    }


def zigbang_item(shown: Shown) -> dict[str, Any]:
    """A detail row of a room."""
    advert = shown.advert
    sido, sgg = _district(shown)
    area = {"m2": advert.exclusive_m2, "p": str(round((advert.exclusive_m2 or 0) / 3.3058, 1))}
    floor = "반지하" if (advert.floor or 0) < 0 else str(advert.floor or BAND.get(advert.band or "", ""))
    return {
        "item_id": 45_000_000 + shown.number,
        "sales_type": TRADE[advert.trade],
        "service_type": "빌라",
        "deposit": 0 if advert.trade == "sale" else advert.price,
        "rent": advert.rent or 0,
        "sales_price": advert.price if advert.trade == "sale" else 0,
        "size_m2": advert.exclusive_m2,
        "공급면적": {"m2": advert.supply_m2, "p": ""} if advert.supply_m2 else None,
        "전용면적": area,
        "계약면적": None,
        "floor": floor,
        "floor_string": floor,
        "building_floor": str(advert.floor_total or ""),
        "title": advert.description or "깨끗한 집",
        "address1": f"{sido} {sgg} {shown.leaf}",
        "addressOrigin": {
            "local1": sido,
            "local2": sgg,
            "local3": shown.leaf,
            "fullText": f"{sido} {sgg} {shown.leaf}",
        },
        "manage_cost": "5",
        "reg_date": f"{shown.confirmed.isoformat()}T02:11:00.000Z",
        "status": True,
        "random_location": {"lat": advert.latitude, "lng": advert.longitude},
        "tags": ["추천"],
        "agent": {"agentName": BROKER, "agentPhone": PHONE},
    }


def zigbang_apt(shown: Shown) -> dict[str, Any]:
    """A row of the apartment catalogue."""
    advert = shown.advert
    return {
        "areaDanjiName": _name(shown),
        "tranType": {"sale": "trade", "jeonse": "charter", "monthly": "rental"}[advert.trade],
        "depositMin": advert.price,
        "depositMax": advert.price,
        "rentMin": advert.rent or 0,
        "sizeM2": advert.exclusive_m2,
        "sizeContractM2": advert.supply_m2,
        "floor": str(advert.floor) if advert.floor is not None else BAND.get(advert.band or "", ""),
        "dong": f"{advert.dong}동" if advert.dong else "",
        "direction": (advert.direction or "").lower(),
        "itemTitle": advert.description,
        "itemIdList": [{"itemSource": "zigbang", "itemId": 9_000_000 + shown.number}],
    }


def dabang(shown: Shown) -> dict[str, Any]:
    """A row of the room list."""
    advert = shown.advert
    if advert.trade == "monthly":
        price = f"{advert.price}/{advert.rent}"
    else:
        price = money(advert.price).replace(" ", "").replace(",", "")
    floor = f"{advert.floor}층" if (advert.floor or 0) > 0 else "반지층" if advert.floor else ""
    floor = floor or f"{BAND.get(advert.band or '', '저')}층"
    return {
        "seq": 30_000_000 + shown.number,
        "id": f"6500aaaabbbbcccc{shown.number:08x}",
        "roomTypeName": "아파트" if advert.is_complex else "투룸",
        "roomTitle": advert.description or "채광 좋은 집",
        "roomDesc": f"{floor}, {advert.exclusive_m2}m², 관리비 7만",
        "priceTypeName": TRADE[advert.trade],
        "priceTitle": price,
        "complexName": advert.name if advert.is_complex else "",
        "dongName": shown.leaf,
        "randomLocation": {"lat": advert.latitude, "lng": advert.longitude},
        "imgUrlList": [],
    }


def kb(shown: Shown) -> dict[str, Any]:
    """A row of the property list."""
    advert = shown.advert
    return {
        "매물일련번호": 70_000_000 + shown.number,
        "단지명": _name(shown),
        "건물동명": f"{advert.dong}동" if advert.dong else None,
        "매물종별구분명": "아파트" if advert.is_complex else "빌라",
        "매물거래구분": {"sale": "1", "jeonse": "2", "monthly": "3"}[advert.trade],
        "매물거래구분명": TRADE[advert.trade],
        "매매가": advert.price if advert.trade == "sale" else None,
        "전세가": advert.price if advert.trade == "jeonse" else None,
        "월세보증금": advert.price if advert.trade == "monthly" else None,
        "월세가": advert.rent,
        "전용면적": f"{advert.exclusive_m2}",
        "공급면적": f"{advert.supply_m2}" if advert.supply_m2 else None,
        "해당층수": str(advert.floor) if advert.floor is not None else BAND.get(advert.band or "", ""),
        "총층수": str(advert.floor_total or ""),
        "방수": str(advert.rooms or ""),
        "방향명": f"{DIRECTION[advert.direction]}향" if advert.direction else None,
        "법정동코드": advert.region_code,
        "wgs84위도": f"{advert.latitude}",
        "wgs84경도": f"{advert.longitude}",
        "등록년월일": shown.confirmed.strftime("%Y%m%d"),
        "특징광고내용": advert.description,
        "중개업소명": BROKER,
        "휴대전화번호": PHONE,
    }


def peterpan(shown: Shown) -> dict[str, Any]:
    """A row of the house list; money in won."""
    advert = shown.advert
    sido, sgg = _district(shown)
    return {
        "hidx": 17_000_000 + shown.number,
        "info": {
            "subject": advert.description or "직거래",
            "real_size": advert.exclusive_m2,
            "supply_size": advert.supply_m2,
            "room_floor": advert.floor if advert.floor is not None else BAND.get(advert.band or "", ""),
            "building_floor": advert.floor_total,
        },
        "type": {"contract_type": TRADE[advert.trade], "building_type": "빌라/주택"},
        "price": {
            "deposit": (advert.price or 0) * 10_000,
            "monthly_fee": (advert.rent or 0) * 10_000,
            "maintenance_cost": 70_000,
        },
        "location": {
            "coordinate": {"latitude": f"{advert.latitude}", "longitude": f"{advert.longitude}"},
            "address": {"sido": sido, "sigungu": sgg, "dong": shown.leaf, "text": f"{sido} {sgg} {shown.leaf}"},
        },
        "user": {"userName": "집주인", "phone": PHONE},
    }


def serve(shown: Shown) -> dict[str, Any]:
    """A row of the advert list."""
    advert = shown.advert
    sido, sgg = _district(shown)
    naver_key = next((key for key in advert.source_keys if key.startswith("naver:")), "")
    return {
        "atclNo": str(331_000_000 + shown.number),
        "naverAtclNo": str(2_600_000_000 + int(naver_key.split(":")[1])) if naver_key else "",
        "cmplxNm": _name(shown),
        "atclStusCd": "7",
        "dealKindCd": NAVER[advert.trade],
        "ctgryCd2Nm": "아파트" if advert.is_complex else "빌라",
        "sidoNm": sido,
        "sggNm": sgg,
        "emdNm": shown.leaf,
        "bscTnthWuntAmt": str(advert.price or 0),
        "addTnthWuntAmt": str(advert.rent or 0),
        "area1": str(advert.supply_m2 or ""),
        "area2": str(advert.exclusive_m2),
        "flr1": str(advert.floor) if advert.floor is not None else BAND.get(advert.band or "", ""),
        "flr2": str(advert.floor_total or ""),
        "drcCdNm": f"{DIRECTION[advert.direction]}향" if advert.direction else "",
        "roomNcnt": str(advert.rooms or ""),
        "laCrd": str(advert.latitude),
        "loCrd": str(advert.longitude),
        "atclSfeCn": advert.description,
        "atclRegDttm": f"{shown.confirmed} 10:00:00",
        "photoList": [],
    }


def daangn(shown: Shown) -> dict[str, Any]:
    """A node of the article list."""
    advert = shown.advert
    sido, sgg = _district(shown)
    return {
        "id": str(8_000_000 + shown.number),
        "title": advert.description or "직거래",
        "buildingName": advert.name,
        "salesType": "APART",
        "trade": {
            "type": {"sale": "BUY", "jeonse": "BORROW", "monthly": "MONTH"}[advert.trade],
            "price": advert.price if advert.trade == "sale" else None,
            "deposit": advert.price if advert.trade != "sale" else None,
            "monthlyPay": advert.rent,
        },
        "area": advert.exclusive_m2,
        "floor": str(advert.floor) if advert.floor is not None else BAND.get(advert.band or "", ""),
        "topFloor": str(advert.floor_total or ""),
        "address": f"{sido} {sgg} {shown.leaf}",
        "lat": advert.latitude,
        "lng": advert.longitude,
        "status": "ON_GOING",
        "content": f"{advert.description} 연락 {PHONE}",
    }


def nemo_items(day: date) -> list[dict[str, Any]]:
    """A few shops; they are not part of the world of homes."""
    return [
        {
            "id": f"00000000-0000-0000-0000-{number:012d}",
            "number": 600_000 + number,
            "title": "1층 카페자리",
            "priceTypeName": "임대",
            "deposit": 2_000 + number * 250,
            "monthlyRent": 150 + number * 10,
            "premium": 3_000,
            "sale": 0,
            "maintenanceFee": 20,
            "size": 40.5 + number,
            "floor": 1,
            "groundFloor": 4,
            "nearSubwayStation": "강남역, 도보 5분",
            "buildingManagementSerialNumber": f"116801010010{number:013d}",
            "createdDateUtc": f"{day - timedelta(days=20)}T01:02:03",
            "editedDateUtc": f"{day - timedelta(days=number)}T01:02:03",
            "state": 1,
        }
        for number in range(1, 31)
    ]


ROW: dict[str, Callable[[Shown], dict[str, Any]]] = {
    "naver": naver,
    "zigbang": zigbang_item,
    "zigbang_apt": zigbang_apt,
    "dabang": dabang,
    "kb": kb,
    "peterpan": peterpan,
    "serve": serve,
    "daangn": daangn,
}
