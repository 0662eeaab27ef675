"""From a platform's raw advert (canonical field names, raw values) to one typed listing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from properties.normalise.addresses import parse_address
from properties.normalise.areas import parse_area, reconcile_areas
from properties.normalise.codes import (
    COMPLEX_TYPES,
    Direction,
    FloorBand,
    PropertyType,
    Status,
    Trade,
    property_type_of,
    trade_of,
)
from properties.normalise.dates import parse_date
from properties.normalise.directions import parse_direction
from properties.normalise.floors import parse_floor
from properties.normalise.names import parse_building_dong, parse_complex_name
from properties.normalise.personal import scrub
from properties.normalise.prices import from_won, parse_amount, parse_price, unit_flags
from properties.normalise.regions import pad, prefix_of, regions

# Korea's bounding box (WGS84): anything outside is a swapped pair or a zero.
_LATITUDE, _LONGITUDE = (32.5, 39.5), (123.5, 132.5)
_CLOSED = frozenset({"Y", "CLOSED", "false", "False", "거래완료", "4", "closed"})


@dataclass(frozen=True, slots=True)
class RawAdvert:
    """One advert as a platform profile extracted it. Money unit is `manwon` or `won`."""

    platform: str
    platform_id: str
    fields: Mapping[str, Any]
    money_unit: str = "manwon"
    location_precision: str = "unknown"
    utc_dates: bool = False


@dataclass(slots=True)
class Listing:
    """One normalised advert. Money in 만원, areas in ㎡, floors negative below ground."""

    platform: str
    platform_id: str
    trade: Trade | None
    property_type: PropertyType | None
    complex_name: str = ""
    complex_key: str = ""
    region_code: str | None = None
    address: str = ""
    lot_key: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    location_precision: str = "unknown"
    price: int | None = None
    deposit: int | None = None
    rent: int | None = None
    maintenance_fee: int | None = None
    exclusive_m2: float | None = None
    supply_m2: float | None = None
    contract_m2: float | None = None
    floor: int | None = None
    floor_band: FloorBand | None = None
    floor_total: int | None = None
    building_dong: str | None = None
    direction: Direction | None = None
    direction_base: str | None = None
    rooms: int | None = None
    baths: int | None = None
    built_year: int | None = None
    confirmed_on: date | None = None
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    status: Status = Status.LIVE
    source_keys: tuple[str, ...] = ()
    group_key: str | None = None
    url: str = ""
    flags: tuple[str, ...] = field(default=())

    @property
    def amount(self) -> int | None:
        """Sale price of a sale, deposit of everything else, in 만원."""
        return self.price if self.trade is Trade.SALE else self.deposit


def _money(value: Any, unit: str) -> int | None:
    if value is None or value == "":
        return None
    if unit == "won":
        return from_won(value)
    if isinstance(value, int | float):
        return int(value)
    return parse_amount(str(value))


def _addresses(value: Any) -> tuple[str, ...]:
    """Web addresses of a list, or of one text as tables hold them: between spaces, commas or line breaks."""
    found = re.split(r"[\s,;]+", value) if isinstance(value, str) else [str(item) for item in value or ()]
    return tuple(item for item in found if item)


def _small_int(value: Any) -> int | None:
    text = str(value).strip() if value not in (None, "") else ""
    number = int(text) if text.isdigit() else None
    return number if number and number < 100 else None


def _coordinates(fields: Mapping[str, Any]) -> tuple[float | None, float | None]:
    try:
        latitude, longitude = float(fields["latitude"]), float(fields["longitude"])
    except (KeyError, TypeError, ValueError):
        return None, None
    if _LATITUDE[0] <= longitude <= _LATITUDE[1] and _LONGITUDE[0] <= latitude <= _LONGITUDE[1]:
        latitude, longitude = longitude, latitude
    if not (_LATITUDE[0] <= latitude <= _LATITUDE[1] and _LONGITUDE[0] <= longitude <= _LONGITUDE[1]):
        return None, None
    return latitude, longitude


def normalise_advert(raw: RawAdvert) -> Listing:
    """The listing of one raw advert. Never raises on odd values: what cannot be read is None and flagged."""
    get = raw.fields.get
    flags: list[str] = []
    trade = trade_of(get("trade"))
    property_type = property_type_of(get("property_type"))

    price = deposit = rent = None
    fee = _money(get("maintenance_fee"), raw.money_unit)
    if (text := get("price_text")) is not None and not isinstance(text, int | float):
        parsed = parse_price(str(text), trade)
        flags.extend(parsed.flags)
        trade = trade or parsed.trade
        amount, rent, fee = parsed.amount, parsed.rent, parsed.fee if parsed.fee is not None else fee
    else:
        amount = _money(text if text is not None else get("amount"), raw.money_unit)
    if rent is None:
        rent = _money(get("rent"), raw.money_unit)
    if trade is Trade.SALE:
        price, rent = _money(get("sale_price"), raw.money_unit) or amount, None
        price = price or None
    else:
        named = _money(get("deposit"), raw.money_unit)
        deposit = named if named is not None else amount
        if trade is Trade.JEONSE:
            rent = None
    flags.extend(unit_flags(trade, price if trade is Trade.SALE else deposit, rent))
    if trade is None:
        flags.append("trade_unknown")

    areas = reconcile_areas(parse_area(get("exclusive")), parse_area(get("supply")), parse_area(get("contract")))
    flags.extend(areas.flags)
    floor = parse_floor(get("floor"), get("floor_total"))
    flags.extend(floor.flags)
    direction, direction_base = parse_direction(get("direction"))
    if get("direction_base"):
        direction_base = parse_direction(str(get("direction_base")))[1] or direction_base

    name = parse_complex_name(get("complex_name"))
    # A house is known by its street and a one-room by its advert: only a complex carries its name in the title.
    address = parse_address(str(get("address"))) if get("address") else None
    region_code = str(get("region_code") or "")
    code: str | None = None
    if region_code.isdigit():
        current = regions().current(pad(region_code))
        code = current[0] if len(current) == 1 else (pad(region_code) if current else None)
    if address and address.code and (code is None or address.code.startswith(prefix_of(code))):
        code = address.code  # the address names the dong, the code perhaps only the district
    if code is None:
        flags.append("region_unknown")
    latitude, longitude = _coordinates(raw.fields)
    tags = tuple(scrub(str(tag)) for tag in get("tags") or () if tag)
    status = Status.CLOSED if str(get("status")) in _CLOSED else Status.LIVE
    if str(get("status")) == "RESERVED":
        status = Status.RESERVED
    year = str(get("built_year") or "")[:4]
    return Listing(
        platform=raw.platform,
        platform_id=raw.platform_id,
        trade=trade,
        property_type=property_type,
        complex_name=scrub(name.raw) if property_type in COMPLEX_TYPES or name.raw else "",
        complex_key=name.key,
        region_code=code,
        address=scrub(address.raw) if address else "",
        lot_key=address.lot_key if address else None,
        latitude=latitude,
        longitude=longitude,
        location_precision=raw.location_precision if latitude is not None else "unknown",
        price=price,
        deposit=deposit,
        rent=rent,
        maintenance_fee=fee,
        exclusive_m2=areas.exclusive,
        supply_m2=areas.supply,
        contract_m2=areas.contract,
        floor=floor.number,
        floor_band=floor.band,
        floor_total=floor.total,
        building_dong=parse_building_dong(get("building_dong")) or name.building_dong,
        direction=direction,
        direction_base=direction_base,
        rooms=_small_int(get("rooms")),
        baths=_small_int(get("baths")),
        built_year=int(year) if year.isdigit() and int(year) > 1900 else None,
        confirmed_on=parse_date(get("confirmed_on"), utc=raw.utc_dates),
        title=scrub(get("title")),
        description=scrub(get("description")),
        tags=tags,
        photos=_addresses(get("photos")),
        status=status,
        source_keys=tuple(get("source_keys") or ()),
        group_key=get("group_key") or None,
        url=get("url") or "",
        flags=tuple(dict.fromkeys(flags)),
    )
