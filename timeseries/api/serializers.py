"""The answers of the time-series routes, as the document describes them. The rows themselves are made by `shapes`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from timeseries.api import shapes
from timeseries.records import STAGES, STATES, Dataset, Job, TrainedModel


class JobRow(serializers.Serializer[Any]):
    """A piece of numeric work: state and progress."""

    job_id = serializers.UUIDField()
    kind = serializers.CharField()
    status = serializers.ChoiceField(STATES)
    progress = serializers.FloatField(help_text="0 to 1")
    message = serializers.CharField()
    model_name = serializers.CharField(allow_null=True)
    status_url = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Any) -> Any:
        return shapes.job_shape(instance, with_result=False) if isinstance(instance, Job) else instance


class JobOutput(JobRow):
    """The same with what came of it."""

    losses = serializers.ListField(child=serializers.JSONField())
    result = serializers.DictField(allow_null=True)
    error = serializers.DictField(allow_null=True)


class AnswerOutput(serializers.Serializer[Any]):
    """The result of the job that did the work; its further fields depend on the kind of work."""

    job_id = serializers.UUIDField()


class ModelVersionOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    model_type = serializers.CharField()
    stage = serializers.ChoiceField(STAGES)
    metrics = serializers.DictField()
    notes = serializers.ListField(child=serializers.JSONField())
    settings = serializers.DictField()
    columns = serializers.ListField(child=serializers.JSONField())
    rows = serializers.IntegerField()
    data_digest = serializers.CharField()
    dataset_version = serializers.UUIDField(allow_null=True)
    libraries = serializers.DictField()
    seconds = serializers.FloatField()
    size_bytes = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class ModelOutput(serializers.Serializer[Any]):
    """A trained model with its versions."""

    model_name = serializers.CharField()
    task = serializers.CharField()
    created_at = serializers.DateTimeField()
    versions = ModelVersionOutput(many=True)

    def to_representation(self, instance: Any) -> Any:
        return shapes.model_shape(instance) if isinstance(instance, TrainedModel) else instance


class StageInput(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    stage = serializers.ChoiceField(STAGES)


class DatasetVersionOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    rows = serializers.IntegerField()
    columns = serializers.ListField(child=serializers.JSONField())
    digest = serializers.CharField()
    size_bytes = serializers.IntegerField()
    report = serializers.DictField()
    labels = serializers.ListField(child=serializers.JSONField())
    created_at = serializers.DateTimeField()


class DatasetOutput(serializers.Serializer[Any]):
    """A data set with its versions, without its numbers."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    source = serializers.CharField()
    created_at = serializers.DateTimeField()
    versions = DatasetVersionOutput(many=True)

    def to_representation(self, instance: Any) -> Any:
        return shapes.dataset_shape(instance) if isinstance(instance, Dataset) else instance


class DatasetInput(serializers.Serializer[Any]):
    """A file and how to read it."""

    file = serializers.FileField()
    name = serializers.CharField(max_length=120)
    target = serializers.CharField(required=False, max_length=200, help_text="Column to forecast")
    time_column = serializers.CharField(required=False, max_length=200)
    sheet = serializers.CharField(required=False, max_length=200)
    timezone = serializers.CharField(required=False, max_length=64)


class WordsOutput(serializers.Serializer[Any]):
    en = serializers.CharField()
    ko = serializers.CharField()


class ModelKindOutput(serializers.Serializer[Any]):
    type = serializers.CharField()
    title = WordsOutput()
    neural = serializers.BooleanField()


class ModelKindsOutput(serializers.Serializer[Any]):
    forecasting = ModelKindOutput(many=True)
    anomaly = ModelKindOutput(many=True)


class ComputeQueueOutput(serializers.Serializer[Any]):
    waiting = serializers.IntegerField()
    oldest_since = serializers.DateTimeField(allow_null=True)


class ComputeHealthOutput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ok", "degraded"])
    queue = ComputeQueueOutput()
    jobs_last_day = serializers.DictField(child=serializers.IntegerField())
    as_of = serializers.DateTimeField()
