"""Temporal convolution forecaster."""

from __future__ import annotations

from timeseries.models.forecasting.neural import Neural


class CNN(Neural):
    """Causal dilated convolutions over the window."""

    kind = "cnn"
    title = "CNN (temporal convolution)"
    network = "cnn"
