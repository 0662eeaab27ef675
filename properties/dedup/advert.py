"""What the duplicate search needs to know of one advert, and what people have decided about pairs."""

from __future__ import annotations

from dataclasses import dataclass

from properties.normalise.codes import COMPLEX_TYPES
from properties.normalise.listing import Listing


@dataclass(frozen=True, slots=True)
class Advert:
    """One advert. Money in 만원, area in ㎡; None and empty mean unknown.

    `source_keys` name the entries this advert is a copy of ("naver:2600000001"); `group_key` is the platform's own
    grouping of one unit; `photo_key` identifies a set of at least two photos of the unit.
    """

    key: str
    platform: str
    trade: str
    region_code: str
    name: str = ""
    is_complex: bool = True
    price: int | None = None
    rent: int | None = None
    exclusive_m2: float | None = None
    supply_m2: float | None = None
    floor: int | None = None
    band: str | None = None
    floor_total: int | None = None
    dong: str | None = None
    direction: str | None = None
    rooms: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    description: str = ""
    photo_key: str = ""
    group_key: str = ""
    source_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's verdict on two adverts: the same offer, or not."""

    one: str
    other: str
    same: bool


def advert_of(listing: Listing, *, photo_key: str = "") -> Advert:
    """The comparison view of a normalised listing."""
    return Advert(
        key=f"{listing.platform}:{listing.platform_id}",
        platform=listing.platform,
        trade=listing.trade.value if listing.trade else "",
        region_code=listing.region_code or "",
        name=listing.complex_name,
        is_complex=listing.property_type in COMPLEX_TYPES,
        price=listing.amount,
        rent=listing.rent,
        exclusive_m2=listing.exclusive_m2,
        supply_m2=listing.supply_m2,
        floor=listing.floor,
        band=listing.floor_band.value if listing.floor_band else None,
        floor_total=listing.floor_total,
        dong=listing.building_dong,
        direction=listing.direction.value if listing.direction else None,
        rooms=listing.rooms,
        latitude=listing.latitude,
        longitude=listing.longitude,
        description=listing.description,
        photo_key=photo_key,
        group_key=f"{listing.platform}:{listing.group_key}" if listing.group_key else "",
        source_keys=listing.source_keys,
    )
