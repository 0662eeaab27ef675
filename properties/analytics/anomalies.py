"""Prices that stand out: modified z-score within a group, and prices that are off by a unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median

LIMIT = 4.5
MIN_GROUP = 3
# Within a complex and size, log prices differ by about this much (floor, view, repair); thinner groups borrow it.
USUAL_SPREAD = 0.10
UNIT_FACTOR = 4.0


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One suspicious price: row number, modified z-score, and `unit_error`, `too_low` or `too_high`."""

    row: int
    score: float
    kind: str
    group_median: float


def find_anomalies(groups: Sequence[Hashable], prices: Sequence[float], limit: float = LIMIT) -> list[Anomaly]:
    """Rows whose price does not fit its group (complex × size, or a wider one); needs three prices in a group.

    Modified z-score 0.6745·(x - median)/MAD on log prices, the spread floored so that quiet groups do not cry wolf.
    """
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        if prices[number] > 0:
            rows[group].append(number)
    found = []
    for numbers in rows.values():
        if len(numbers) < MIN_GROUP:
            continue
        logs = [log(prices[number]) for number in numbers]
        middle = median(logs)
        deviation = median(abs(value - middle) for value in logs)
        spread = max(deviation / 0.6745, USUAL_SPREAD)
        for number, value in zip(numbers, logs, strict=True):
            score = (value - middle) / spread
            if abs(score) <= limit:
                continue
            is_unit = abs(value - middle) >= log(UNIT_FACTOR)
            kind = "unit_error" if is_unit else "too_low" if score < 0 else "too_high"
            found.append(Anomaly(number, round(score, 2), kind, exp(middle)))
    return found
