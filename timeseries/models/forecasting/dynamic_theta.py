"""Dynamic optimised Theta: its trend is re-estimated as the series goes."""

from __future__ import annotations

from typing import Any

from timeseries.data.series import FloatArray
from timeseries.models.forecasting.statistical import Statistical


class DynamicTheta(Statistical):
    """Dynamic optimised Theta on the deseasonalised series."""

    kind = "dynamic_theta"
    title = "Dynamic Theta"

    def _model(self, values: FloatArray, season: int) -> Any:
        from statsforecast.models import DynamicOptimizedTheta as Model

        return Model(season, decomposition_type="multiplicative" if (values > 0).all() else "additive")
