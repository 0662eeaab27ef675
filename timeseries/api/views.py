"""The REST routes of the time-series service. Short work answers at once; training answers 202 with a job."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.common.errors import FieldProblem, Invalid, NotFound, PortalError
from portal.workspaces.roles import Permission
from timeseries import selectors, specs
from timeseries.api.shapes import dataset_shape, job_shape, model_shape, version_shape
from timeseries.records import Job
from timeseries.services import datasets as dataset_services
from timeseries.services import jobs
from timeseries.services import models as model_services

S = TypeVar("S", bound=BaseModel)
WAIT_SECONDS = 25.0
READ, WRITE = Permission.DATA_READ, Permission.DATA_WRITE


def parse(spec: type[S], body: Any) -> S:
    """The typed request; `Invalid` names each wrong field."""
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    try:
        return spec.model_validate(body)
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


class SpecView(APIView):
    """POST a spec, start a job of `kind`, and wait for it unless it trains."""

    spec: ClassVar[type[BaseModel]]
    kind: ClassVar[str]
    waits: ClassVar[bool] = True
    permissions: ClassVar[dict[str, str]] = {"post": READ}

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


@extend_schema(request=specs.Generate, responses=OpenApiTypes.OBJECT, tags=["time series"])
class GenerateView(SpecView):
    """Generate a sample series with labelled anomalies."""

    spec, kind = specs.Generate, "generate"

    def check(self, request: Request, spec: Any) -> None:
        if spec.save_as:
            request.actor.require(WRITE)  # type: ignore[attr-defined]


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


@extend_schema(request=specs.TrainForecasting, responses={202: OpenApiTypes.OBJECT}, tags=["time series"])
class TrainForecastingView(TrainView):
    """Train a forecasting model."""

    spec, kind, task = specs.TrainForecasting, "train_forecasting", "forecasting"


@extend_schema(request=specs.TrainAnomaly, responses={202: OpenApiTypes.OBJECT}, tags=["time series"])
class TrainAnomalyView(TrainView):
    """Train an anomaly model."""

    spec, kind, task = specs.TrainAnomaly, "train_anomaly", "anomaly"


@extend_schema(request=specs.Predict, responses=OpenApiTypes.OBJECT, tags=["time series"])
class PredictView(SpecView):
    """Forecast with a trained model."""

    spec, kind = specs.Predict, "predict"

    def check(self, request: Request, spec: Any) -> None:
        model_services.find_model(request.actor, spec.model_name, "forecasting")  # type: ignore[attr-defined]


@extend_schema(request=specs.DetectAnomalies, responses=OpenApiTypes.OBJECT, tags=["time series"])
class DetectView(SpecView):
    """Find anomalies with a trained model."""

    spec, kind = specs.DetectAnomalies, "detect"

    def check(self, request: Request, spec: Any) -> None:
        model_services.find_model(request.actor, spec.model_name, "anomaly")  # type: ignore[attr-defined]


@extend_schema(request=specs.Coordinated, responses=OpenApiTypes.OBJECT, tags=["time series"])
class CoordinatedView(SpecView):
    """Forecast and detect on the same rows."""

    spec, kind = specs.Coordinated, "coordinated"


@extend_schema(request=specs.EnsembleForecast, responses=OpenApiTypes.OBJECT, tags=["time series"])
class EnsembleView(SpecView):
    """Forecast with several models and their combination."""

    spec, kind = specs.EnsembleForecast, "ensemble"


@extend_schema(request=specs.Leaderboard, responses={202: OpenApiTypes.OBJECT}, tags=["time series"])
class LeaderboardView(SpecView):
    """Back-test several models on the same rows."""

    spec, kind, waits = specs.Leaderboard, "leaderboard", False
    permissions: ClassVar[dict[str, str]] = {"post": WRITE}


@extend_schema(responses=OpenApiTypes.OBJECT, tags=["time series"])
class TypesView(APIView):
    """Kinds of models that can be trained."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}

    def get(self, request: Request) -> Response:
        return Response(selectors.model_kinds())


