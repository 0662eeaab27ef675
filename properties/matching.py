"""Scores a listing against a customer's requirement: hard conditions first, then how well it fits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians, sqrt
from typing import Any, Protocol, TypeVar

from properties.normalise.regions import prefix_of

METRES_PER_DEGREE = 111_320.0
#: A way through a town is about this much longer than the straight line.
DETOUR = 1.3
#: Door to door by bus and subway: minutes to walk and wait, then metres a minute (24 km/h). A rough estimate.
COMMUTE_START, COMMUTE_PACE = 8.0, 400.0
SUNNY = {"S", "SE", "SW"}


class Wish(Protocol):
    """The fields of a requirement that matter here."""

    trade: str
    property_types: Sequence[str]
    region_codes: Sequence[str]
    centre: dict[str, float] | None
    polygon: Sequence[Sequence[float]] | None
    price_min: int | None
    price_max: int | None
    rent_max: int | None
    area_min: float | None
    area_max: float | None
    floor_min: int | None
    directions: Sequence[str]
    rooms_min: int | None
    commute: dict[str, Any] | None
    school: dict[str, Any] | None


class Offer(Protocol):
    """The fields of a listing that matter here."""

    trade: str
    property_type: str
    region_code: str
    price: int | None
    rent: int | None
    exclusive_m2: float | None
    floor: int | None
    floor_band: str
    direction: str
    rooms: int | None
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Fit:
    """`score` 0 to 100; `reasons` say why it matched, `misses` what does not fit or is not known."""

    is_match: bool
    score: float
    reasons: tuple[str, ...]
    misses: tuple[str, ...]


def metres_between(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Distance in metres, flat-earth (good to 0.1 % within a city)."""
    north = (latitude - other_latitude) * METRES_PER_DEGREE
    east = (longitude - other_longitude) * METRES_PER_DEGREE * cos(radians(latitude))
    return sqrt(north * north + east * east)


def inside(polygon: Sequence[Sequence[float]], latitude: float, longitude: float) -> bool:
    """Whether a point lies in a polygon of (latitude, longitude) corners (ray casting)."""
    result = False
    previous = polygon[-1]
    for corner in polygon:
        if (corner[0] > latitude) != (previous[0] > latitude):
            crossing = (previous[1] - corner[1]) * (latitude - corner[0]) / (previous[0] - corner[0]) + corner[1]
            if longitude < crossing:
                result = not result
        previous = corner
    return result


def _way(place: dict[str, Any], offer: Offer) -> float | None:
    """Metres on the ground to a place, estimated; None when the listing has no position."""
    if offer.latitude is None or offer.longitude is None:
        return None
    return DETOUR * metres_between(offer.latitude, offer.longitude, place["latitude"], place["longitude"])


def fit(wish: Wish, offer: Offer) -> Fit:
    """How a listing fits. A condition that a listing does not answer is a miss, never a silent pass."""
    reasons: list[str] = []
    misses: list[str] = []
    fails = False
    score = 60.0

    def check(name: str, holds: bool | None, weight: float = 0.0) -> None:
        nonlocal fails, score
        if holds:
            reasons.append(name)
            score += weight
        elif holds is None:
            misses.append(f"{name}_unknown")
            score -= 6
        else:
            misses.append(name)
            fails = True

    check("trade", wish.trade == offer.trade)
    if wish.property_types:
        check("property_type", offer.property_type in wish.property_types if offer.property_type else None)
    if wish.region_codes:
        prefixes = tuple(prefix_of(code) for code in wish.region_codes)
        check("region", offer.region_code.startswith(prefixes) if offer.region_code else None, 8)
    if wish.centre or wish.polygon:
        if offer.latitude is None or offer.longitude is None:
            check("place", None)
        else:
            if wish.centre:
                metres = metres_between(
                    offer.latitude, offer.longitude, wish.centre["latitude"], wish.centre["longitude"]
                )
                radius = wish.centre["radius_m"]
                check("distance", metres <= radius, 8 * max(0.0, 1 - metres / radius) if radius else 0)
            if wish.polygon:
                check("drawn_area", inside(wish.polygon, offer.latitude, offer.longitude), 6)
    if wish.commute:
        minutes = _way(wish.commute, offer)
        limit = float(wish.commute["minutes"])
        if minutes is not None:
            minutes = COMMUTE_START + minutes / COMMUTE_PACE
        check("commute", minutes <= limit if minutes is not None else None, 6 * max(0.0, 1 - (minutes or 0) / limit))
    if wish.school:
        walk, limit = _way(wish.school, offer), float(wish.school["metres"])
        check("school", walk <= limit if walk is not None else None, 6 * max(0.0, 1 - (walk or 0) / limit))
    if wish.price_max is not None or wish.price_min is not None:
        if offer.price is None:
            check("price", None)
        else:
            low, high = wish.price_min or 0, wish.price_max
            room = (high - offer.price) / high if high else 0.0
            check("price", low <= offer.price and (high is None or offer.price <= high), 12 * min(max(room, 0) * 4, 1))
    if wish.rent_max is not None and wish.trade in ("monthly", "short"):
        check("rent", offer.rent <= wish.rent_max if offer.rent is not None else None, 6)
    if wish.area_min is not None or wish.area_max is not None:
        low_area, high_area = wish.area_min or 0.0, wish.area_max or float("inf")
        check("area", low_area <= offer.exclusive_m2 <= high_area if offer.exclusive_m2 else None, 6)
    if wish.floor_min is not None:
        known = offer.floor if offer.floor is not None else None
        if known is None and offer.floor_band == "high" and wish.floor_min <= 3:
            known = wish.floor_min  # the top third of any building is above the third floor or the roof
        check("floor", known >= wish.floor_min if known is not None else None, 4)
    if wish.rooms_min is not None:
        check("rooms", offer.rooms >= wish.rooms_min if offer.rooms else None, 3)
    if wish.directions:
        check("direction", offer.direction in wish.directions if offer.direction else None, 4)
    elif offer.direction in SUNNY:
        reasons.append("sunny")
        score += 2
    return Fit(not fails, round(min(max(score, 0.0), 100.0), 1), tuple(reasons), tuple(misses))


AnOffer = TypeVar("AnOffer", bound=Offer)


@dataclass(frozen=True, slots=True)
class Missed:
    """A listing that fails one condition only, named in `failed`."""

    offer: Any
    fit: Fit
    failed: str


def just_missed(wish: Wish, offers: Iterable[AnOffer], rows: int) -> list[Missed]:
    """Listings that would match but for one condition, best first."""
    found = []
    for offer in offers:
        result = fit(wish, offer)
        failed = [name for name in result.misses if not name.endswith("_unknown")]
        if len(failed) == 1:
            found.append(Missed(offer, result, failed[0]))
    return sorted(found, key=lambda missed: -missed.fit.score)[:rows]
