"""Prometheus measures of the numeric work, by model kind (never by model name: names are unbounded)."""

from __future__ import annotations

from prometheus_client import Histogram

TRAIN_SECONDS = Histogram(
    "ts_train_seconds", "Seconds to train a model", ["kind"], buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800)
)
PREDICT_SECONDS = Histogram(
    "ts_predict_seconds", "Seconds to answer with a stored model", ["kind"], buckets=(0.005, 0.02, 0.05, 0.2, 1, 5, 30)
)
