"""Canonical code lists shared by every platform, and the words each platform uses for them."""

from __future__ import annotations

from enum import StrEnum


class Trade(StrEnum):
    """How a property is offered."""

    SALE = "sale"
    JEONSE = "jeonse"
    MONTHLY = "monthly"
    SHORT = "short"


class PropertyType(StrEnum):
    """What is offered. One value per legal or market category that realtors filter by."""

    APARTMENT = "apartment"
    OFFICETEL = "officetel"
    PRESALE = "presale"
    REDEVELOPMENT = "redevelopment"
    VILLA = "villa"
    ONE_ROOM = "one_room"
    HOUSE = "house"
    MIXED = "mixed"
    SHOP = "shop"
    OFFICE = "office"
    BUILDING = "building"
    FACTORY = "factory"
    LAND = "land"
    KNOWLEDGE_CENTRE = "knowledge_centre"
    OTHER = "other"


class Direction(StrEnum):
    """Eight-way facing."""

    SOUTH = "S"
    EAST = "E"
    WEST = "W"
    NORTH = "N"
    SOUTH_EAST = "SE"
    SOUTH_WEST = "SW"
    NORTH_EAST = "NE"
    NORTH_WEST = "NW"


class FloorBand(StrEnum):
    """Third of the building a masked floor lies in."""

    LOW = "low"
    MID = "mid"
    HIGH = "high"


class Status(StrEnum):
    """Life of an advert as its platform states it."""

    LIVE = "live"
    RESERVED = "reserved"
    CLOSED = "closed"


TRADE_WORDS: dict[str, Trade] = {
    **dict.fromkeys(("A1", "매매", "trade", "SELL", "sale", "분양"), Trade.SALE),
    **dict.fromkeys(("B1", "전세", "charter", "LEASE", "jeonse"), Trade.JEONSE),
    **dict.fromkeys(("B2", "월세", "rental", "MONTHLY_RENT", "monthly", "임대", "반전세"), Trade.MONTHLY),
    **dict.fromkeys(("B3", "단기", "단기임대", "short"), Trade.SHORT),
}

PROPERTY_WORDS: dict[str, PropertyType] = {
    **dict.fromkeys(("APT", "A01", "아파트", "apt", "01"), PropertyType.APARTMENT),
    **dict.fromkeys(("OPST", "A02", "오피스텔", "officetel", "officetels"), PropertyType.OFFICETEL),
    **dict.fromkeys(
        ("ABYG", "OBYG", "B01", "B02", "PRE", "분양권", "아파트분양권", "오피스텔분양권"), PropertyType.PRESALE
    ),
    **dict.fromkeys(("JGC", "JGB", "A04", "재건축", "재개발"), PropertyType.REDEVELOPMENT),
    **dict.fromkeys(
        ("VL", "C02", "빌라", "연립", "다세대", "빌라/주택", "빌라/연립", "연립/다세대", "villas", "08", "38"),
        PropertyType.VILLA,
    ),
    **dict.fromkeys(("투룸", "쓰리룸"), PropertyType.VILLA),
    **dict.fromkeys(("OR", "C01", "원룸", "onerooms", "분리형원룸", "오픈형원룸"), PropertyType.ONE_ROOM),
    **dict.fromkeys(
        ("DDDGG", "JWJT", "HOJT", "C03", "C04", "단독/다가구", "단독", "다가구", "전원주택", "한옥", "09"),
        PropertyType.HOUSE,
    ),
    **dict.fromkeys(("SGJT", "D05", "상가주택"), PropertyType.MIXED),
    **dict.fromkeys(("SG", "D02", "상가", "점포"), PropertyType.SHOP),
    **dict.fromkeys(("SMS", "D01", "사무실"), PropertyType.OFFICE),
    **dict.fromkeys(("GM", "D03", "건물", "빌딩"), PropertyType.BUILDING),
    **dict.fromkeys(("GJCG", "E02", "공장/창고", "공장", "창고"), PropertyType.FACTORY),
    **dict.fromkeys(("TJ", "E03", "토지"), PropertyType.LAND),
    **dict.fromkeys(("APTHGJ", "E04", "지식산업센터"), PropertyType.KNOWLEDGE_CENTRE),
}

RESIDENTIAL = frozenset(
    {
        PropertyType.APARTMENT,
        PropertyType.OFFICETEL,
        PropertyType.PRESALE,
        PropertyType.REDEVELOPMENT,
        PropertyType.VILLA,
        PropertyType.ONE_ROOM,
        PropertyType.HOUSE,
        PropertyType.MIXED,
    }
)
COMPLEX_TYPES = frozenset(
    {PropertyType.APARTMENT, PropertyType.OFFICETEL, PropertyType.PRESALE, PropertyType.REDEVELOPMENT}
)


def trade_of(value: object) -> Trade | None:
    """Trade type of a platform word or code; None when unknown."""
    return TRADE_WORDS.get(str(value).strip()) if value not in (None, "") else None


def property_type_of(value: object) -> PropertyType | None:
    """Property type of a platform word or code; None when unknown."""
    return PROPERTY_WORDS.get(str(value).strip()) if value not in (None, "") else None
