"""One comparison with its reasons, for the review queue. Same rules and same score as the bulk path."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sqrt

from properties.dedup import rules
from properties.dedup.advert import Advert
from properties.dedup.columns import has_decimals
from properties.dedup.naming import EQUAL, NUMBER_MISSING, SIMILAR, name_relation
from properties.dedup.scoring import METRES_PER_DEGREE


@dataclass(frozen=True, slots=True)
class Comparison:
    """Score of a pair, its state, and why. `veto` names the fact that makes a merge impossible."""

    score: float
    state: str
    reasons: tuple[tuple[str, float], ...]
    veto: str | None = None


def compare(one: Advert, other: Advert, leaf: str = "") -> Comparison:
    """How alike two adverts are; `leaf` is the name of their dong."""
    if veto := _veto(one, other, leaf):
        return Comparison(float("-inf"), "distinct", (), veto)
    reasons = [("prior", rules.PRIOR), *_floor(one, other), *_facts(one, other), *_areas(one, other)]
    reasons += [*_prices(one, other), *_place(one, other, leaf), *_extras(one, other)]
    score = sum(weight for _, weight in reasons)
    state = "auto" if score >= rules.AUTO else "review" if score >= rules.REVIEW else "distinct"
    return Comparison(score, state, tuple(reasons))


def _turn(one: Advert, other: Advert) -> int | None:
    if one.direction is None or other.direction is None:
        return None
    turn = abs(rules.DIRECTION_STEPS[one.direction] - rules.DIRECTION_STEPS[other.direction])
    return min(turn, 8 - turn)


def _gap(one: Advert, other: Advert) -> float | None:
    first = rules.effective_price(one.trade, one.price, one.rent)
    second = rules.effective_price(other.trade, other.price, other.rent)
    return abs(first - second) / max(first, second, 1.0) if first and second else None


def _metres(one: Advert, other: Advert) -> float | None:
    if not (one.latitude and one.longitude and other.latitude and other.longitude):
        return None
    north = (one.latitude - other.latitude) * METRES_PER_DEGREE
    east = (one.longitude - other.longitude) * METRES_PER_DEGREE * cos(radians((one.latitude + other.latitude) / 2))
    return sqrt(north * north + east * east)


def _veto(one: Advert, other: Advert, leaf: str) -> str | None:
    gap, turn, metres = _gap(one, other), _turn(one, other), _metres(one, other)
    may_a = rules.band_bits(one.floor, one.band, one.floor_total)[1]
    may_b = rules.band_bits(other.floor, other.band, other.floor_total)[1]
    checks = (
        ("trade", one.trade != other.trade),
        ("region", one.region_code != other.region_code),
        ("floor", one.floor is not None and other.floor is not None and one.floor != other.floor),
        ("building", bool(one.dong and other.dong and one.dong != other.dong)),
        ("price", gap is not None and gap > rules.PRICE_VETO),
        ("floor_band", not may_a & may_b),
        ("storeys", bool(one.floor_total and other.floor_total and abs(one.floor_total - other.floor_total) > 1)),
        ("direction", turn is not None and turn > 1),
        ("area", not one.exclusive_m2 or not other.exclusive_m2),
        ("area", abs((one.exclusive_m2 or 0) - (other.exclusive_m2 or 0)) > rules.AREA_TOLERANCE),
        ("name", bool(one.name and other.name) and not name_relation(one.name, other.name, leaf)),
        (
            "distance",
            not (one.name and other.name) and (metres is None or metres > rules.NO_NAME_FAR_METRES),
        ),
    )
    return next((name for name, hit in checks if hit), None)


def _floor(one: Advert, other: Advert) -> list[tuple[str, float]]:
    if one.floor is not None and other.floor is not None:
        return [("floor_equal", rules.FLOOR_EQUAL)]
    sure_a = rules.band_bits(one.floor, one.band, one.floor_total)[0]
    sure_b = rules.band_bits(other.floor, other.band, other.floor_total)[0]
    if not sure_a or not sure_b:
        return []
    if not sure_a & sure_b:
        return [("floor_band_edge", rules.BAND_EDGE)]
    if one.floor is None and other.floor is None:
        return [("floor_band_equal", rules.BAND_EQUAL)]
    return [("floor_in_band", rules.FLOOR_IN_BAND)]


def _facts(one: Advert, other: Advert) -> list[tuple[str, float]]:
    reasons = []
    if one.dong and one.dong == other.dong:
        reasons.append(("building_equal", rules.DONG_EQUAL))
    turn = _turn(one, other)
    if turn is not None:
        reasons.append(("direction_near", rules.DIRECTION_NEAR) if turn else ("direction_equal", rules.DIRECTION_EQUAL))
    for name, first, second, equal, differs in (
        ("storeys", one.floor_total, other.floor_total, rules.TOTAL_EQUAL, rules.TOTAL_NEAR),
        ("rooms", one.rooms, other.rooms, rules.ROOMS_EQUAL, rules.ROOMS_DIFFER),
    ):
        if first and second:
            reasons.append((f"{name}_equal", equal) if first == second else (f"{name}_differ", differs))
    return reasons


def _areas(one: Advert, other: Advert) -> list[tuple[str, float]]:
    first, second = one.exclusive_m2 or 0.0, other.exclusive_m2 or 0.0
    if has_decimals(first) and has_decimals(second):
        same = abs(first - second) <= 0.021
        reasons = [("area_exact", rules.AREA_EXACT) if same else ("area_plan_differs", rules.AREA_PLAN_DIFFERS)]
    else:
        reasons = [("area_close", rules.AREA_LOOSE)]
    if one.supply_m2 and other.supply_m2:
        gap = abs(one.supply_m2 - other.supply_m2)
        decimals = has_decimals(one.supply_m2) and has_decimals(other.supply_m2)
        if decimals and gap <= 0.021:
            reasons.append(("supply_exact", rules.SUPPLY_EXACT))
        if gap > (0.5 if decimals else 2.1):
            reasons.append(("supply_differs", rules.SUPPLY_DIFFERS))
    return reasons


def _prices(one: Advert, other: Advert) -> list[tuple[str, float]]:
    gap = _gap(one, other)
    monthly = bool(one.rent and other.rent)
    reasons = []
    if gap == 0:
        whole = int(rules.effective_price(one.trade, one.price, one.rent))
        if monthly or whole % 10_000 == 0:
            weight = rules.PRICE_EQUAL_ROUND
        elif whole % 5_000 == 0:
            weight = rules.PRICE_EQUAL_FIVE_THOUSAND
        else:
            weight = rules.PRICE_EQUAL_THOUSAND if whole % 1_000 == 0 else rules.PRICE_EQUAL_FINE
        reasons.append(("price_equal", weight))
    elif gap is not None:
        for limit, name, weight in (
            (0.02, "price_close", rules.PRICE_CLOSE),
            (0.045, "price_near", rules.PRICE_NEAR),
            (0.09, "price_far", rules.PRICE_FAR),
            (1.0, "price_very_far", rules.PRICE_VERY_FAR),
        ):
            if gap <= limit:
                reasons.append((name, weight))
                break
    if monthly and one.rent == other.rent and one.price == other.price:
        reasons.append(("rent_equal", rules.RENT_EQUAL))
    return reasons


def _place(one: Advert, other: Advert, leaf: str) -> list[tuple[str, float]]:
    if one.name and other.name:
        return {
            EQUAL: [("name_equal", rules.NAME_EQUAL)],
            SIMILAR: [("name_similar", rules.NAME_SIMILAR)],
            NUMBER_MISSING: [("name_number_missing", rules.NAME_NUMBER_MISSING)],
        }[name_relation(one.name, other.name, leaf)]
    metres = _metres(one, other) or 0.0
    if metres <= 40:
        return [("same_spot", rules.NO_NAME_SAME_SPOT)]
    return [("near", rules.NO_NAME_NEAR)] if metres <= 150 else []


def _extras(one: Advert, other: Advert) -> list[tuple[str, float]]:
    reasons = []
    if one.photo_key and one.photo_key == other.photo_key:
        reasons.append(("photos_equal", rules.PHOTOS_EQUAL))
    if len(one.description) >= rules.DESCRIPTION_MIN_LENGTH and one.description == other.description:
        reasons.append(("text_equal", rules.DESCRIPTION_EQUAL))
    if one.platform == other.platform and one.group_key and other.group_key and one.group_key != other.group_key:
        reasons.append(("platform_keeps_apart", rules.GROUP_DIFFERS))
    return reasons
