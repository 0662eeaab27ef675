"""The REST routes of the time-series service. Short work answers at once; training answers 202 with a job."""

from __future__ import annotations

import json
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from pydantic import BaseModel, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import body_of
from portal.common.errors import FieldProblem, Invalid, NotFound, PortalError
from portal.common.rest import ListView, RestView
from portal.workspaces.roles import Permission
from timeseries import selectors, specs
from timeseries.api import serializers as s
from timeseries.api.shapes import dataset_shape, job_shape, model_shape, version_shape
from timeseries.records import Dataset, Job, TrainedModel
from timeseries.services import datasets as dataset_services
from timeseries.services import jobs
from timeseries.services import models as model_services

T = TypeVar("T", bound=BaseModel)
WAIT_SECONDS = 25.0
READ, WRITE = Permission.DATA_READ, Permission.DATA_WRITE


def parse(spec: type[T], body: Any, *, strict: bool = True) -> T:
    """The typed request; `Invalid` names each wrong field. Forms send every value as text: they are not strict."""
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    try:
        # Strict: a text is no number, but a day written as text is a day.
        return spec.model_validate_json(json.dumps(body), strict=strict)
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(str(part) for part in item["loc"]) or "body", str(item["msg"]))
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Invalid("The request does not fit.", problems=problems) from None


def answer(job: Job) -> Response:
    """The result of a job that was waited for, its error as a problem, or 202 when it is still at work."""
    if job.state == "succeeded":
        return Response({"job_id": str(job.pk), **(job.result or {})})
    if job.state in ("failed", "cancelled"):
        error = job.error or {"code": "cancelled", "message": "The job was stopped.", "status": 409}
        problem = PortalError(
            str(error["message"]),
            code=str(error["code"]),
            problems=[FieldProblem(**item) for item in error.get("problems", [])],
            details=error.get("details"),
        )
        problem.status = int(error.get("status", 422))  # type: ignore[misc]
        raise problem
    return Response(job_shape(job), status=202)


class SpecView(RestView):
    """POST a spec, start a job of `kind`, and wait for it unless it trains."""

    spec: ClassVar[type[BaseModel]]
    kind: ClassVar[str]
    waits: ClassVar[bool] = True
    permissions: ClassVar[dict[str, str]] = {"post": READ}
    once: ClassVar[frozenset[str]] = frozenset({"post"})

    def post(self, request: Request) -> Response:
        spec = parse(self.spec, request.data)
        self.check(request, spec)
        label = getattr(spec, "model_name", "") or ""
        job = jobs.start(request.actor, self.kind, spec, label=label)  # type: ignore[attr-defined]
        if not self.waits:
            return Response(job_shape(job), status=202)
        return answer(jobs.wait(job, WAIT_SECONDS))

    def check(self, request: Request, spec: Any) -> None:
        """Refuse early what the worker would refuse later."""
        if getattr(spec, "dataset", None):
            dataset_services.find_version(request.actor, spec.dataset)  # type: ignore[attr-defined]


@extend_schema_view(
    post=extend_schema(
        operation_id="data_generate", request=specs.Generate, responses={200: s.AnswerOutput, 202: s.JobOutput}
    )
)
class GenerateView(SpecView):
    """Generate a sample series with labelled anomalies."""

    permissions: ClassVar[dict[str, str]] = {"post": WRITE}
    spec, kind = specs.Generate, "generate"


class TrainView(SpecView):
    """Start a training; 202 with the job."""

    waits = False
    permissions: ClassVar[dict[str, str]] = {"post": WRITE}
    task: ClassVar[str]

    def check(self, request: Request, spec: Any) -> None:
        super().check(request, spec)
        model_services.require_free_name(
            request.actor,
            spec.model_name,
            self.task,
            overwrite=spec.overwrite,  # type: ignore[attr-defined]
        )


@extend_schema_view(
    post=extend_schema(
        operation_id="models_train_forecasting", request=specs.TrainForecasting, responses={202: s.JobOutput}
    )
)
class TrainForecastingView(TrainView):
    """Train a forecasting model."""

    spec, kind, task = specs.TrainForecasting, "train_forecasting", "forecasting"


