"""Jobs: start, watch, cancel, and what the compute worker does with one."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import redis
from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone
from pydantic import BaseModel, ValidationError

from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound, PortalError, TooLarge
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from timeseries.data.errors import ArtefactProblem, DataProblem, TrainingCancelled
from timeseries.data.payload import parse_payload
from timeseries.errors import as_portal_error
from timeseries.records import ACTIVE, Job
from timeseries.services import storage
from timeseries.signals import job_ended
from timeseries.specs import ImportFile

TASK = "timeseries.run_job"
QUEUE = "compute"
TRAINING = ("train_forecasting", "train_anomaly", "leaderboard", "import")
#: What needs the right to write: trainings, and series that were not there before.
WRITING = (*TRAINING, "generate")
DONE_KEPT_SECONDS = 600
MAX_UPLOAD = 64 * 1024**2


def done_key(job_id: UUID | str) -> str:
    """The Redis list that gets one item when the job ends."""
    return f"ts:done:{job_id}"


def start(
    actor: Actor,
    kind: str,
    spec: BaseModel,
    *,
    label: str = "",
    content: tuple[str, bytes] | None = None,
    deliver: bool = True,
) -> Job:
    """Create a job and send it to the compute queue when the transaction commits (unless the caller runs it).

    The same work asked for twice while it runs is the same job.
    """
    actor.require(Permission.DATA_WRITE if kind in WRITING else Permission.DATA_READ)
    params = spec.model_dump(mode="json", exclude={"data"})
    data = getattr(spec, "data", None)
    suffix, body = content or ("", b"")
    if data is not None:
        try:
            payload = parse_payload(data)
        except DataProblem as problem:
            raise as_portal_error(problem) from None
        rows: Any = payload.rows
        if payload.timestamps is not None:
            rows = [
                {"ds": stamp, **dict(zip(payload.columns, row, strict=True))}
                for stamp, row in zip(payload.timestamps, payload.rows, strict=True)
            ]
        suffix, body = ".json", json.dumps(rows).encode()
    fingerprint = ""
    if kind in TRAINING:
        text = json.dumps([kind, params], sort_keys=True).encode()
        fingerprint = hashlib.sha256(text + hashlib.sha256(body).digest()).hexdigest()
        running = Job.objects.for_workspace(actor.workspace).filter(fingerprint=fingerprint, state__in=ACTIVE).first()
        if running is not None:
            return running
    job = Job(
        workspace=actor.workspace,
        kind=kind,
        label=label[:160],
        params=params,
        fingerprint=fingerprint,
        requested_by=actor.user,
    )
    if body:
        job.input_path = storage.input_path(actor.workspace.pk, job.pk, suffix)
        storage.write_input(job.input_path, body)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            if kind in TRAINING:
                audit(actor, f"timeseries.{kind}", job)
            if deliver:
                transaction.on_commit(lambda: send(job.pk))
    except IntegrityError:
        storage.remove(job.input_path)
        found: Job = Job.objects.for_workspace(actor.workspace).get(fingerprint=fingerprint, state__in=ACTIVE)
        return found
    return job


def send(job_id: UUID) -> None:
    """Hand a job to the compute queue."""
    current_app.send_task(TASK, args=[str(job_id)], queue=QUEUE, ignore_result=True)


def job_of(actor: Actor, job_id: UUID) -> Job:
    """A job of the actor's workspace."""
    actor.require(Permission.DATA_READ)
    job: Job | None = Job.objects.for_workspace(actor.workspace).filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job in this workspace.")
    return job


def wait(job: Job, seconds: float) -> Job:
    """Wait for the end of a job without polling the database; returns it as it then stands."""
    # The socket must outlast the wait, or a slow job would look like a broken connection.
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=seconds + 5) as client:
        client.blpop([done_key(job.pk)], timeout=seconds)
    job.refresh_from_db()
    return job


def cancel(actor: Actor, job: Job) -> Job:
    """Ask a job to stop: a queued one never starts, a running one stops at its next step."""
    actor.require(Permission.DATA_WRITE)
    if not job.is_active:
        raise Conflict("This job has ended already.")
    Job.objects.filter(pk=job.pk, state__in=ACTIVE).update(is_cancel_requested=True)
    if Job.objects.filter(pk=job.pk, state="queued").update(state="cancelled", finished_at=timezone.now()):
        storage.remove(job.input_path)
        _tell(job.pk)
    audit(actor, "timeseries.job_cancelled", job)
    job.refresh_from_db()
    return job


def _tell(job_id: UUID) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        pipe = client.pipeline()
        pipe.rpush(done_key(job_id), "1")
        pipe.expire(done_key(job_id), DONE_KEPT_SECONDS)
        pipe.execute()


