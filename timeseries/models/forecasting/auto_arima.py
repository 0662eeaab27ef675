"""ARIMA with orders chosen stepwise by AICc."""

from __future__ import annotations

from typing import Any

from timeseries.data.series import FloatArray
from timeseries.models.forecasting.statistical import Statistical

EXACT_ROWS = 200


class AutoARIMA(Statistical):
    """Seasonal up to 12 rows a season: a season of 24 takes minutes a series and gains nothing over MSTL."""

    kind = "auto_arima"
    title = "AutoARIMA"
    max_season = 12
    default_origins = 6

    def _model(self, values: FloatArray, season: int) -> Any:
        from statsforecast.models import AutoARIMA as Model

        # The quick likelihood chooses worse orders; the exact one takes seconds a fit with long seasons or many rows.
        quick = season > 6 or (season > 1 and len(values) > EXACT_ROWS)
        return Model(season_length=season, approximation=quick, max_p=3, max_q=3)
