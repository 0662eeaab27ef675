"""A million rows: forecast and judged without holding many copies of them."""

from __future__ import annotations

import tracemalloc

import numpy as np

from timeseries import compute
from timeseries.data.series import make_series
from timeseries.models.base import Progress

ROWS = 1_000_000
MEBIBYTE = 1024 * 1024


def test_a_million_rows_are_forecast_and_judged_within_four_hundred_mebibytes():
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(ROWS) / 1440)
    values[500_000] += 500
    series = make_series(values, period=1440)

    tracemalloc.start()
    forecast = compute.forecast_now(series, "seasonal_naive", 60, 0.95, Progress())
    judged = compute.detect_now(series, "spectral_residual", None, Progress())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert np.allclose([row[0] for row in forecast["predictions"]], values[ROWS - 1440 : ROWS - 1380])
    assert any(event["start"] <= 500_000 <= event["end"] for event in judged["anomalies"])
    assert len(judged["scores"]) == ROWS and len(judged["chart"]["rows"]) <= 2000
    assert peak < 400 * MEBIBYTE
