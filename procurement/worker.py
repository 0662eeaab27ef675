"""Doing a crawl job: claim it, fetch, write the file, keep the products. Safe to call twice, and after a crash."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.sdk import ConnectorError, FileRef
from portal.common.hub import hub
from portal.common.ids import random_token
from procurement import jobs, storage
from procurement.collection import store_products
from procurement.crawl_tool import crawls_folder, report
from procurement.crawler import Crawl, CrawlSpec, Outcome, Spool, WindowState, export
from procurement.crawler.merge import merged_rows
from procurement.crawler.writers import CONTENT_TYPE
from procurement.g2b.calendar import next_seoul_midnight
from procurement.g2b.shop_rows import Product
from procurement.models import CrawlJob, ProductAttributes
from procurement.signals import crawl_ended
from procurement.upstream import Access, blocking, open_access

Status = CrawlJob.Status
#: The hour at which the portal counts anew is not documented: a little after midnight is safe.
AFTER_MIDNIGHT = timedelta(minutes=10)


def spool_of(job: CrawlJob) -> Spool:
    """Where the job's pages are kept."""
    return Spool(crawls_folder() / "jobs" / str(job.pk))


@transaction.atomic
def claim(job_id: UUID) -> CrawlJob | None:
    """Take the job for this worker; None when it is not to be done, or another one is at it."""
    stale = Q(status=Status.RUNNING, heartbeat_at__lt=timezone.now() - jobs.LEASE)
    free = Q(status__in=[Status.QUEUED, Status.WAITING]) | stale
    job: CrawlJob | None = CrawlJob.objects.select_for_update(skip_locked=True).filter(free, pk=job_id).first()
    if job is None:
        return None
    job.status, job.claim, job.step = Status.RUNNING, random_token(12), "fetching"
    job.heartbeat_at = timezone.now()
    job.started_at = job.started_at or job.heartbeat_at
    job.save(update_fields=["status", "claim", "step", "heartbeat_at", "started_at"])
    jobs.tell(job, "started", "")
    return job


def run_job(job_id: UUID) -> None:
    """Fetch what is missing of a job and write its file."""
    job = claim(job_id)
    if job is None:
        cleared = CrawlJob.objects.filter(pk=job_id, status=Status.CANCELLED).first()
        if cleared is not None:
            spool_of(cleared).clear()
        return
    try:
        outcome, access_mode = blocking(_fetch)(job)
    except ConnectorError as error:
        _end(job, Status.FAILED, error.explain())
        return
    except Exception:
        _end(job, Status.FAILED, "The crawl stopped because of a mistake in the server; resume it to go on.")
        raise
    if not _is_mine(job):
        # Paused, cancelled or taken over: whoever did that has said so already.
        job.refresh_from_db()
        if job.status == Status.CANCELLED:
            spool_of(job).clear()
        return
    if outcome.stopped == "quota":
        _wait(job, outcome)
    elif outcome.stopped == "error" and outcome.error is not None:
        _end(job, Status.FAILED, outcome.error.explain(), outcome)
    else:
        _write(job, outcome, is_sample=access_mode == "sandbox")


async def _fetch(job: CrawlJob) -> tuple[Outcome, str]:
    spec, states = jobs.spec_of(job), jobs.states_of(job)
    async with open_access(job.workspace_id, job.created_by_id) as access:
        observer = _Observer(job, access)
        options = job.options
        run = Crawl(
            access.client,
            spec,
            spool_of(job),
            states,
            observer=observer,
            should_stop=lambda: observer.stop,
            max_windows=options.get("max_windows"),
            max_seconds=options.get("max_seconds"),
            known_attributes=_known_attributes(access),
        )
        async with hub().listening(jobs.control_channel(job.pk), observer.on_control):
            beat = asyncio.create_task(observer.keep_alive())
            try:
                outcome = await run.run()
            finally:
                beat.cancel()
                await asyncio.gather(beat, return_exceptions=True)
        await observer.saved(run.states, "")
        return outcome, access.mode