@extend_schema_view(
    post=extend_schema(operation_id="models_train_anomaly", request=specs.TrainAnomaly, responses={202: s.JobOutput})
)
class TrainAnomalyView(TrainView):
    """Train an anomaly model."""

    spec, kind, task = specs.TrainAnomaly, "train_anomaly", "anomaly"


@extend_schema_view(
    post=extend_schema(operation_id="predict", request=specs.Predict, responses={200: s.AnswerOutput, 202: s.JobOutput})
)
class PredictView(SpecView):
    """Forecast with a trained model."""

    spec, kind = specs.Predict, "predict"

    def check(self, request: Request, spec: Any) -> None:
        model_services.find_model(request.actor, spec.model_name, "forecasting")  # type: ignore[attr-defined]


@extend_schema_view(
    post=extend_schema(
        operation_id="detect_anomalies",
        request=specs.DetectAnomalies,
        responses={200: s.AnswerOutput, 202: s.JobOutput},
    )
)
class DetectView(SpecView):
    """Find anomalies with a trained model."""

    spec, kind = specs.DetectAnomalies, "detect"

    def check(self, request: Request, spec: Any) -> None:
        model_services.find_model(request.actor, spec.model_name, "anomaly")  # type: ignore[attr-defined]


@extend_schema_view(
    post=extend_schema(
        operation_id="analysis_coordinated",
        request=specs.Coordinated,
        responses={200: s.AnswerOutput, 202: s.JobOutput},
    )
)
class CoordinatedView(SpecView):
    """Forecast and detect on the same rows."""

    spec, kind = specs.Coordinated, "coordinated"


@extend_schema_view(
    post=extend_schema(
        operation_id="ensemble", request=specs.EnsembleForecast, responses={200: s.AnswerOutput, 202: s.JobOutput}
    )
)
class EnsembleView(SpecView):
    """Forecast with several models and their combination."""

    spec, kind = specs.EnsembleForecast, "ensemble"


@extend_schema_view(
    post=extend_schema(operation_id="leaderboard", request=specs.Leaderboard, responses={202: s.JobOutput})
)
class LeaderboardView(SpecView):
    """Back-test several models on the same rows."""

    spec, kind, waits = specs.Leaderboard, "leaderboard", False
    permissions: ClassVar[dict[str, str]] = {"post": WRITE}


@extend_schema_view(get=extend_schema(operation_id="models_types", responses=s.ModelKindsOutput))
class TypesView(RestView):
    """Kinds of models that can be trained."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}

    def get(self, request: Request) -> Response:
        return Response(selectors.model_kinds())


@extend_schema_view(get=extend_schema(operation_id="models_list"))
class ModelsView(ListView[TrainedModel]):
    """Trained models with their versions."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}
    serializer_class = s.ModelOutput
    orderings = {"created_at": "id", "model_name": "name"}

    def rows(self) -> Any:
        return selectors.models_of(self.request.actor)  # type: ignore[attr-defined]


