"""The time-series app. `timeseries.models` holds the numeric models, so the tables live in `timeseries.records`."""

from importlib import import_module

from django.apps import AppConfig


class TimeseriesConfig(AppConfig):
    name = "timeseries"

    def import_models(self) -> None:
        import_module("timeseries.records")
        super().import_models()
