"""Taking the season out before a net sees the series, and putting it back into the forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timeseries.data.series import FloatArray
from timeseries.metrics.forecasting import is_seasonal, seasonal_factors


@dataclass(frozen=True, slots=True)
class Season:
    """Factors (multiplicative) or offsets (additive), one a position; an empty list means no season."""

    factors: FloatArray
    multiplicative: bool

    @property
    def period(self) -> int:
        """Rows a season; 1 without one."""
        return max(len(self.factors), 1)

    def remove(self, values: FloatArray, phase: int) -> FloatArray:
        """Values without the season; `phase` is the season position of the first row."""
        if len(self.factors) == 0:
            return values
        ring = self.factors[(phase + np.arange(len(values))) % self.period]
        return values / ring if self.multiplicative else values - ring

    def restore(self, values: FloatArray, phase: int) -> FloatArray:
        """Values with the season; `phase` is the season position of the first row."""
        if len(self.factors) == 0:
            return values
        ring = self.factors[(phase + np.arange(len(values))) % self.period]
        return values * ring if self.multiplicative else values + ring


NO_SEASON = Season(np.zeros(0), False)


def find_season(values: FloatArray, periods: tuple[int, ...]) -> Season:
    """The first of `periods` that passes the 90 % autocorrelation test, as factors or offsets."""
    for period in periods:
        if not is_seasonal(values, period):
            continue
        if (values > 0).all() and np.min(values) > 0.02 * np.mean(values):
            factors = seasonal_factors(values, period)
            if np.isfinite(factors).all() and (factors > 0.02).all():
                return Season(factors, True)
        return Season(_offsets(values, period), False)
    return NO_SEASON


def shrunken_season(values: FloatArray, period: int) -> Season:
    """Factors drawn towards one (offsets towards zero) by the share of their spread that is noise.

    James-Stein shrinkage after Miller and Williams (2003): a series without a season keeps next to nothing of it.
    """
    if period < 4 or len(values) < 2 * period + 2:
        return NO_SEASON
    multiplicative = bool((values > 0).all() and np.min(values) > 0.02 * np.mean(values))
    kernel = np.ones(period + 1 - period % 2) / period
    if period % 2 == 0:
        kernel[[0, -1]] /= 2
    trend = np.convolve(values, kernel, mode="valid")
    lead = (len(values) - len(trend)) // 2
    middle = values[lead : lead + len(trend)]
    rest = middle / trend if multiplicative else middle - trend
    place = (np.arange(len(trend)) + lead) % period
    seats = [rest[place == index] for index in range(period)]
    usual = np.array([seat.mean() for seat in seats])
    noise = sum(float(np.sum((seat - seat.mean()) ** 2)) for seat in seats) / max(len(rest) - period, 1)
    noise *= float(np.mean([1 / len(seat) for seat in seats]))
    neutral = 1.0 if multiplicative else 0.0
    spread = float(np.sum((usual - neutral) ** 2)) / (period - 1)
    share = (period - 3) / (period - 1) * min(noise / spread, 1.0) if spread > 0 else 1.0
    factors = share * neutral + (1 - share) * usual
    return Season(factors / factors.mean() if multiplicative else factors - factors.mean(), multiplicative)


def _offsets(values: FloatArray, period: int) -> FloatArray:
    kernel = np.ones(period) / period
    trend = np.convolve(values, kernel, mode="valid")
    lead = (len(values) - len(trend)) // 2
    rest = values[lead : lead + len(trend)] - trend
    place = (np.arange(len(trend)) + lead) % period
    offsets = np.array([np.median(rest[place == index]) for index in range(period)])
    result: FloatArray = offsets - offsets.mean()
    return result


def match_phase(season: Season, values: FloatArray) -> int:
    """Season position of the first row of `values`, by the best agreement with the known season."""
    if season.period == 1:
        return 0
    position = np.arange(len(values))
    centred = (
        values - np.poly1d(np.polyfit(position, values, 1))(position) if len(values) > 2 else values - values.mean()
    )
    shape = season.factors - season.factors.mean()
    agreement = [float(centred @ shape[(phase + position) % season.period]) for phase in range(season.period)]
    return int(np.argmax(agreement))
