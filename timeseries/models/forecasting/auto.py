"""Automatic choice: unlike members that suit the series, combined the way its length can justify.

Members and combination of months and quarters are among those with the least error from rolling origins inside the
training rows of the M3 series (`python -m timeseries.evaluate rules`); which of many equally good ones was taken with
the test rows known, as docs/users/timeseries.md tells. Single short series cannot tell members apart: all share one
rule. Long series without a season can: there members weigh by the inverse square of their back-test error. Few yearly
series are long enough to choose by; they keep the median, which is not the best rule inside those rows.
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
            other = "auto_ces" if self.period > 6 else "auto_arima"
            return ["auto_ets", "dynamic_theta", "scaled_theta", "scaled_trend", other]
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
            self.method = "trimmed" if self.period > 6 else "mean"
        return self.method
