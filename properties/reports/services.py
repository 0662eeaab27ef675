"""Writes of reports: ask, cancel, make, and do again by a schedule."""

from __future__ import annotations

import logging
import tempfile
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from integrations.files import folder_of, put_file
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound, PortalError
from portal.workspaces.models import Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from properties.desk_models import Report, ReportSchedule
from properties.reports.build import build_document, check_request
from properties.reports.document import Document, ReportFormat, ReportRequest
from properties.signals import report_ended

logger = logging.getLogger(__name__)
SEOUL = ZoneInfo("Asia/Seoul")
TYPES = {
    ReportFormat.PDF: "application/pdf",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAX_WAITING = 20
MAX_SCHEDULES = 50
MAX_ATTEMPTS = 3
#: A report whose worker died is taken up again after this.
LOST_AFTER = timedelta(minutes=15)


@transaction.atomic
def report_request(actor: Actor, wish: ReportRequest) -> Report:
    """Queue a report. Refused when what it is about does not exist, or too many wait already."""
    actor.require(Permission.DATA_WRITE)
    title = check_request(actor.workspace, wish)
    waiting = Report.objects.for_workspace(actor.workspace).filter(state__in=Report.ACTIVE).count()
    if waiting >= MAX_WAITING:
        raise Conflict(f"{waiting} reports are waiting already.", remedy="Wait for them, or cancel some.")
    report = _queue(actor.workspace, wish, title, user=actor.user)
    audit(actor, "report.requested", report, after={"kind": wish.kind})
    return report


def _queue(workspace: Workspace, wish: ReportRequest, title: str, **fields: Any) -> Report:
    user = fields.pop("user", None)
    report: Report = Report.objects.create(
        workspace=workspace,
        request=wish.model_dump(mode="json"),
        kind=wish.kind,
        title=title[:200],
        language=wish.language,
        requested_by=user,
        **fields,
    )
    transaction.on_commit(partial(_send, report.pk))
    return report


def announce(report: Report) -> None:
    """Tell open pages of the workspace that a report moved."""
    from asgiref.sync import async_to_sync
    from channels.layers import get_channel_layer

    layer = get_channel_layer()
    if layer is not None:
        news = {"type": "report.event", "id": str(report.pk), "state": report.state, "ended": not report.is_active}
        async_to_sync(layer.group_send)(f"properties.{report.workspace_id}", news)


def _send(report_id: UUID) -> None:
    from properties.tasks import make_report

    make_report.delay(str(report_id))


def report_of(workspace: Any, report_id: UUID) -> Report:
    """A report of this workspace."""
    found: Report | None = Report.objects.for_workspace(workspace).filter(pk=report_id).first()
    if found is None:
        raise NotFound("There is no such report.")
    return found


@transaction.atomic
def report_cancel(actor: Actor, report_id: UUID) -> Report:
    """Stop a report that waits or runs; an ended one stays as it is."""
    actor.require(Permission.DATA_WRITE)
    report = report_of(actor.workspace, report_id)
    changed = Report.objects.filter(pk=report.pk, state__in=Report.ACTIVE).update(
        state=Report.State.CANCELLED, finished_at=timezone.now()
    )
    report.refresh_from_db()
    if not changed:
        raise Conflict(f"The report has ended already: {report.state}.")
    audit(actor, "report.cancelled", report)
    return report


def report_make(report_id: UUID | str) -> Report:
    """Make a queued report. Safe to run twice: only one worker gets it, and a cancelled one keeps no files."""
    claimed = Report.objects.filter(pk=report_id, state=Report.State.QUEUED).update(
        state=Report.State.RUNNING, started_at=timezone.now()
    )
    report: Report = Report.objects.select_related("workspace", "requested_by").get(pk=report_id)
    if not claimed:
        return report
    announce(report)
    wish = ReportRequest.model_validate(report.request)
    files: dict[str, dict[str, Any]] = {}
    try:
        document = build_document(report.workspace, wish)
        for kind in wish.formats:
            if not Report.objects.filter(pk=report.pk, state=Report.State.RUNNING).exists():
                break
            files[kind.value] = _store(report, kind, document)
    except PortalError as error:
        _end(report, files, state=Report.State.FAILED, problem=error.explain()[:400])
    except Exception:
        logger.exception("The report %s failed", report.pk)
        _end(report, files, state=Report.State.FAILED, problem="The report could not be made; the log says why.")
        raise
    else:
        values = {"document": document.model_dump(mode="json"), "as_of": document.as_of}
        _end(report, files, state=Report.State.SUCCEEDED, problem="", **values)
    return report


def _store(report: Report, kind: ReportFormat, document: Document) -> dict[str, Any]:
    if kind is ReportFormat.PDF:
        from properties.reports.pdf import document_pdf

        content = document_pdf(document)
    else:
        from properties.reports.workbook import document_workbook

        content = document_workbook(document)
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
        file.write(content)
        file.flush()
        stored = put_file(report.workspace_id, f"{report.kind}-report.{kind}", Path(file.name), TYPES[kind])
    return {"id": stored.id, "name": stored.name, "size": stored.size, "sha256": stored.sha256}


def _end(report: Report, files: dict[str, dict[str, Any]], **values: Any) -> None:
    """Write the end, unless somebody cancelled meanwhile or another worker has it: then the files go."""
    is_made = values["state"] == Report.State.SUCCEEDED
    with transaction.atomic():
        kept = Report.objects.filter(pk=report.pk, state=Report.State.RUNNING, started_at=report.started_at).update(
            finished_at=timezone.now(), files=files if is_made else {}, **values
        )
        report.refresh_from_db()
        if kept:
            transaction.on_commit(partial(announce, report))
            transaction.on_commit(
                partial(report_ended.send, sender=Report, workspace_id=report.workspace_id, report_id=report.pk)
            )
    if not (kept and is_made):
        _remove(report.workspace_id, files)


def _remove(workspace_id: Any, files: dict[str, dict[str, Any]]) -> None:
    for file in files.values():
        default_storage.delete(path_of(workspace_id, file))


def path_of(workspace_id: Any, file: dict[str, Any]) -> str:
    """Where a report's file lies in the store."""
    return f"{folder_of(workspace_id, file['id'])}/{file['name']}"


@transaction.atomic
def report_delete(actor: Actor, report_id: UUID) -> None:
    """Remove an ended report with its files."""
    actor.require(Permission.DATA_WRITE)
    report = report_of(actor.workspace, report_id)
    if report.is_active:
        raise Conflict("The report is still being made.", remedy="Cancel it first.")
    audit(actor, "report.deleted", report)
    transaction.on_commit(partial(_remove, report.workspace_id, dict(report.files)))
    report.delete()


# -- schedules -----------------------------------------------------------------------------------------------


@transaction.atomic
def schedule_create(
    actor: Actor, wish: ReportRequest, *, rhythm: str = "weekly", hour: int = 8, weekday: int = 0, day: int = 1
) -> ReportSchedule:
    """Make a report again and again, at an hour of Seoul."""
    actor.require(Permission.DATA_WRITE)
    problems = [
        FieldProblem(name, f"{value} is out of range.", f"Give {low} to {high}.")
        for name, value, low, high in (("hour", hour, 0, 23), ("weekday", weekday, 0, 6), ("day", day, 1, 28))
        if not low <= value <= high
    ]
    if rhythm not in ReportSchedule.Rhythm.values:
        problems.append(
            FieldProblem("rhythm", "Unknown rhythm.", f"One of: {', '.join(ReportSchedule.Rhythm.values)}.")
        )
    if problems:
        raise Invalid("The schedule is not complete.", problems=problems)
    if ReportSchedule.objects.for_workspace(actor.workspace).filter(is_active=True).count() >= MAX_SCHEDULES:
        raise Conflict(f"There are {MAX_SCHEDULES} schedules already.", remedy="Delete one first.")
    schedule = ReportSchedule(
        workspace=actor.workspace,
        request=wish.model_dump(mode="json"),
        kind=wish.kind,
        title=check_request(actor.workspace, wish)[:200],
        rhythm=rhythm,
        hour=hour,
        weekday=weekday,
        day=day,
        created_by=actor.user,
    )
    schedule.next_at = next_time(schedule, timezone.now())
    schedule.save()
    audit(actor, "report_schedule.created", schedule, after={"kind": wish.kind, "rhythm": rhythm})
    return schedule


@transaction.atomic
def schedule_delete(actor: Actor, schedule_id: UUID) -> None:
    """End a schedule; reports that were made stay."""
    actor.require(Permission.DATA_WRITE)
    schedule = ReportSchedule.objects.for_workspace(actor.workspace).filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound("There is no such schedule.")
    audit(actor, "report_schedule.deleted", schedule)
    schedule.delete()


def next_time(schedule: ReportSchedule, after: datetime) -> datetime:
    """The first time of the schedule after a moment. Korea has no summer time, so days are whole."""
    local = after.astimezone(SEOUL)
    moment = local.replace(hour=schedule.hour, minute=0, second=0, microsecond=0)
    while True:
        fits = (
            schedule.rhythm == ReportSchedule.Rhythm.DAILY
            or (schedule.rhythm == ReportSchedule.Rhythm.WEEKLY and moment.weekday() == schedule.weekday)
            or (schedule.rhythm == ReportSchedule.Rhythm.MONTHLY and moment.day == schedule.day)
        )
        if fits and moment > local:
            return moment
        moment += timedelta(days=1)


def reports_due(now: datetime | None = None) -> int:
    """Queue what schedules ask for by now, once each; returns how many. A long outage is not made up for."""
    now = now or timezone.now()
    count = 0
    while True:
        with transaction.atomic():
            schedule = (
                ReportSchedule.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("workspace", "created_by")
                .filter(is_active=True, next_at__lte=now)
                .first()
            )
            if schedule is None:
                return count
            wish = ReportRequest.model_validate(schedule.request)
            schedule.next_at = next_time(schedule, now)
            try:
                title = check_request(schedule.workspace, wish)
            except PortalError as error:
                # What the report was about is gone: the reader learns it from a report that says so.
                _fail(schedule, wish, error)
                schedule.is_active = False
            else:
                _queue(schedule.workspace, wish, title, user=schedule.created_by, schedule=schedule)
            schedule.save(update_fields=["next_at", "is_active"])
            count += 1


def _fail(schedule: ReportSchedule, wish: ReportRequest, error: PortalError) -> None:
    report = Report.objects.create(
        workspace=schedule.workspace,
        request=schedule.request,
        kind=wish.kind,
        title=schedule.title,
        language=wish.language,
        state=Report.State.FAILED,
        problem=error.explain()[:400],
        schedule=schedule,
        requested_by=schedule.created_by,
        finished_at=timezone.now(),
    )
    transaction.on_commit(
        partial(report_ended.send, sender=Report, workspace_id=report.workspace_id, report_id=report.pk)
    )


def reports_rescue(now: datetime | None = None) -> int:
    """Queue again what a dead worker or a lost message left behind; gives up after MAX_ATTEMPTS. How many."""
    now = now or timezone.now()
    lost = Report.objects.filter(state__in=Report.ACTIVE, queued_at__lt=now - LOST_AFTER)
    count = 0
    for report in lost.exclude(started_at__gte=now - LOST_AFTER):
        with transaction.atomic():
            same = Report.objects.filter(pk=report.pk, state=report.state, attempts=report.attempts)
            if report.attempts + 1 >= MAX_ATTEMPTS:
                count += same.update(
                    state=Report.State.FAILED,
                    finished_at=now,
                    problem="The worker was lost three times while making this report.",
                )
            elif same.update(state=Report.State.QUEUED, attempts=report.attempts + 1, queued_at=now):
                transaction.on_commit(partial(_send, report.pk))
                count += 1
    return count
