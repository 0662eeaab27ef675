"""The REST API of the Naramarket server."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.registry import registry, resolve_site
from integrations.sdk import FileRef
from portal.common.api import body_of
from portal.common.errors import Conflict, NotFound
from portal.common.hub import sync_client
from portal.common.rest import ListView, RestView
from portal.workspaces.roles import Permission
from procurement import jobs, planning, selectors, storage
from procurement.api import serializers as s
from procurement.crawler.columns import header_of
from procurement.crawler.files import safe_name
from procurement.crawler.plan import PRODUCTS
from procurement.crawler.writers import CONTENT_TYPE, SUFFIX, write
from procurement.desk import known_categories
from procurement.g2b import BadRequest, Window, newest_stable_day
from procurement.g2b.values import without_people
from procurement.models import CrawlJob
from procurement.tools_generic import portal_version
from procurement.upstream import blocking, open_access


class ServerInfoView(RestView):
    """Name, version, tools and the usual categories."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="server_info", responses=s.ServerInfoOut)
    def get(self, request: Request) -> Response:
        return Response(
            {
                "app": "naramarket",
                "version": portal_version(),
                "tools": sorted(registry().connector("naramarket").actions),
                "categories": [one.name for one in known_categories()],
                "upstream": _mode(),
            }
        )


class CrawlListView(RestView):
    """One page of products of a category, as the upstream gives them."""

    permissions = {"post": Permission.DATA_READ}

    @extend_schema(operation_id="crawl_list", request=s.CrawlListIn, responses=s.CrawlListOut)
    def post(self, request: Request) -> Response:
        asked = body_of(request, s.CrawlListIn)
        end = asked["inqry_end_date"] or newest_stable_day()
        start = asked["inqry_bgn_date"] or end - timedelta(days=asked["days_back"] - 1)
        if start > end:
            raise BadRequest("inqry_bgn_date is after inqry_end_date.", remedy="Swap the two days.")
        actor = request.actor  # type: ignore[attr-defined]
        user = actor.user.pk if actor.user else None

        async def fetch() -> tuple[Any, str]:
            async with open_access(actor.workspace.pk, user) as access:
                params = {"inqryDiv": "1", "dtilPrdctClsfcNoNm": asked["category"]}
                page = await access.client.page(
                    PRODUCTS, params, window=Window(start, end), page_no=asked["page_no"], page_size=asked["num_rows"]
                )
                return page, access.mode

        page, mode = blocking(fetch)()
        items = [without_people(row) for row in page.rows if row.get("dtilPrdctClsfcNoNm") == asked["category"]]
        return Response(
            {
                "success": True,
                "items": items,
                "total_count": page.total,
                "filtered_out": len(page.rows) - len(items),
                "current_page": asked["page_no"],
                "category": asked["category"],
                "as_of": timezone.now(),
                "source": PRODUCTS,
                "mode": mode,
            }
        )


class CrawlPlanView(RestView):
    """What a crawl would cost, before it starts. Spends one call on an estimate of the number of rows."""

    permissions = {"post": Permission.DATA_READ}

    @extend_schema(operation_id="crawl_plan", request=s.CrawlPlanIn, responses=s.CrawlPlanOut)
    def post(self, request: Request) -> Response:
        asked = body_of(request, s.CrawlPlanIn)
        spec = jobs.plan(
            asked["category"],
            total_days=asked["total_days"],
            window_days=asked["window_days"],
            anchor=asked["anchor_end_date"],
            attributes=s.attribute_mode(asked),
        )
        return Response(planning.as_dict(planning.cost_in(request.actor, spec)))  # type: ignore[attr-defined]


