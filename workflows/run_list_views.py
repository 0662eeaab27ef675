"""The list of runs: its pages by cursor, the strip chart, news of later runs, and the list as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from integrations.stores.export import as_csv, as_json
from portal.common.errors import NotFound
from portal.templatetags.portal import STATES, duration, status
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import selectors
from workflows.models import Execution
from workflows.run_filters import COLUMNS, filtered, filters_of
from workflows.run_views import SOURCES, name_of, queue_seconds_of, seconds_of

PAGE_SIZE = 50
STRIP_RUNS = 240
#: Beyond these, the page says "more than" and a file is cut: counting all of a large table helps nobody.
MOST_COUNTED = 1000
MOST_NEWS = 99
MOST_EXPORTED = 10_000
FIELDS = (
    "id", "name", "state", "source", "tool", "version", "caller", "client", "created_at", "started_at", "finished_at",
    "queue_seconds", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """A run on the strip chart, in its 1000 × 96 units."""

    x: float
    y: float
    state: str
    url: str
    label: str


def strip(runs: list[Execution]) -> list[Point]:
    """Runs by start (x) and duration on a root scale (y), so that long ones do not flatten the rest."""
    if not runs:
        return []
    first, last = runs[-1].created_at.timestamp(), runs[0].created_at.timestamp()
    lengths = [seconds_of(run) or 0.0 for run in runs]
    longest = max(max(lengths), 0.001)
    width = max(last - first, 1e-6)
    return [
        Point(
            x=12 + (run.created_at.timestamp() - first) / width * 976 if last > first else 500,
            y=80 - (length / longest) ** 0.5 * 66,
            state=run.state,
            url=reverse("workflows:execution-detail", args=[run.pk]),
            label=f"{name_of(run)} · {STATES[run.state][1]}",
        )
        for run, length in zip(runs, lengths, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of the list; `newer` and `older` are the cursors of the pages beside it."""

    rows: list[Execution]
    newer: UUID | None
    older: UUID | None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def slice_of(found: QuerySet[Execution], query: Any) -> Slice:
    """`before=` and `after=` name the run beside the page, so that new runs shift nothing."""
    before, after = _id(query.get("before")), _id(query.get("after"))
    if after is not None:
        rows = list(found.filter(pk__gt=after).order_by("pk")[: PAGE_SIZE + 1])
        # The first page is never a short one.
        if len(rows) > PAGE_SIZE:
            rows = rows[:PAGE_SIZE][::-1]
            return Slice(rows, newer=rows[0].pk, older=rows[-1].pk)
        before = None
    rows = list((found.filter(pk__lt=before) if before else found)[: PAGE_SIZE + 1])
    has_more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    return Slice(
        rows,
        newer=(rows[0].pk if rows else before) if before else None,
        older=rows[-1].pk if has_more else None,
    )


@require_GET
@workspace_page(Permission.EXECUTION_READ)
def execution_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    found, chosen = filtered(actor, request.GET)
    part = slice_of(found, request.GET)
    for run in part.rows:
        run.seconds, run.queue_seconds = seconds_of(run), queue_seconds_of(run)  # type: ignore[attr-defined]
    newest = list(found[:STRIP_RUNS])
    count = found.order_by()[: MOST_COUNTED + 1].count()
    page = {
        "rows": part.rows,
        "part": part,
        "count": min(count, MOST_COUNTED),
        "is_counted": count <= MOST_COUNTED,
        "chosen": chosen.values,
        "is_filtered": chosen.is_filtered,
        "hidden_filters": chosen.hidden_count,
        "columns": chosen.columns,
        "all_columns": COLUMNS.items(),
        "query": chosen.query(),
        "saved_filters": filters_of(actor),
        "points": strip(newest),
        "strip_from": newest[-1].created_at if newest else None,
        "strip_to": newest[0].created_at if newest else None,
        "states": [(state, STATES[state][1]) for state in Execution.State.values],
        "sources": SOURCES.items(),
        "workflows": selectors.workflows_of(actor.workspace).only("pk", "name"),
    }
    return render(request, "workflows/execution_list.html", page)


@require_GET
@workspace_page(Permission.EXECUTION_READ)
def execution_news(request: HttpRequest, actor: Actor) -> HttpResponse:
    """How many runs came after `newest` that fit the filters, and how the unended ones of the page (`open`) stand."""
    found, _chosen = filtered(actor, request.GET)
    newest = _id(request.GET.get("newest"))
    later = found.filter(pk__gt=newest) if newest else found
    asked = [run_id for text in request.GET.get("open", "").split(",")[:PAGE_SIZE] if (run_id := _id(text))]
    rows = selectors.executions_of(actor.workspace).filter(pk__in=asked) if asked else ()
    answer = {
        "count": later.order_by()[:MOST_NEWS].count(),
        "rows": {
            str(run.pk): {"state": run.state, "status": status(run.state), "duration": duration(seconds_of(run))}
            for run in rows
        },
    }
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def _record(run: Execution) -> dict[str, Any]:
    def moment(value: Any) -> str | None:
        return timezone.localtime(value).isoformat(timespec="milliseconds") if value else None

    caller = run.caller or {}
    return {
        "id": str(run.pk),
        "name": name_of(run),
        "state": run.state,
        "source": run.source,
        "tool": run.tool,
        "version": run.version.number if run.version else None,
        "caller": caller.get("label"),
        "client": caller.get("client_name"),
        "created_at": moment(run.created_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "queue_seconds": queue_seconds_of(run),
        "seconds": seconds_of(run),
    }


def _records(found: QuerySet[Execution]) -> Iterator[dict[str, Any]]:
    return (_record(run) for run in found[:MOST_EXPORTED].iterator(1000))


@require_GET
@workspace_page(Permission.EXECUTION_READ)
def executions_export(request: HttpRequest, actor: Actor) -> HttpResponse | StreamingHttpResponse:
    """The newest runs that fit the filters, without their data, as `form=csv` or `form=json`."""
    form = request.GET.get("form", "csv")
    if form not in {"csv", "json"}:
        raise NotFound(_("Runs are exported as csv or json."))
    records = _records(filtered(actor, request.GET)[0])
    lines = as_csv(FIELDS, records) if form == "csv" else as_json(records)
    media = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    response = StreamingHttpResponse(lines, content_type=media)
    response["Content-Disposition"] = f'attachment; filename="runs-{timezone.localdate().isoformat()}.{form}"'
    return response
