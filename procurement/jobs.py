"""Crawl jobs: starting, steering and telling their story. The work itself is in `procurement.worker`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from portal.common.errors import NotFound
from portal.common.hub import sync_client
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from procurement.crawler import CrawlSpec, Estimate, WindowState, estimate, plan_windows
from procurement.crawler.files import safe_name
from procurement.crawler.plan import PRODUCTS
from procurement.crawler.writers import SUFFIX, Format
from procurement.errors import WrongState
from procurement.models import CrawlEvent, CrawlJob

#: A running job whose worker was silent for so long is taken over by another one.
LEASE = timedelta(seconds=120)
Status = CrawlJob.Status


def events_channel(job_id: UUID) -> str:
    return f"crawl:{job_id}:events"


def control_channel(job_id: UUID) -> str:
    return f"crawl:{job_id}:control"


def spec_of(job: CrawlJob) -> CrawlSpec:
    """What the job is to fetch."""
    options = job.options
    return CrawlSpec(
        start=job.start,
        end=job.end,
        operation=PRODUCTS,
        params={"inqryDiv": "1", "dtilPrdctClsfcNoNm": job.category},
        exact={"dtilPrdctClsfcNoNm": job.category},
        window_days=options.get("window_days", 30),
        page_size=options.get("page_size", 999),
        attributes=options.get("attributes", "none"),
    )


def states_of(job: CrawlJob) -> list[WindowState]:
    return [WindowState.from_dict(data) for data in job.windows]


def plan(
    category: str,
    *,
    total_days: int = 365,
    window_days: int = 30,
    anchor: date | None = None,
    attributes: str = "none",
) -> CrawlSpec:
    """The spec a job of these values would have; `BadRequest` names what is wrong."""
    return CrawlSpec.of_category(
        category,
        total_days=total_days,
        window_days=window_days,
        anchor=anchor,
        attributes=attributes,  # type: ignore[arg-type]
    )


def cost_of(spec: CrawlSpec, *, rows_per_day: float | None, page_left: int, attribute_left: int) -> Estimate:
    """Calls the spec will cost, against what is left today."""
    return estimate(
        spec,
        plan_windows(spec),
        rows_per_day=rows_per_day,
        page_calls_left=page_left,
        attribute_calls_left=attribute_left,
    )


@transaction.atomic
def create_job(
    actor: Actor,
    category: str,
    *,
    format: Format = "csv",
    filename: str = "",
    total_days: int = 365,
    window_days: int = 30,
    anchor: date | None = None,
    attributes: str = "none",
    **limits: Any,
) -> CrawlJob:
    """Plan a crawl and queue it.

    `limits`: max_windows, max_seconds, append, fail_on_new_columns, sanitise, keep_pages.
    """
    actor.require(Permission.DATA_WRITE)
    spec = plan(category, total_days=total_days, window_days=window_days, anchor=anchor, attributes=attributes)
    windows = plan_windows(spec)
    job = CrawlJob.objects.create(
        workspace=actor.workspace,
        category=category,
        filename=safe_name(filename or f"{category}_{spec.start:%Y%m%d}-{spec.end:%Y%m%d}", SUFFIX[format]),
        format=format,
        start=spec.start,
        end=spec.end,
        options={"window_days": window_days, "attributes": attributes, **limits},
        windows=[state.as_dict() for state in windows],
        windows_total=len(windows),
        created_by=actor.user,
    )
    audit(actor, "crawl.created", job, after={"category": category, "days": spec.days})
    _queue(job, "queued")
    return job


@transaction.atomic
def pause_job(actor: Actor, job: CrawlJob) -> CrawlJob:
    """Stop after the page in hand, keeping the place."""
    return _stop(actor, job, Status.PAUSED, "crawl.paused")


@transaction.atomic
def cancel_job(actor: Actor, job: CrawlJob) -> CrawlJob:
    """Stop for good; what was fetched is dropped by the worker."""
    return _stop(actor, job, Status.CANCELLED, "crawl.cancelled")


def _stop(actor: Actor, job: CrawlJob, status: str, verb: str) -> CrawlJob:
    actor.require(Permission.DATA_WRITE)
    job = _locked(job)
    allowed = [Status.QUEUED, Status.RUNNING] + (
        [Status.PAUSED, Status.WAITING] if status == Status.CANCELLED else [Status.WAITING]
    )
    if job.status not in allowed:
        raise WrongState(f"A crawl that is {job.status} cannot be {status}.", remedy="Reload the page.")
    job.status, job.claim, job.resume_at = status, "", None
    if status == Status.CANCELLED:
        job.finished_at = timezone.now()
    job.save(update_fields=["status", "claim", "resume_at", "finished_at"])
    audit(actor, verb, job)
    tell(job, status, "")
    transaction.on_commit(lambda: sync_client().publish(control_channel(job.pk), status))
    return job


@transaction.atomic
def resume_job(actor: Actor, job: CrawlJob) -> CrawlJob:
    """Go on with what is missing: paused, waiting, failed and incomplete jobs."""
    actor.require(Permission.DATA_WRITE)
    job = _locked(job)
    is_partial = job.status == Status.SUCCEEDED and any(state.is_open for state in states_of(job))
    if job.status not in (Status.PAUSED, Status.WAITING, Status.FAILED) and not is_partial:
        raise WrongState(f"A crawl that is {job.status} has nothing to resume.", remedy="Start a new one.")
    # The limits of one call were meant for that call.
    job.options = {name: value for name, value in job.options.items() if name not in ("max_windows", "max_seconds")}
    job.save(update_fields=["options"])
    audit(actor, "crawl.resumed", job)
    _queue(job, "resumed")
    return job


def _locked(job: CrawlJob) -> CrawlJob:
    found: CrawlJob = CrawlJob.objects.select_for_update().get(pk=job.pk)
    return found


def _queue(job: CrawlJob, kind: str) -> None:
    job.status, job.claim, job.resume_at, job.finished_at, job.message = Status.QUEUED, "", None, None, ""
    job.save(update_fields=["status", "claim", "resume_at", "finished_at", "message"])
    tell(job, kind, "")
    transaction.on_commit(lambda: send(job.pk))


def send(job_id: UUID) -> None:
    """Hand the job to a worker."""
    from procurement.tasks import run_crawl

    run_crawl.delay(str(job_id))


def tell(job: CrawlJob, kind: str, message: str, **data: Any) -> None:
    """Add one line to the job's story and wake its readers. Call it inside a transaction holding the job's row."""
    with transaction.atomic():
        CrawlJob.objects.select_for_update().only("pk").get(pk=job.pk)
        last = CrawlEvent.objects.filter(job=job).aggregate(last=Max("seq"))["last"] or 0
        event = CrawlEvent.objects.create(job=job, seq=last + 1, kind=kind, message=message[:500], data=data)
    body = orjson.dumps({"seq": event.seq, "kind": kind})
    transaction.on_commit(lambda: sync_client().publish(events_channel(job.pk), body))


def job_of(workspace: Any, job_id: UUID) -> CrawlJob:
    """A job of this workspace; `NotFound` otherwise."""
    found: CrawlJob | None = CrawlJob.objects.for_workspace(workspace).filter(pk=job_id).first()
    if found is None:
        raise NotFound("There is no such crawl in this workspace.")
    return found


def snapshot(job: CrawlJob) -> dict[str, Any]:
    """The state of a job, as the API and the live page show it."""
    return {
        "id": str(job.pk),
        "category": job.category,
        "filename": job.filename,
        "format": job.format,
        "start": job.start.isoformat(),
        "end": job.end.isoformat(),
        "status": job.status,
        "step": job.step,
        "windows_done": job.windows_done,
        "windows_total": job.windows_total,
        "percent": job.percent,
        "rows": job.rows,
        "pages": job.pages,
        "calls": job.calls,
        "message": job.message,
        "resume_at": job.resume_at.isoformat() if job.resume_at else None,
        "file": job.file,
        "report": job.report,
    }


def due_jobs() -> list[UUID]:
    """Jobs to hand out again: waiting ones whose time has come, and those whose worker fell silent."""
    now = timezone.now()
    stale = Q(status=Status.RUNNING, heartbeat_at__lt=now - LEASE)
    silent = Q(heartbeat_at__isnull=True, created_at__lt=now - LEASE) | Q(heartbeat_at__lt=now - LEASE)
    lost = Q(status=Status.QUEUED) & silent
    waiting = Q(status=Status.WAITING, resume_at__lte=now)
    return list(CrawlJob.objects.filter(stale | lost | waiting).values_list("pk", flat=True))
