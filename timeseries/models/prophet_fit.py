"""Prophet with its noise, its temporary files and its calendar kept in order; used by forecasting and by anomalies."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from timeseries.data.series import FloatArray, Series, TimeArray

START = np.datetime64("2000-01-03", "us")
DAY = 86_400
STEP_BY_PERIOD = {12: 30.4375 * DAY, 4: 91.3125 * DAY, 52: 7 * DAY, 7: DAY, 24: 3600, 1: 7 * DAY}


def quiet() -> None:
    """Keep the optimiser's and Prophet's log lines below warnings."""
    for name in ("cmdstanpy", "prophet", "prophet.models", "prophet.plot"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # This one sets its own level and handler again whenever it is first used.
    logging.getLogger("cmdstanpy").disabled = True


def calendar_of(series: Series, count: int) -> TimeArray:
    """Times of rows 0..count-1: the series' own and its step, or a calendar that fits its season."""
    if series.times is not None and len(series.times) >= 3:
        stamps = series.times.astype("datetime64[us]")
        if count <= len(stamps):
            return stamps[:count]
        step = np.median(np.diff(stamps).astype(np.int64)).astype("timedelta64[us]")
        more = stamps[-1] + step * np.arange(1, count - len(stamps) + 1)
        return np.concatenate([stamps, more])
    step = int(step_seconds(series.period) * 1_000_000)
    return START + np.arange(count) * np.timedelta64(step, "us")


def step_seconds(period: int) -> float:
    """Step of an undated series: one season is a year for 12, 4 and 52 rows, a week for 7, a day otherwise."""
    return STEP_BY_PERIOD.get(period, DAY / period if period > 1 else 7 * DAY)


def fit(
    times: TimeArray,
    values: FloatArray,
    *,
    multiplicative: bool = False,
    changepoint_prior: float = 0.05,
    changepoints: int = 25,
    period_days: float | None = None,
) -> Any:
    """A fitted Prophet without uncertainty sampling; seasons are added where two of them fit into the rows."""
    import pandas
    from prophet import Prophet

    quiet()

    span = float((times[-1] - times[0]) / np.timedelta64(1, "s")) / DAY
    step = span / max(len(times) - 1, 1)
    model = Prophet(
        uncertainty_samples=0,
        changepoint_prior_scale=changepoint_prior,
        n_changepoints=max(min(changepoints, len(times) // 4), 0),
        seasonality_mode="multiplicative" if multiplicative else "additive",
        daily_seasonality=step < 0.5 and span >= 2,
        weekly_seasonality=step <= 1 and span >= 15,
        yearly_seasonality=(min(10, int(365.25 / step / 2)) if step < 120 else 1) if span >= 730 else False,
    )
    if period_days is not None:
        model.add_seasonality("own", period=period_days, fourier_order=5)
    frame = pandas.DataFrame({"ds": times, "y": values})
    model.fit(frame, seed=1)
    return model


def predict(model: Any, times: TimeArray) -> FloatArray:
    """Expected values at the times."""
    import pandas

    return np.asarray(model.predict(pandas.DataFrame({"ds": times}))["yhat"], dtype=np.float64)
