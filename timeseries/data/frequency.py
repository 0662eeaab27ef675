"""Step, calendar frequency and season length of a series, from its times or from its autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timeseries.data.series import FloatArray, TimeArray

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400
# (name, shortest and longest step in seconds, season length in rows, further seasons)
CALENDAR = (
    ("monthly", 27.9 * DAY, 31.1 * DAY, 12),
    ("quarterly", 89 * DAY, 92.5 * DAY, 4),
    ("yearly", 364.5 * DAY, 366.5 * DAY, 1),
)
NAMED_STEPS = {HOUR: ("hourly", 24), DAY: ("daily", 7), 7 * DAY: ("weekly", 52)}


@dataclass(frozen=True, slots=True)
class Frequency:
    """How a time column steps: `regular_share` is the share of steps equal to the usual one."""

    name: str
    step_seconds: float
    period: int
    regular_share: float
    calendar: bool = False


def infer_frequency(times: TimeArray) -> Frequency | None:
    """The usual step of increasing UTC times; None with fewer than three rows."""
    if len(times) < 3:
        return None
    steps = np.diff(times.astype("datetime64[us]").astype(np.int64)) / 1e6
    for name, low, high, period in CALENDAR:
        share = float(np.mean((steps >= low) & (steps <= high)))
        if share > 0.7:
            return Frequency(name, float(np.median(steps)), period, share, calendar=True)
    values, counts = np.unique(np.round(steps, 3), return_counts=True)
    step = float(values[np.argmax(counts)])
    share = float(np.mean(np.abs(steps - step) <= max(0.02 * step, 1e-3)))
    if step == DAY and _looks_like_business_days(times, steps):
        return Frequency("business-daily", step, 5, share, calendar=True)
    if step in NAMED_STEPS:
        name, period = NAMED_STEPS[int(step)]
        return Frequency(name, step, period, share)
    return Frequency(_step_name(step), step, _period_of_step(step), share)


def _looks_like_business_days(times: TimeArray, steps: FloatArray) -> bool:
    weekday = (times.astype("datetime64[D]").astype(np.int64) + 3) % 7
    return bool(np.mean(weekday >= 5) < 0.02 and np.mean(steps == 3 * DAY) > 0.12)


def _step_name(step: float) -> str:
    if step % DAY == 0:
        return f"{int(step // DAY)}-day"
    if step % HOUR == 0:
        return f"{int(step // HOUR)}-hour"
    if step % MINUTE == 0:
        return f"{int(step // MINUTE)}-minute"
    return f"{step:g}-second"


def _period_of_step(step: float) -> int:
    """Rows a day for steps of a minute to half a day; below a minute no season is assumed."""
    if MINUTE <= step < DAY and DAY % step == 0:
        return int(DAY // step)
    return 1


def autocorrelation(values: FloatArray, max_lag: int) -> FloatArray:
    """Autocorrelation at lags 0..max_lag of the linearly detrended values, by FFT."""
    count = len(values)
    position = np.linspace(-1.0, 1.0, count)
    centred = values - values.mean()
    centred = centred - position * (position @ centred) / max(position @ position, 1e-12)
    size = 1 << (2 * count - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    raw = np.fft.irfft(spectrum * np.conj(spectrum), size)[: max_lag + 1]
    if raw[0] <= 0:
        return np.zeros(max_lag + 1)
    result: FloatArray = raw / raw[0]
    return result


def detect_period(values: FloatArray, *, longest: int | None = None, threshold: float = 0.2) -> int:
    """Lag of the strongest autocorrelation peak above `threshold`; 1 when there is none."""
    clean = values[np.isfinite(values)]
    limit = min(longest or len(clean) // 3, len(clean) // 3, 5000)
    if limit < 3 or np.ptp(clean) == 0:
        return 1
    # One wild row would outweigh the season in every product.
    centre = np.median(clean)
    reach = 5 * 1.4826 * float(np.median(np.abs(clean - centre)))
    if reach > 0:
        clean = np.clip(clean, centre - reach, centre + reach)
    # First differences take out a wandering level, whose slow decay would hide every peak.
    best, best_value, found = 1, threshold, None
    for correlation in (autocorrelation(clean, limit), autocorrelation(np.diff(clean), limit)):
        # Fewer pairs stand behind long lags: without this the peak slides towards shorter ones.
        correlation = correlation * (len(clean) / (len(clean) - np.arange(len(correlation))))
        # Near rows resemble each other in any smooth series: a season shows only after the first dip below zero.
        dips = np.flatnonzero(correlation < 0)
        for lag in range(int(dips[0]) if len(dips) else limit, limit):
            value = correlation[lag]
            if value < correlation[lag - 1] or value < correlation[lag + 1]:
                continue
            # A multiple of a shorter season must be clearly stronger to replace it.
            if value > best_value * (1.1 if best > 1 and _is_multiple(lag, best) else 1.0):
                best, best_value, found = lag, float(value), correlation
    return best if found is None else _refined(best, found)


def _refined(season: int, correlation: FloatArray) -> int:
    """Noise moves the top of a broad peak: the lag near it whose multiples agree best."""
    near = max(season // 20, 1)
    multiples = np.arange(1, max(min(len(correlation) // (season + near + 1), 4), 1) + 1)
    choices = range(max(season - near, 2), season + near + 1)
    choices = [lag for lag in choices if lag * multiples[-1] < len(correlation)]
    return max(choices, key=lambda lag: float(correlation[lag * multiples].mean()), default=season)


def _is_multiple(lag: int, season: int) -> bool:
    rest = lag % season
    return min(rest, season - rest) <= max(1, season // 20)


def choose_period(values: FloatArray, frequency: Frequency | None) -> int:
    """Season length to model: the calendar's when the data show it, else what the autocorrelation shows."""
    if frequency is not None and frequency.period > 1:
        period = frequency.period
        if len(values) >= 2 * period:
            return period
        return 1
    return detect_period(values)
