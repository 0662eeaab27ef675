"""Price of a complex's next deal, and of a region's next months. Refuses to speak on too little history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt

MIN_MONTHS = 24
SHRINK = 2.0  # deals of the district that weigh as much as one deal of the unit's own group
DAMPING = 0.9


class TooLittleHistory(ValueError):
    """A forecast was asked for less than two years of months."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One month ahead: point and interval in the unit of the input."""

    month: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sale:
    """What the deal model needs of one sale: group (complex), region, size, floor, day and price."""

    group: str
    region: str
    area: float
    floor: int
    built: int
    day: date
    price: float


class DealModel:
    """Log price per ㎡ as a complex level, plus size, floor and age effects, plus a shared monthly drift.

    Levels of thin complexes are pulled towards their district. Everything is ordinary least squares or weighted means
    in closed form, so that it runs without any numeric package.
    """

    def __init__(self, sales: Sequence[Sale], half_life_days: float = 120.0) -> None:
        if not sales:
            raise TooLittleHistory("There are no sales to learn from.")
        self.end = max(sale.day for sale in sales)
        self.half_life = half_life_days
        self.drift = self._fit_drift(sales)
        self.area_slope, self.floor_slope = self._fit_slopes(sales)
        self._levels(sales)

    def _y(self, sale: Sale) -> float:
        return log(sale.price / sale.area)

    def _days(self, day: date) -> float:
        return (day - self.end).days / 30.0

    def _fit_drift(self, sales: Sequence[Sale]) -> float:
        """Monthly log growth from repeat sales: pairs of one complex and size class."""
        last: dict[tuple[str, int], Sale] = {}
        top = bottom = 0.0
        for sale in sorted(sales, key=lambda item: item.day):
            key = (sale.group, round(sale.area))
            before = last.get(key)
            if before is not None and (months := (sale.day - before.day).days / 30.0) > 0.2:
                growth = max(-0.2, min(0.2, self._y(sale) - self._y(before)))
                top += months * growth
                bottom += months * months
            last[key] = sale
        return max(-0.03, min(0.03, top / bottom)) if bottom else 0.0

    def _fit_slopes(self, sales: Sequence[Sale]) -> tuple[float, float]:
        """Effect of log area and of the floor within complexes (fixed effects removed)."""
        groups: dict[str, list[Sale]] = defaultdict(list)
        for sale in sales:
            groups[sale.group].append(sale)
        aa = af = ff = ay = fy = 1e-9
        for members in groups.values():
            if len(members) < 2:
                continue
            size = len(members)
            areas = [log(item.area) for item in members]
            floors = [_floor_effect(item.floor) for item in members]
            values = [self._y(item) - self.drift * self._days(item.day) for item in members]
            mean_a, mean_f, mean_y = sum(areas) / size, sum(floors) / size, sum(values) / size
            for area, floor, value in zip(areas, floors, values, strict=True):
                da, df, dy = area - mean_a, floor - mean_f, value - mean_y
                aa, af, ff, ay, fy = aa + da * da, af + da * df, ff + df * df, ay + da * dy, fy + df * dy
        determinant = aa * ff - af * af
        if determinant <= 1e-9:
            return 0.0, 0.0
        return (ay * ff - fy * af) / determinant, (fy * aa - ay * af) / determinant

    def _residual(self, sale: Sale) -> float:
        return (
            self._y(sale)
            - self.drift * self._days(sale.day)
            - self.area_slope * log(sale.area)
            - self.floor_slope * _floor_effect(sale.floor)
        )

    def _levels(self, sales: Sequence[Sale]) -> None:
        regions: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        groups: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        units: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for sale in sales:
            weight = 0.5 ** ((self.end - sale.day).days / self.half_life)
            value = self._residual(sale)
            for sums in (regions[sale.region], groups[sale.group], units[sale.group, round(sale.area)]):
                sums[0] += weight
                sums[1] += weight * value
        everything = [sum(sums[0] for sums in regions.values()), sum(sums[1] for sums in regions.values())]
        overall = everything[1] / everything[0]
        self.region_level = {name: (s[1] + overall) / (s[0] + 1.0) for name, s in regions.items()}
        self.overall = overall
        region_of = {sale.group: sale.region for sale in sales}
        self.group_level = {
            name: (s[1] + 0.5 * self.region_level[region_of[name]]) / (s[0] + 0.5) for name, s in groups.items()
        }
        self.unit_level = {key: (s[1] + 0.7 * self.group_level[key[0]]) / (s[0] + 0.7) for key, s in units.items()}

    def predict(self, group: str, region: str, area: float, floor: int, day: date) -> float:
        """Expected price of a deal."""
        level = self.unit_level.get((group, round(area)))
        if level is None:
            level = self.group_level.get(group, self.region_level.get(region, self.overall))
        months = max(self._days(day), 0.0)
        drift = self.drift * months * DAMPING
        return area * exp(level + drift + self.area_slope * log(area) + self.floor_slope * _floor_effect(floor))


def _floor_effect(floor: int) -> float:
    """Low floors are cheaper and the gain flattens out: -1 on the ground, 0 from about the tenth."""
    return -1.0 if floor <= 1 else -0.55 if floor == 2 else -0.3 if floor == 3 else min(floor, 25) / 25 * 0.4 - 0.15


def forecast_months(values: Sequence[float | None], horizon: int, *, coverage: float = 1.28) -> list[Forecast]:
    """Damped-trend forecast of monthly medians with an interval (80 % by default); None marks a thin month.

    Raises `TooLittleHistory` for less than 24 months with a value.
    """
    known = [(number, log(value)) for number, value in enumerate(values) if value]
    if len(known) < MIN_MONTHS:
        raise TooLittleHistory(f"{len(known)} months have enough deals, {MIN_MONTHS} are needed.")
    best: tuple[float, float, float, float, float] | None = None
    for alpha in (0.2, 0.35, 0.5, 0.7):
        for beta in (0.05, 0.1, 0.2):
            level, trend, error, count = known[0][1], 0.0, 0.0, 0
            previous = known[0][0]
            for number, value in known[1:]:
                steps = number - previous
                expected = level + trend * DAMPING * steps
                gap = value - expected
                if count > 6:
                    error += gap * gap
                count += 1
                old, level = level, expected + alpha * gap
                trend = beta * (level - old) / steps + (1 - beta) * DAMPING * trend
                previous = number
            score = sqrt(error / max(count - 7, 1))
            if best is None or score < best[0]:
                best = (score, level, trend, alpha, beta)
    assert best is not None
    deviation, level, trend = best[0], best[1], best[2]
    result, sum_damped = [], 0.0
    for step in range(1, horizon + 1):
        sum_damped += DAMPING**step
        middle = level + trend * sum_damped
        width = coverage * deviation * sqrt(1 + (step - 1) * best[3] ** 2)
        result.append(Forecast(step, exp(middle), exp(middle - width), exp(middle + width)))
    return result


def last_value(sales: Iterable[Sale], wish: Sale) -> float | None:
    """The baseline: price per ㎡ of the last deal of the complex and size, else of the complex."""
    same_size = same_group = None
    for sale in sales:
        if sale.group == wish.group and sale.day < wish.day:
            if round(sale.area) == round(wish.area) and (same_size is None or sale.day >= same_size.day):
                same_size = sale
            if same_group is None or sale.day >= same_group.day:
                same_group = sale
    base = same_size or same_group
    return base.price / base.area * wish.area if base else None
