"""Theta method, variant chosen by in-sample error."""

from __future__ import annotations

from typing import Any

from timeseries.data.series import FloatArray
from timeseries.models.forecasting.statistical import Statistical


class AutoTheta(Statistical):
    """Standard, optimised and dynamic Theta on the deseasonalised series."""

    kind = "auto_theta"
    title = "AutoTheta"

    def _model(self, values: FloatArray, season: int) -> Any:
        from statsforecast.models import AutoTheta as Model

        return Model(season, decomposition_type="multiplicative" if (values > 0).all() else "additive")