def _known_attributes(access: Access) -> Any:
    """Attributes other crawls have fetched already: products are asked once, not once per crawl."""

    def read(product_ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
        found = ProductAttributes.objects.filter(product_id__in=product_ids, is_sample=access.is_sample)
        return dict(found.values_list("product_id", "attributes"))

    async def known(product_ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
        return await sync_to_async(read)(product_ids)

    return known


class _Observer:
    """Keeps the cursor in the database and hears when the job is to stop."""

    def __init__(self, job: CrawlJob, access: Access) -> None:
        self.job, self.access, self.stop = job, access, ""
        self._told = 0.0

    def on_control(self, data: bytes) -> None:
        self.stop = data.decode()

    async def saved(self, states: Sequence[WindowState], message: str) -> None:
        if not await sync_to_async(self._save)(list(states), message):
            self.stop = self.stop or "lost"

    async def attributes_done(self, done: int, total: int) -> None:
        now = asyncio.get_running_loop().time()
        if done < total and now - self._told < 1.0:
            return
        self._told = now
        await sync_to_async(self._tell_attributes)(done, total)

    async def keep_alive(self) -> None:
        while True:
            await asyncio.sleep(jobs.LEASE.total_seconds() / 4)
            if not await sync_to_async(self._touch)():
                self.stop = self.stop or "lost"

    def _mine(self) -> Any:
        return CrawlJob.objects.filter(pk=self.job.pk, claim=self.job.claim)

    def _touch(self) -> bool:
        return bool(self._mine().update(heartbeat_at=timezone.now()))

    @transaction.atomic
    def _save(self, states: list[WindowState], message: str) -> bool:
        done = sum(1 for state in states if not state.is_open)
        rows, pages = sum(state.rows for state in states), sum(state.pages for state in states)
        updated = self._mine().update(
            windows=[state.as_dict() for state in states],
            windows_done=done,
            windows_total=len(states),
            rows=rows,
            pages=pages,
            calls=self.job.calls + self.access.client.calls,
            heartbeat_at=timezone.now(),
        )
        if updated:
            jobs.tell(
                self.job,
                "progress",
                message,
                done=done,
                total=len(states),
                rows=rows,
                pages=pages,
                calls=self.access.client.calls,
            )
        return bool(updated)

    @transaction.atomic
    def _tell_attributes(self, done: int, total: int) -> None:
        if self._mine().update(step="attributes", heartbeat_at=timezone.now()):
            jobs.tell(self.job, "attributes", "", done=done, total=total)


def _is_mine(job: CrawlJob) -> bool:
    return CrawlJob.objects.filter(pk=job.pk, claim=job.claim, status=Status.RUNNING).exists()


def _wait(job: CrawlJob, outcome: Outcome) -> None:
    resume_at = next_seoul_midnight() + AFTER_MIDNIGHT
    message = outcome.error.message if outcome.error else "The daily number of calls is used up."
    with transaction.atomic():
        changed = CrawlJob.objects.filter(pk=job.pk, claim=job.claim).update(
            status=Status.WAITING, resume_at=resume_at, message=message[:500], claim="", calls=job.calls + outcome.calls
        )
        if changed:
            jobs.tell(job, "waiting", message, resume_at=resume_at.isoformat())


def _write(job: CrawlJob, outcome: Outcome, *, is_sample: bool) -> None:
    """The file out of the spool, the products into the table, and the end of the job."""
    spec, spool = jobs.spec_of(job), spool_of(job)
    CrawlJob.objects.filter(pk=job.pk, claim=job.claim).update(step="writing", heartbeat_at=timezone.now())
    jobs.tell(job, "writing", "")
    options, states = job.options, outcome.states
    try:
        with tempfile.TemporaryDirectory(prefix="crawl-") as scratch:
            target = Path(scratch) / job.filename
            if options.get("append"):
                _fetch_previous(job, target)
            count = export(
                spec,
                states,
                spool,
                target,
                job.format,
                sanitise=options.get("sanitise", True),
                append=bool(options.get("append")),
                fail_on_new_columns=options.get("fail_on_new_columns", True),
            )
            file = storage.put_file(job.workspace_id, job.filename, target, CONTENT_TYPE[job.format])
    except ConnectorError as error:
        _end(job, Status.FAILED, error.explain(), outcome)
        return
    _keep(job, spec, states, spool, is_sample=is_sample)
    lacking = [state for state in outcome.open_windows if state.status in ("failed", "incomplete")]
    status = Status.FAILED if lacking or outcome.failed_products else Status.SUCCEEDED
    message = ""
    if lacking:
        message = f"{len(lacking)} of {len(states)} windows are missing; resume to try them again."
    elif outcome.failed_products:
        message = f"The attributes of {len(outcome.failed_products)} products are missing; resume to try them again."
    elif outcome.remaining_days:
        message = f"{outcome.remaining_days} days remain; resume to go on."
    if outcome.is_complete and not options.get("keep_pages"):
        spool.clear()
    _end(job, status, message, outcome, file=file, count=count)


def _fetch_previous(job: CrawlJob, target: Path) -> None:
    """The newest file of the same name, to be appended to."""
    before = (
        CrawlJob.objects.for_workspace(job.workspace_id)
        .filter(filename=job.filename, file__isnull=False)
        .exclude(pk=job.pk)
        .order_by("-finished_at")
        .first()
    )
    if before is not None:
        with (
            storage.open_file(job.workspace_id, FileRef.model_validate(before.file)) as source,
            target.open("wb") as out,
        ):
            shutil.copyfileobj(source, out)


def _keep(job: CrawlJob, spec: CrawlSpec, states: list[WindowState], spool: Spool, *, is_sample: bool) -> None:
    now = timezone.now()
    store_products(
        job.workspace_id, map(Product.read, merged_rows(spec, states, spool)), is_sample=is_sample, as_of=now
    )
    if spec.attributes != "none":
        ids = {row.get("prdctIdntNo", "") for row in merged_rows(spec, states, spool)}
        ProductAttributes.objects.bulk_create(
            [
                ProductAttributes(product_id=one, is_sample=is_sample, attributes=spool.attributes(one), as_of=now)
                for one in sorted(ids)
                if one and spool.has_attributes(one)
            ],
            batch_size=500,
            update_conflicts=True,
            update_fields=["attributes", "as_of"],
            unique_fields=["product_id", "is_sample"],
        )


def _end(
    job: CrawlJob,
    status: str,
    message: str,
    outcome: Outcome | None = None,
    *,
    file: FileRef | None = None,
    count: int = 0,
) -> None:
    changes: dict[str, Any] = {
        "status": status,
        "message": message[:500],
        "step": "",
        "claim": "",
        "finished_at": timezone.now(),
    }
    if outcome is not None:
        details = report(outcome)
        for name in ("success_details", "failed_details"):
            details[name] = [one.model_dump(mode="json") for one in details[name]]  # type: ignore[attr-defined]
        if details["next_anchor_end_date"] is not None:
            details["next_anchor_end_date"] = str(details["next_anchor_end_date"])
        changes["report"] = details | {"total_products": count}
        changes["calls"] = job.calls + outcome.calls
    if file is not None:
        changes |= {"file": file.model_dump(mode="json"), "rows": count}
    with transaction.atomic():
        if not CrawlJob.objects.filter(pk=job.pk, claim=job.claim).update(**changes):
            return
        jobs.tell(job, status, message, rows=count)
    job.refresh_from_db()
    crawl_ended.send(sender=CrawlJob, job=job)
