"""Scores pairs of rows in bulk. `explain.compare` states the same rules for one pair, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from properties.dedup import rules
from properties.dedup.columns import UNKNOWN_FLOOR, Columns

if TYPE_CHECKING:
    import numpy as np

METRES_PER_DEGREE = 111_320.0


def score_pairs(
    columns: Columns,
    left: np.ndarray[Any, Any],
    right: np.ndarray[Any, Any],
    relation: np.ndarray[Any, Any],
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Rows of the pairs worth keeping (score at least REVIEW, no veto) and their scores.

    `relation` is the name relation of each pair, 0 where a name is missing and the place decides.
    """
    import numpy as np

    def both(name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        column = columns[name]
        return column[left], column[right]

    def keep(mask: np.ndarray[Any, Any]) -> None:
        nonlocal left, right, relation
        left, right, relation = left[mask], right[mask], relation[mask]

    # Vetoes first, cheapest and most selective ones leading: most pairs end here.
    one, other = both("floor")
    keep((one == other) | (one == UNKNOWN_FLOOR) | (other == UNKNOWN_FLOOR))
    one, other = both("dong")
    keep((one == other) | (one == 0) | (other == 0))
    one, other = both("price")
    gap = np.abs(one - other) / np.maximum(np.maximum(one, other), 1.0)
    keep((gap <= rules.PRICE_VETO) | (one == 0) | (other == 0))
    one, other = both("may_band")
    keep((one & other) != 0)
    one, other = both("total")
    keep((np.abs(one - other) <= 1) | (one == 0) | (other == 0))
    one, other = both("direction")
    turn = np.abs(one - other)
    turn = np.minimum(turn, 8 - turn)
    keep((turn <= 1) | (one < 0) | (other < 0))
    one, other = both("area")
    keep((np.abs(one - other) <= rules.AREA_TOLERANCE) & (one > 0) & (other > 0))

    score = np.full(len(left), rules.PRIOR)
    one, other = both("floor")
    both_floors = (one != UNKNOWN_FLOOR) & (other != UNKNOWN_FLOOR)
    sure_a, sure_b = both("sure_band")
    known = (sure_a != 0) & (sure_b != 0)
    masked_both = (one == UNKNOWN_FLOOR) & (other == UNKNOWN_FLOOR)
    band = np.where(
        (sure_a & sure_b) != 0,
        np.where(masked_both, rules.BAND_EQUAL, rules.FLOOR_IN_BAND),
        rules.BAND_EDGE,
    )
    score += np.where(both_floors, rules.FLOOR_EQUAL, np.where(known, band, 0.0))
    one, other = both("dong")
    score += np.where((one == other) & (one != 0), rules.DONG_EQUAL, 0.0)
    one, other = both("direction")
    known = (one >= 0) & (other >= 0)
    score += np.where(known, np.where(one == other, rules.DIRECTION_EQUAL, rules.DIRECTION_NEAR), 0.0)
    one, other = both("total")
    known = (one != 0) & (other != 0)
    score += np.where(known, np.where(one == other, rules.TOTAL_EQUAL, rules.TOTAL_NEAR), 0.0)
    one, other = both("rooms")
    known = (one != 0) & (other != 0)
    score += np.where(known, np.where(one == other, rules.ROOMS_EQUAL, rules.ROOMS_DIFFER), 0.0)

    one, other = both("area")
    decimals = (one != np.floor(one)) & (other != np.floor(other))
    score += np.where(
        decimals,
        np.where(np.abs(one - other) <= 0.021, rules.AREA_EXACT, rules.AREA_PLAN_DIFFERS),
        rules.AREA_LOOSE,
    )
    one, other = both("supply")
    known = (one > 0) & (other > 0)
    decimals = known & (one != np.floor(one)) & (other != np.floor(other))
    close = np.abs(one - other) <= 0.021
    score += np.where(decimals & close, rules.SUPPLY_EXACT, 0.0)
    far = known & (np.abs(one - other) > np.where(decimals, 0.5, 2.1))
    score += np.where(far, rules.SUPPLY_DIFFERS, 0.0)

    one, other = both("price")
    known = (one > 0) & (other > 0)
    gap = np.abs(one - other) / np.maximum(np.maximum(one, other), 1.0)
    whole = one.astype(np.int64)
    equal_weight = np.where(
        whole % 10_000 == 0,
        rules.PRICE_EQUAL_ROUND,
        np.where(
            whole % 5_000 == 0,
            rules.PRICE_EQUAL_FIVE_THOUSAND,
            np.where(whole % 1_000 == 0, rules.PRICE_EQUAL_THOUSAND, rules.PRICE_EQUAL_FINE),
        ),
    )
    rent_a, rent_b = both("rent")
    monthly = (rent_a > 0) & (rent_b > 0)
    equal_weight = np.where(monthly, rules.PRICE_EQUAL_ROUND, equal_weight)
    far = np.where(gap <= 0.09, rules.PRICE_FAR, rules.PRICE_VERY_FAR)
    price = np.where(
        gap == 0,
        equal_weight,
        np.where(gap <= 0.02, rules.PRICE_CLOSE, np.where(gap <= 0.045, rules.PRICE_NEAR, far)),
    )
    score += np.where(known, price, 0.0)
    deposit_a, deposit_b = both("deposit")
    score += np.where(monthly & (rent_a == rent_b) & (deposit_a == deposit_b), rules.RENT_EQUAL, 0.0)

    named = relation > 0
    weights = np.array([0.0, rules.NAME_NUMBER_MISSING, rules.NAME_SIMILAR, rules.NAME_EQUAL])
    score += weights[relation]
    lat_a, lat_b = both("latitude")
    lon_a, lon_b = both("longitude")
    north = (lat_a - lat_b) * METRES_PER_DEGREE
    east = (lon_a - lon_b) * METRES_PER_DEGREE * np.cos(np.radians((lat_a + lat_b) / 2))
    metres = np.sqrt(north * north + east * east)
    place = np.where(metres <= 40.0, rules.NO_NAME_SAME_SPOT, np.where(metres <= 150.0, rules.NO_NAME_NEAR, 0.0))
    score += np.where(named, 0.0, place)
    near_enough = named | ((metres <= rules.NO_NAME_FAR_METRES) & (lat_a != 0) & (lat_b != 0))

    one, other = both("photos")
    score += np.where((one == other) & (one != 0), rules.PHOTOS_EQUAL, 0.0)
    one, other = both("text")
    score += np.where((one == other) & (one != 0), rules.DESCRIPTION_EQUAL, 0.0)
    platform_a, platform_b = both("platform")
    one, other = both("group")
    apart = (platform_a == platform_b) & (one != 0) & (other != 0) & (one != other)
    score += np.where(apart, rules.GROUP_DIFFERS, 0.0)
    good = (score >= rules.REVIEW) & near_enough
    return left[good], right[good], score[good]
