"""Errors of point and interval forecasts. Formulas: Makridakis et al. 2020 (M4); Gneiting & Raftery 2007 (CRPS)."""

from __future__ import annotations

import numpy as np

from timeseries.data.series import FloatArray


def smape(actual: FloatArray, forecast: FloatArray) -> float:
    """Symmetric mean absolute percentage error in percent (0–200); a pair of zeros counts 0."""
    size = np.abs(actual) + np.abs(forecast)
    return float(np.mean(200.0 * np.abs(actual - forecast) / np.where(size == 0, 1.0, size)))


def scale(train: FloatArray, period: int) -> float | None:
    """Mean absolute seasonal difference of the training rows; None when it is zero or undefined."""
    if len(train) <= period:
        period = 1
    if len(train) < 2:
        return None
    size = float(np.mean(np.abs(train[period:] - train[:-period])))
    return size if size > 0 else None


def mase(actual: FloatArray, forecast: FloatArray, train: FloatArray, period: int) -> float | None:
    """Mean absolute scaled error; None on a training part that never changes."""
    unit = scale(train, period)
    return None if unit is None else float(np.mean(np.abs(actual - forecast)) / unit)


def mae(actual: FloatArray, forecast: FloatArray) -> float:
    """Mean absolute error, in the unit of the data."""
    return float(np.mean(np.abs(actual - forecast)))


def rmse(actual: FloatArray, forecast: FloatArray) -> float:
    """Root mean squared error, in the unit of the data."""
    return float(np.sqrt(np.mean((actual - forecast) ** 2)))


def coverage(actual: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Share of actual values inside the interval, both ends included."""
    return float(np.mean((actual >= lower) & (actual <= upper)))


def msis(
    actual: FloatArray, lower: FloatArray, upper: FloatArray, train: FloatArray, period: int, level: float
) -> float | None:
    """Mean scaled interval score: width plus 2/α times the distance of each miss, in MASE units."""
    unit = scale(train, period)
    if unit is None:
        return None
    alpha = 1.0 - level
    miss = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    return float(np.mean(upper - lower + 2.0 / alpha * miss) / unit)


def crps_from_quantiles(actual: FloatArray, quantiles: dict[float, FloatArray]) -> float:
    """Continuous ranked probability score as twice the mean pinball loss over evenly spread quantiles."""
    losses = [
        np.mean(np.maximum(level * (actual - values), (level - 1.0) * (actual - values)))
        for level, values in quantiles.items()
    ]
    return float(2.0 * np.mean(losses))


def owa(smape_value: float, mase_value: float, naive_smape: float, naive_mase: float) -> float:
    """Overall weighted average of M4 against Naive2 (1 = as good as Naive2)."""
    return 0.5 * (smape_value / naive_smape + mase_value / naive_mase)


def is_seasonal(train: FloatArray, period: int) -> bool:
    """The 90 % autocorrelation test of M4 at lag `period`."""
    count = len(train)
    if period <= 1 or count < 3 * period:
        return False
    centred = train - train.mean()
    variance = float(centred @ centred)
    if variance == 0:
        return False
    correlation = np.array([float(centred[lag:] @ centred[:-lag]) / variance for lag in range(1, period + 1)])
    limit = 1.645 * np.sqrt((1 + 2 * np.sum(correlation[:-1] ** 2)) / count)
    return bool(abs(correlation[-1]) > limit)


def seasonal_factors(train: FloatArray, period: int) -> FloatArray:
    """Classical multiplicative factors, one a position in the season, mean 1; needs positive rows."""
    weights = np.ones(period + 1) / period if period % 2 == 0 else np.ones(period) / period
    if period % 2 == 0:
        weights[[0, -1]] /= 2
    trend = np.convolve(train, weights, mode="valid")
    lead = (len(train) - len(trend)) // 2
    ratio = train[lead : lead + len(trend)] / np.where(trend == 0, np.nan, trend)
    place = (np.arange(len(trend)) + lead) % period
    factors = np.array([np.nanmean(ratio[place == index]) for index in range(period)])
    result: FloatArray = factors / np.mean(factors)
    return result


def naive2(train: FloatArray, horizon: int, period: int) -> FloatArray:
    """The M4 yardstick: the last deseasonalised value, re-seasonalised."""
    if not is_seasonal(train, period) or (train <= 0).any():
        return np.full(horizon, train[-1])
    factors = seasonal_factors(train, period)
    last = train[-1] / factors[(len(train) - 1) % period]
    ahead: FloatArray = last * factors[(len(train) + np.arange(horizon)) % period]
    return ahead
