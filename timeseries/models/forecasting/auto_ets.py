"""Exponential smoothing, form chosen by AICc."""

from __future__ import annotations

from typing import Any

from timeseries.data.series import FloatArray
from timeseries.models.forecasting.statistical import Statistical


class AutoETS(Statistical):
    """Error, trend, seasonal smoothing; at most 24 seasonal states."""

    kind = "auto_ets"
    title = "AutoETS"
    max_season = 24

    def _model(self, values: FloatArray, season: int) -> Any:
        from statsforecast.models import AutoETS as Model

        return Model(season)