@extend_schema(responses=OpenApiTypes.OBJECT, tags=["time series"])
class ModelsView(APIView):
    """Trained models with their versions."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}

    def get(self, request: Request) -> Response:
        found = selectors.models_of(request.actor)[:200]  # type: ignore[attr-defined]
        return Response({"results": [model_shape(model) for model in found]})


class ModelView(APIView):
    """One trained model."""

    permissions: ClassVar[dict[str, str]] = {"get": READ, "delete": WRITE, "patch": WRITE}

    @extend_schema(responses=OpenApiTypes.OBJECT, tags=["time series"])
    def get(self, request: Request, name: str) -> Response:
        return Response(model_shape(selectors.model_of(request.actor, name)))  # type: ignore[attr-defined]

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT, tags=["time series"])
    def patch(self, request: Request, name: str) -> Response:
        """Move a version to another stage: `{"version": 2, "stage": "production"}`."""
        model = selectors.model_of(request.actor, name)  # type: ignore[attr-defined]
        body = request.data if isinstance(request.data, dict) else {}
        number = body.get("version")
        version = model.versions.filter(number=number).first() if isinstance(number, int) else None
        if version is None:
            raise NotFound(f"The model {name!r} has no version {number!r}.")
        stage = str(body.get("stage", ""))
        return Response(version_shape(model_services.set_stage(request.actor, version, stage)))  # type: ignore[attr-defined]

    @extend_schema(responses={204: None}, tags=["time series"])
    def delete(self, request: Request, name: str) -> Response:
        model = selectors.model_of(request.actor, name)  # type: ignore[attr-defined]
        model_services.delete_model(request.actor, model)  # type: ignore[attr-defined]
        return Response(status=204)


@extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY}, tags=["time series"])
class ModelDownloadView(APIView):
    """The files of the serving version as a ZIP."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}

    def get(self, request: Request, name: str) -> HttpResponse:
        version = model_services.find_model(request.actor, name)  # type: ignore[attr-defined]
        content = model_services.as_zip(version)
        response = HttpResponse(content, content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="model-{version.pk}.zip"'
        return response


@extend_schema(responses=OpenApiTypes.OBJECT, tags=["time series"])
class JobView(APIView):
    """A job: state, progress, result; DELETE asks it to stop."""

    permissions: ClassVar[dict[str, str]] = {"get": READ, "delete": WRITE}

    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(job_shape(jobs.job_of(request.actor, job_id)))  # type: ignore[attr-defined]

    def delete(self, request: Request, job_id: UUID) -> Response:
        job = jobs.job_of(request.actor, job_id)  # type: ignore[attr-defined]
        return Response(job_shape(jobs.cancel(request.actor, job)), status=202)  # type: ignore[attr-defined]


@extend_schema(responses=OpenApiTypes.OBJECT, tags=["time series"])
class JobsView(APIView):
    """The newest jobs."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}

    def get(self, request: Request) -> Response:
        found = selectors.jobs_of(request.actor)[:100]  # type: ignore[attr-defined]
        return Response({"results": [job_shape(job, with_result=False) for job in found]})


class DatasetsView(APIView):
    """Data sets; POST a file to make a version."""

    permissions: ClassVar[dict[str, str]] = {"get": READ, "post": WRITE}

    @extend_schema(responses=OpenApiTypes.OBJECT, tags=["time series"])
    def get(self, request: Request) -> Response:
        found = selectors.datasets_of(request.actor)[:200]  # type: ignore[attr-defined]
        return Response({"results": [dataset_shape(dataset) for dataset in found]})

    @extend_schema(
        request={
            "multipart/form-data": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
        },
        responses={202: OpenApiTypes.OBJECT},
        tags=["time series"],
    )
    def post(self, request: Request) -> Response:
        """Fields: `file`, `name`, and optionally `target`, `time_column`, `sheet`, `timezone`."""
        file = request.FILES.get("file")
        if file is None:
            raise Invalid("No file was sent.", problems=[FieldProblem("file", "Send the file as `file`.")])
        fields = {key: str(value) for key, value in request.data.items() if key != "file" and str(value)}
        job = jobs.start_import(request.actor, fields, str(file.name), file.read())  # type: ignore[attr-defined]
        return Response(job_shape(job), status=202)


class DatasetView(APIView):
    """One data set."""

    permissions: ClassVar[dict[str, str]] = {"get": READ, "delete": WRITE}

    @extend_schema(responses=OpenApiTypes.OBJECT, tags=["time series"])
    def get(self, request: Request, dataset_id: UUID) -> Response:
        return Response(dataset_shape(selectors.dataset_of(request.actor, dataset_id)))  # type: ignore[attr-defined]

    @extend_schema(responses={204: None}, tags=["time series"])
    def delete(self, request: Request, dataset_id: UUID) -> Response:
        dataset = selectors.dataset_of(request.actor, dataset_id)  # type: ignore[attr-defined]
        dataset_services.delete_dataset(request.actor, dataset)  # type: ignore[attr-defined]
        return Response(status=204)


@extend_schema(responses=OpenApiTypes.OBJECT, tags=["time series"])
class HealthView(APIView):
    """Whether compute workers take jobs, and what waits."""

    permissions: ClassVar[dict[str, str]] = {"get": READ}

    def get(self, request: Request) -> Response:
        return Response(jobs.health(request.actor))  # type: ignore[attr-defined]
