"""LSTM forecaster."""

from __future__ import annotations

from timeseries.models.forecasting.neural import Neural


class LSTM(Neural):
    """One recurrent layer over the window."""

    kind = "lstm"
    title = "LSTM"
    network = "lstm"