class CrawlCsvView(RestView):
    """Crawl a category into a file: 200 with the whole report when it ends in time, else 202 with the job."""

    once = frozenset({"post"})
    permissions = {"post": Permission.DATA_WRITE}

    @extend_schema(operation_id="crawl_csv", request=s.CrawlCsvIn, responses={200: s.CrawlCsvOut, 202: s.CrawlCsvOut})
    def post(self, request: Request) -> Response:
        asked = body_of(request, s.CrawlCsvIn)
        job = jobs.create_job(
            request.actor,  # type: ignore[attr-defined]
            asked["category"],
            format=asked["format"],
            filename=asked["output_csv"],
            total_days=asked["total_days"],
            window_days=asked["window_days"],
            anchor=asked["anchor_end_date"],
            attributes=s.attribute_mode(asked),
            max_windows=asked["max_windows_per_call"],
            max_seconds=asked["max_runtime_sec"],
            append=asked["append"],
            fail_on_new_columns=asked["fail_on_new_columns"],
            sanitise=asked["sanitize"],
            keep_pages=asked["keep_temp"],
        )
        job = wait_for(job, asked["wait_sec"])
        notes = ["delay_sec is not used: calls are paced by limits shared with all jobs."] if asked["delay_sec"] else []
        return Response(csv_report(job, notes), status=200 if job.is_over else 202)


def wait_for(job: CrawlJob, seconds: float) -> CrawlJob:
    """The job when it is over, or as it is after `seconds`; woken by the job's own events."""
    deadline = time.monotonic() + seconds
    with sync_client().pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(jobs.events_channel(job.pk))
        while True:
            job.refresh_from_db()
            left = deadline - time.monotonic()
            if job.is_over or job.status in (CrawlJob.Status.PAUSED, CrawlJob.Status.WAITING) or left <= 0:
                return job
            # Redis drops a subscriber without traffic for long; a second look each five seconds costs little.
            listener.get_message(timeout=min(left, 5.0))


def csv_report(job: CrawlJob, notes: list[str]) -> dict[str, Any]:
    """The answer of `crawl/csv` under the names the earlier server used."""
    report = job.report or {}
    is_partial = job.status != CrawlJob.Status.SUCCEEDED or bool(report.get("remaining_days"))
    return {
        "success": job.file is not None,
        "job_id": str(job.pk),
        "status": job.status,
        "output_csv": job.filename,
        "file": job.file,
        "download_url": reverse("procurement-api:job-file", args=[job.pk]) if job.file else None,
        "events_url": reverse("procurement-api:job-events", args=[job.pk]),
        "windows_processed": report.get("windows_processed", job.windows_done),
        "pages_processed": report.get("pages_processed", job.pages),
        "total_products": report.get("total_products", job.rows),
        "success_details": report.get("success_details", []),
        "failed_details": report.get("failed_details", []),
        "incomplete": is_partial,
        "remaining_days": report.get(
            "remaining_days", sum(one.window.days for one in jobs.states_of(job) if one.is_open)
        ),
        "next_anchor_end_date": report.get("next_anchor_end_date"),
        "covered_days": report.get("covered_days", 0),
        "elapsed_sec": report.get("elapsed_sec"),
        "notes": [*report.get("incomplete", []), *([job.message] if job.message else []), *notes],
    }


@extend_schema_view(get=extend_schema(operation_id="crawl_jobs_list"))
class JobListView(ListView[CrawlJob]):
    """Crawls of the workspace, newest first."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = s.JobOut

    def rows(self) -> Any:
        return selectors.jobs_of(self.request.actor.workspace)  # type: ignore[attr-defined]


class JobView(RestView):
    """One crawl with its report."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="crawl_jobs_read", responses=s.JobOut)
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(jobs.snapshot(jobs.job_of(request.actor.workspace, job_id)))  # type: ignore[attr-defined]


_DEEDS = {"pause": jobs.pause_job, "cancel": jobs.cancel_job, "resume": jobs.resume_job}


