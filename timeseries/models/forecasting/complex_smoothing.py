"""Complex exponential smoothing, which needs no decision about a trend."""

from __future__ import annotations

from typing import Any

from timeseries.data.series import FloatArray
from timeseries.models.forecasting.statistical import Statistical


class ComplexSmoothing(Statistical):
    """AutoCES of Svetunkov and others."""

    kind = "auto_ces"
    title = "AutoCES"
    max_season = 24

    def _model(self, values: FloatArray, season: int) -> Any:
        from statsforecast.models import AutoCES as Model

        return Model(season)