class ModelView(RestView):
    """One trained model."""

    permissions: ClassVar[dict[str, str]] = {"get": READ, "delete": WRITE, "patch": WRITE}

    @extend_schema(operation_id="models_read", responses=s.ModelOutput)
    def get(self, request: Request, name: str) -> Response:
        """One trained model."""
        return Response(model_shape(selectors.model_of(request.actor, name)))  # type: ignore[attr-defined]

    @extend_schema(operation_id="models_stage", request=s.StageInput, responses=s.ModelVersionOutput)
    def patch(self, request: Request, name: str) -> Response:
        """Move a version to another stage."""
        model = selectors.model_of(request.actor, name)  # type: ignore[attr-defined]
        asked = body_of(request, s.StageInput)
        version = model.versions.filter(number=asked["version"]).first()
        if version is None:
            raise NotFound("This model has no such version.")
        return Response(version_shape(model_services.set_stage(request.actor, version, asked["stage"])))  # type: ignore[attr-defined]

    @extend_schema(operation_id="models_delete", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Delete a model with its versions."""
        model = selectors.model_of(request.actor, name)  # type: ignore[attr-defined]
        model_services.delete_model(request.actor, model)  # type: ignore[attr-defined]
        return Response(status=204)


@extend_schema_view(
    get=extend_schema(operation_id="models_download", responses={(200, "application/zip"): OpenApiTypes.BINARY})
)
class ModelDownloadView(RestView):
    """The files of the serving version as a ZIP."""

    sends_files = True

    permissions: ClassVar[dict[str, str]] = {"get": READ}

    def get(self, request: Request, name: str) -> HttpResponse:
        version = model_services.find_model(request.actor, name)  # type: ignore[attr-defined]
        content = model_services.as_zip(version)
        response = HttpResponse(content, content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="model-{version.pk}.zip"'
        return response


class JobView(RestView):
    """A job: state, progress, result; DELETE asks it to stop."""

    permissions: ClassVar[dict[str, str]] = {"get": READ, "delete": WRITE}

    @extend_schema(operation_id="timeseries_jobs_read", responses=s.JobOutput)
    def get(self, request: Request, job_id: UUID) -> Response:
        """A job with its result or error."""
        return Response(job_shape(jobs.job_of(request.actor, job_id)))  # type: ignore[attr-defined]

    @extend_schema(operation_id="timeseries_jobs_cancel", responses={202: s.JobOutput})
    def delete(self, request: Request, job_id: UUID) -> Response:
        """Ask a job to stop."""
        job = jobs.job_of(request.actor, job_id)  # type: ignore[attr-defined]
        return Response(job_shape(jobs.cancel(request.actor, job)), status=202)  # type: ignore[attr-defined]


@extend_schema_view(get=extend_schema(operation_id="timeseries_jobs_list"))
class JobsView(ListView[Job]):
    """Jobs, newest first, without their results."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}
    serializer_class = s.JobRow

    def rows(self) -> Any:
        return selectors.jobs_of(self.request.actor)  # type: ignore[attr-defined]


class DatasetsView(ListView[Dataset]):
    """Data sets; POST a file to make a version."""

    permissions: ClassVar[dict[str, str]] = {"get": READ, "post": WRITE}
    serializer_class = s.DatasetOutput
    orderings = {"created_at": "id", "name": "name"}
    parser_classes = (MultiPartParser,)

    def rows(self) -> Any:
        return selectors.datasets_of(self.request.actor)  # type: ignore[attr-defined]

    @extend_schema(operation_id="datasets_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Data sets with their versions."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="datasets_upload", request={"multipart/form-data": s.DatasetInput}, responses={202: s.JobOutput}
    )
    def post(self, request: Request) -> Response:
        """Read a file into a data set; 202 with the job that reads it."""
        file = request.FILES.get("file")
        if file is None:
            raise Invalid("No file was sent.", problems=[FieldProblem("file", "Send the file as `file`.")])
        fields = {key: str(value) for key, value in request.data.items() if key != "file" and str(value)}
        job = jobs.start_import(request.actor, fields, str(file.name), file.read())  # type: ignore[attr-defined]
        return Response(job_shape(job), status=202)


class DatasetView(RestView):
    """One data set."""

    permissions: ClassVar[dict[str, str]] = {"get": READ, "delete": WRITE}

    @extend_schema(operation_id="datasets_read", responses=s.DatasetOutput)
    def get(self, request: Request, dataset_id: UUID) -> Response:
        """One data set with its versions."""
        return Response(dataset_shape(selectors.dataset_of(request.actor, dataset_id)))  # type: ignore[attr-defined]

    @extend_schema(operation_id="datasets_delete", responses={204: None})
    def delete(self, request: Request, dataset_id: UUID) -> Response:
        """Delete a data set with its versions."""
        dataset = selectors.dataset_of(request.actor, dataset_id)  # type: ignore[attr-defined]
        dataset_services.delete_dataset(request.actor, dataset)  # type: ignore[attr-defined]
        return Response(status=204)


@extend_schema_view(get=extend_schema(operation_id="timeseries_health", responses=s.ComputeHealthOutput))
class HealthView(RestView):
    """Whether compute workers take jobs, and what waits."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}

    def get(self, request: Request) -> Response:
        return Response(jobs.health(request.actor))  # type: ignore[attr-defined]
