"""Pages: dashboard, data set, model, job. Forms become the same specs that REST takes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from timeseries import figures, selectors, specs
from timeseries.api.views import parse
from timeseries.records import STAGES, Job
from timeseries.services import datasets as dataset_services
from timeseries.services import jobs
from timeseries.services import models as model_services
from timeseries.services.storage import QUOTA_BYTES

SPECS: dict[str, Any] = {
    "train_forecasting": specs.TrainForecasting,
    "train_anomaly": specs.TrainAnomaly,
    "predict": specs.Predict,
    "detect": specs.DetectAnomalies,
    "coordinated": specs.Coordinated,
    "ensemble": specs.EnsembleForecast,
    "leaderboard": specs.Leaderboard,
    "generate": specs.Generate,
}
LISTS = ("models", "members")
BOOLEANS = ("trend", "seasonality", "overwrite")


def words() -> dict[str, str]:
    """Words on charts, in the reader's language."""
    return {
        "history": _("History"),
        "forecast": _("Forecast"),
        "interval": _("Interval"),
        "observed": _("Observed"),
        "event": _("Event"),
        "score": _("Score"),
        "loss": _("Training loss"),
        "validation": _("Validation loss"),
        "epoch": _("Epoch"),
    }


@require_GET
@workspace_page(Permission.DATA_READ)
def dashboard(request: HttpRequest, actor: Actor) -> HttpResponse:
    page = {
        "datasets": list(selectors.datasets_of(actor)[:20]),
        "models": list(selectors.models_of(actor)[:20]),
        "jobs": list(selectors.jobs_of(actor)[:12]),
        "health": jobs.health(actor),
        "used": model_services.bytes_used(actor),
        "quota": QUOTA_BYTES,
    }
    return render(request, "timeseries/dashboard.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def dataset_detail(request: HttpRequest, actor: Actor, dataset_id: UUID) -> HttpResponse:
    dataset = selectors.dataset_of(actor, dataset_id)
    versions = list(dataset.versions.all())
    wanted = request.GET.get("version", "")
    version = next((item for item in versions if str(item.number) == wanted), versions[0])
    page = {
        "dataset": dataset,
        "versions": versions,
        "version": version,
        "report": version.report,
        "figure": figures.dataset_figure(version.preview, version.labels),
        "kinds": selectors.model_kinds(),
    }
    return render(request, "timeseries/dataset.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def model_detail(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    model = selectors.model_of(actor, name)
    versions = list(model.versions.all())
    serving = model_services.find_model(actor, name)
    history = serving.history.get("loss") or []
    validation = serving.history.get("validation_loss") or []
    pairs = [[loss, validation[index] if index < len(validation) else None] for index, loss in enumerate(history)]
    page = {
        "model": model,
        "versions": versions,
        "serving": serving,
        "stages": STAGES,
        "figure": figures.loss_figure(pairs, words()) if pairs else None,
    }
    return render(request, "timeseries/model.html", page)


def job_page(job: Job) -> dict[str, Any]:
    """What the job page and its fragment show."""
    result = job.result or {}
    forecast = result if "predictions" in result else result.get("forecast")
    anomalies = result if "scores" in result else result.get("anomalies")
    if not isinstance(anomalies, dict):
        anomalies = None
    return {
        "job": job,
        "percent": round(job.progress * 100),
        "result": result,
        "forecast": forecast,
        "anomalies": anomalies,
        "board": result.get("rows") if job.kind == "leaderboard" else None,
        "forecast_figure": figures.forecast_figure(forecast, words()) if forecast else None,
        "anomaly_figure": figures.anomaly_figure(anomalies, words()) if anomalies else None,
        "loss_figure": figures.loss_figure(job.losses, words()) if job.losses else None,
    }


@require_GET
@workspace_page(Permission.DATA_READ)
def job_detail(request: HttpRequest, actor: Actor, job_id: UUID) -> HttpResponse:
    return render(request, "timeseries/job.html", job_page(jobs.job_of(actor, job_id)))


@require_GET
@workspace_page(Permission.DATA_READ)
def job_progress(request: HttpRequest, actor: Actor, job_id: UUID) -> HttpResponse:
    job = jobs.job_of(actor, job_id)
    response = render(request, "timeseries/_progress.html", job_page(job))
    if not job.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@workspace_page(Permission.DATA_READ)
def job_start(request: HttpRequest, actor: Actor, kind: str) -> HttpResponse:
    body: dict[str, Any] = {}
    for key in request.POST:
        if key == "csrfmiddlewaretoken":
            continue
        if key in LISTS:
            body[key] = request.POST.getlist(key)
        elif key in BOOLEANS:
            body[key] = request.POST[key] == "on"
        elif request.POST[key] != "":
            body[key] = request.POST[key]
    try:
        spec = parse(SPECS[kind], body, strict=False)
        if kind in ("train_forecasting", "train_anomaly"):
            task = "forecasting" if kind == "train_forecasting" else "anomaly"
            model_services.require_free_name(actor, spec.model_name, task, overwrite=spec.overwrite)
        label = getattr(spec, "model_name", "") or getattr(spec, "dataset", "") or getattr(spec, "save_as", "") or ""
        job = jobs.start(actor, kind, spec, label=label)
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect(request.headers.get("Referer") or "timeseries:dashboard")
    return redirect("timeseries:job-detail", job.pk)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def dataset_upload(request: HttpRequest, actor: Actor) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose a file first."))
        return redirect("timeseries:dashboard")
    fields = {key: str(value) for key, value in request.POST.items() if key != "csrfmiddlewaretoken" and value}
    try:
        job = jobs.start_import(actor, fields, str(file.name), file.read())
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect("timeseries:dashboard")
    return redirect("timeseries:job-detail", job.pk)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def dataset_delete(request: HttpRequest, actor: Actor, dataset_id: UUID) -> HttpResponse:
    dataset_services.delete_dataset(actor, selectors.dataset_of(actor, dataset_id))
    messages.success(request, _("The data set was deleted."))
    return redirect("timeseries:dashboard")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def model_stage(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    model = selectors.model_of(actor, name)
    number = request.POST.get("version", "")
    version = next((item for item in model.versions.all() if str(item.number) == number), None)
    if version is not None:
        model_services.set_stage(actor, version, request.POST.get("stage", ""))
    return redirect("timeseries:model-detail", name)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def model_delete(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    model_services.delete_model(actor, selectors.model_of(actor, name))
    messages.success(request, _("The model was deleted."))
    return redirect("timeseries:dashboard")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def job_cancel(request: HttpRequest, actor: Actor, job_id: UUID) -> HttpResponse:
    jobs.cancel(actor, jobs.job_of(actor, job_id))
    return redirect("timeseries:job-detail", job_id)