class JobActionView(RestView):
    """Pause, cancel or resume a crawl."""

    permissions = {"post": Permission.DATA_WRITE}

    @extend_schema(
        operation_id="crawl_jobs_steer",
        parameters=[OpenApiParameter("act", str, OpenApiParameter.PATH, enum=list(_DEEDS))],
        request=None,
        responses=s.JobOut,
    )
    def post(self, request: Request, job_id: UUID, act: str) -> Response:
        actor = request.actor  # type: ignore[attr-defined]
        job = jobs.job_of(actor.workspace, job_id)
        deed = _DEEDS.get(act)
        if deed is None:
            raise NotFound("A crawl cannot be steered so.", remedy=f"Use one of: {', '.join(_DEEDS)}.")
        return Response(jobs.snapshot(deed(actor, job)))


class JobFileView(RestView):
    """The file of a crawl."""

    sends_files = True
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="crawl_jobs_file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, job_id: UUID) -> StreamingHttpResponse:
        job = jobs.job_of(request.actor.workspace, job_id)  # type: ignore[attr-defined]
        return file_response(job)


def file_response(job: CrawlJob) -> StreamingHttpResponse:
    """The file of a job as a download."""
    if job.file is None:
        raise Conflict("This crawl has written no file yet.", remedy="Wait until it ends.")
    ref = FileRef.model_validate(job.file)
    return storage.download(storage.open_file(job.workspace_id, ref), ref.name, ref.content_type)


class FileSaveView(RestView):
    """Save products as a JSON or CSV file in the workspace's store."""

    once = frozenset({"post"})
    permissions = {"post": Permission.DATA_WRITE}

    @extend_schema(operation_id="files_save", request=s.FileSaveIn, responses={201: s.FileSaveOut})
    def post(self, request: Request) -> Response:
        asked = body_of(request, s.FileSaveIn)
        kind = "csv" if asked["filename"].lower().endswith(".csv") else "jsonl"
        suffix = ".json" if asked["filename"].lower().endswith(".json") else SUFFIX[kind]
        name = safe_name(asked["filename"], suffix)
        if asked["directory"]:
            # The store is flat: a folder becomes the beginning of the name, checked like any name.
            name = f"{safe_name(asked['directory'], '')}_{name}"
        rows = [{str(key): _as_text(value) for key, value in row.items()} for row in asked["products"]]
        workspace = request.actor.workspace  # type: ignore[attr-defined]
        with tempfile.TemporaryDirectory() as scratch:
            target = Path(scratch) / "file"
            if suffix == ".json":
                import json

                target.write_text(json.dumps(asked["products"], ensure_ascii=False, default=str), encoding="utf-8")
                content_type = "application/json"
            else:
                write(lambda: rows, target, kind, header=header_of(rows))
                content_type = CONTENT_TYPE[kind]
            file = storage.put_file(workspace.pk, name, target, content_type)
        url = reverse("procurement-api:file", args=[file.id])
        return Response(
            {"success": True, "file": file.model_dump(mode="json"), "count": len(rows), "download_url": url}, status=201
        )


class FileView(RestView):
    """A saved file."""

    sends_files = True
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(
        operation_id="procurement_files_read", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, file_id: UUID) -> StreamingHttpResponse:
        name, content = storage.find_file(request.actor.workspace.pk, file_id)  # type: ignore[attr-defined]
        return storage.download(content, name, "application/octet-stream")


@extend_schema_view(get=extend_schema(operation_id="procurement_notices_list"))
class NoticeListView(ListView[Any]):
    """Stored notices, newest first."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = s.NoticeOut
    query = {"get": s.NoticeQuery}

    def rows(self) -> Any:
        return selectors.notices(
            self.request.actor.workspace,  # type: ignore[attr-defined]
            self.asked.get("q", ""),
            kind=self.asked.get("kind", ""),
            still_open=self.asked.get("open", False),
        )


@extend_schema_view(get=extend_schema(operation_id="procurement_products_list"))
class ProductListView(ListView[Any]):
    """Stored products, newest first."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = s.ProductOut
    query = {"get": s.ProductQuery}

    def rows(self) -> Any:
        return selectors.products(
            self.request.actor.workspace,  # type: ignore[attr-defined]
            self.asked.get("q", ""),
            category=self.asked.get("category", ""),
        )


def _mode() -> str:
    return resolve_site(registry().connector("naramarket")).mode


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)
