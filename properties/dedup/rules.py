"""The weights of the comparison, in one place. Units are log-odds: evidence adds, a veto ends the comparison.

A weight is ln(P(agreement | same unit) / P(agreement | another unit of the complex)), from how many floors, buildings
and plans a complex has; none was fitted to the generator of `evaluate`. The prior stands for the ten or so other units
of one type that a typical complex offers at once.
"""

from __future__ import annotations

PRIOR = -3.2
AUTO = 0.0  # even odds after the ambiguity check: merge without asking
REVIEW = -1.6  # ask a person

FLOOR_EQUAL = 2.6
FLOOR_IN_BAND = 0.9
BAND_EQUAL = 0.9
BAND_EDGE = -0.8  # exact floor within one storey of the masked third
DONG_EQUAL = 2.5
DIRECTION_EQUAL = 0.9
DIRECTION_NEAR = -2.4  # 45 degrees apart
TOTAL_EQUAL = 0.4
TOTAL_NEAR = -1.0  # off by one
ROOMS_EQUAL = 0.3
ROOMS_DIFFER = -0.8

AREA_EXACT = 0.7  # both give decimals and agree: same plan
AREA_PLAN_DIFFERS = -2.4  # both give decimals and do not: another plan of the same size
AREA_LOOSE = 0.2
SUPPLY_EXACT = 0.4
SUPPLY_DIFFERS = -1.5

# Equal prices say more the less round they are (만원).
PRICE_EQUAL_FINE = 3.4
PRICE_EQUAL_THOUSAND = 2.4
PRICE_EQUAL_FIVE_THOUSAND = 1.9
PRICE_EQUAL_ROUND = 1.6
PRICE_CLOSE = 0.6  # within 2 %
PRICE_NEAR = -0.3  # within 4.5 %
PRICE_FAR = -2.6  # within 9 %
PRICE_VERY_FAR = -4.2  # beyond: a stale or mistyped price of a unit that everything else names
PRICE_VETO = 0.20
RENT_EQUAL = 1.0
CLUSTER_PRICE_SPAN = 0.12  # dearest and cheapest advert of one offer
CLUSTER_PRICE_SPAN_NAMED_UNIT = 0.25  # the same when building and exact floor are known and equal

NAME_EQUAL = 0.5
NAME_SIMILAR = -0.2
NAME_NUMBER_MISSING = -1.2
NO_NAME_SAME_SPOT = 1.6  # both nameless, within 40 m
NO_NAME_NEAR = 0.2  # within 150 m
NO_NAME_FAR_METRES = 320.0  # platforms shift points by about 100 m

PHOTOS_EQUAL = 5.0
DESCRIPTION_EQUAL = 2.2
DESCRIPTION_MIN_LENGTH = 12
GROUP_DIFFERS = -3.5  # the platform itself keeps the two apart

AREA_TOLERANCE = 1.02  # integer sources truncate, others round
AMBIGUITY_MARGIN = 1.6  # a vague advert that fits two incompatible offers about equally well is asked about

EXACT_SCORE = 50.0
DECISION_SCORE = 1000.0
ANNUAL_CONVERSION = 0.05  # deposit to rent, for comparing monthly offers with other splits

BAND_BITS = {"low": 1, "mid": 2, "high": 4}
DIRECTION_STEPS = {"N": 0, "NE": 1, "E": 2, "SE": 3, "S": 4, "SW": 5, "W": 6, "NW": 7}


def band_bits(floor: int | None, band: str | None, total: int | None) -> tuple[int, int]:
    """Thirds the advert surely lies in and thirds it may lie in (one storey of tolerance), as bit masks."""
    if floor is not None and total and floor > 0:
        sure = _third(floor, total)
        return sure, sure | _third(max(floor - 1, 1), total) | _third(min(floor + 1, total), total)
    if floor is not None and floor <= 0:
        return 1, 1
    if floor is None and band:
        return BAND_BITS[band], BAND_BITS[band]
    return 0, 7


def _third(floor: int, total: int) -> int:
    return 1 if floor * 3 <= total else 2 if floor * 3 <= total * 2 else 4


def effective_price(trade: str, price: int | None, rent: int | None) -> float:
    """One comparable figure in 만원: the price, or for monthly offers the yearly cost as a deposit; 0 = unknown."""
    if price is None and rent is None:
        return 0.0
    if trade in ("monthly", "short"):
        return float(price or 0) + (rent or 0) * 12 / ANNUAL_CONVERSION
    return float(price or 0)