class RowProgress:
    """Writes the progress of a job into its row, at most twice a second, and reads its cancel flag as often."""

    def __init__(
        self,
        job_id: UUID,
        tell: Callable[[float, str], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.job_id = job_id
        self._tell_caller = tell
        self._caller_stopped = is_cancelled
        self.losses: list[list[float | None]] = []
        self._written = 0.0
        self._stopped = False

    def report(self, step: Any) -> None:
        """Take one step of the running fit."""
        if step.loss is not None:
            self.losses.append([step.loss, step.validation_loss])
        now = time.monotonic()
        if now - self._written < 0.5:
            return
        self._written = now
        share = min(step.done / step.total, 1.0) if step.total else 0.0
        Job.objects.filter(pk=self.job_id).update(progress=share, message=step.message[:300], losses=self.losses[-500:])
        if self._tell_caller is not None:
            self._tell_caller(share, step.message)
        self._stopped = Job.objects.filter(pk=self.job_id, is_cancel_requested=True).exists()

    def is_cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stopped or (self._caller_stopped is not None and self._caller_stopped())


def run(
    job_id: UUID,
    *,
    tell: Callable[[float, str], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> None:
    """Do a job: the compute worker's entrance. A job that was started before, or cancelled, is left alone."""
    from timeseries.models.base import Progress
    from timeseries.services.work import HANDLERS

    started = Job.objects.filter(pk=job_id, state="queued").update(state="running", started_at=timezone.now())
    # A redelivered message finds the job running: the worker that had it is gone, so the work starts again.
    if not started and not Job.objects.filter(pk=job_id, state="running").exists():
        return
    job = Job.objects.select_related("workspace", "requested_by").get(pk=job_id)
    rows = RowProgress(job.pk, tell, is_cancelled)
    try:
        if job.is_cancel_requested:
            raise TrainingCancelled
        result = HANDLERS[job.kind](job, Progress(rows.report, rows.is_cancelled))
    except TrainingCancelled:
        _end(job, rows, state="cancelled", message="Stopped on request.")
    except (DataProblem, ArtefactProblem, PortalError) as problem:
        error = problem if isinstance(problem, PortalError) else as_portal_error(problem)
        _end(job, rows, state="failed", message=error.message, error={**error.as_dict(), "status": error.status})
    except MemoryError:
        error = Invalid("The work needs more memory than a worker has.", remedy="Send fewer rows or columns.")
        _end(job, rows, state="failed", message=error.message, error={**error.as_dict(), "status": 422})
    except Exception as bug:
        _end(
            job,
            rows,
            state="failed",
            message="The work failed inside the service; the operator's log holds the details.",
            error={"code": "internal", "message": f"{type(bug).__name__} in {job.kind}", "status": 500},
        )
        raise
    else:
        _end(job, rows, state="succeeded", result=result, progress=1.0)


def _end(job: Job, rows: RowProgress, **fields: Any) -> None:
    fields["message"] = str(fields.get("message", ""))[:300]
    Job.objects.filter(pk=job.pk).update(**fields, losses=rows.losses[-500:], finished_at=timezone.now(), input_path="")
    storage.remove(job.input_path)
    _tell(job.pk)
    job.refresh_from_db()
    job_ended.send_robust(sender=Job, job=job)


def start_import(actor: Actor, fields: dict[str, str], filename: str, content: bytes) -> Job:
    """Take an uploaded file; reading it is a job."""
    if len(content) > MAX_UPLOAD:
        raise TooLarge(f"The file is larger than {MAX_UPLOAD // 1024**2} MiB.")
    name = fields.get("name") or filename.rsplit("/", 1)[-1].split(".", 1)[0] or "data"
    try:
        spec = ImportFile.model_validate({**fields, "name": name, "filename": filename})
    except ValidationError as error:
        problems = [FieldProblem(".".join(map(str, item["loc"])), str(item["msg"])) for item in error.errors()]
        raise Invalid("The fields beside the file do not fit.", problems=problems) from None
    return start(actor, "import", spec, label=name, content=(".bin", content))


def health(actor: Actor) -> dict[str, Any]:
    """State of the service: jobs by state today, and whether a compute worker took a message lately."""
    actor.require(Permission.DATA_READ)
    since = timezone.now() - timedelta(days=1)
    counts = Job.objects.for_workspace(actor.workspace).filter(created_at__gte=since).values("state")
    states = {row["state"]: row["count"] for row in counts.annotate(count=Count("pk")).order_by("state")}
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        waiting = int(client.llen(QUEUE))
    oldest = Job.objects.for_workspace(actor.workspace).filter(state="queued").order_by("id").first()
    stuck = oldest is not None and timezone.now() - oldest.created_at > timedelta(minutes=2)
    return {
        "status": "degraded" if stuck else "ok",
        "queue": {"waiting": waiting, "oldest_since": oldest.created_at if oldest else None},
        "jobs_last_day": states,
        "as_of": timezone.now(),
    }
