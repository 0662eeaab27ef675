"""The REST API of the Naramarket server."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from redis.exceptions import RedisError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations.registry import registry, resolve_site
from integrations.sdk import FileRef
from portal.common.errors import Conflict
from portal.common.hub import sync_client
from portal.common.pagination import CursorPages
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

TAG = ["Naramarket"]


class HealthView(APIView):
    """Whether the server answers and reaches its database and Redis."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(tags=TAG, responses={200: s.HealthOut, 503: s.HealthOut})
    def get(self, request: Request) -> Response:
        status = "ok"
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            sync_client().ping()
        except (DatabaseError, RedisError):
            status = "degraded"
        body = {"status": status, "app": "naramarket", "version": portal_version(), "upstream": _mode()}
        return Response(body, status=200 if status == "ok" else 503)


class ServerInfoView(APIView):
    """Name, version, tools and the usual categories."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(tags=TAG, responses=s.ServerInfoOut)
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


class CrawlListView(APIView):
    """One page of products of a category, as the upstream gives them."""

    permissions = {"post": Permission.DATA_READ}

    @extend_schema(tags=TAG, request=s.CrawlListIn, responses=s.CrawlListOut)
    def post(self, request: Request) -> Response:
        body = s.CrawlListIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
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


class CrawlPlanView(APIView):
    """What a crawl would cost, before it starts. Spends one call on an estimate of the number of rows."""

    permissions = {"post": Permission.DATA_READ}

    @extend_schema(tags=TAG, request=s.CrawlPlanIn, responses=s.CrawlPlanOut)
    def post(self, request: Request) -> Response:
        body = s.CrawlPlanIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        spec = jobs.plan(
            asked["category"],
            total_days=asked["total_days"],
            window_days=asked["window_days"],
            anchor=asked["anchor_end_date"],
            attributes=body.attribute_mode(),
        )
        return Response(planning.as_dict(planning.cost_in(request.actor, spec)))  # type: ignore[attr-defined]


class CrawlCsvView(APIView):
    """Crawl a category into a file: 200 with the whole report when it ends in time, else 202 with the job."""

    permissions = {"post": Permission.DATA_WRITE}

    @extend_schema(tags=TAG, request=s.CrawlCsvIn, responses={200: s.CrawlCsvOut, 202: s.CrawlCsvOut})
    def post(self, request: Request) -> Response:
        body = s.CrawlCsvIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        job = jobs.create_job(
            request.actor,  # type: ignore[attr-defined]
            asked["category"],
            format=asked["format"],
            filename=asked["output_csv"],
            total_days=asked["total_days"],
            window_days=asked["window_days"],
            anchor=asked["anchor_end_date"],
            attributes=body.attribute_mode(),
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


class JobListView(APIView):
    """Crawls of the workspace, newest first."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(tags=TAG, responses=s.JobOut(many=True))
    def get(self, request: Request) -> Response:
        pages = CursorPages()
        rows = pages.paginate_queryset(selectors.jobs_of(request.actor.workspace), request, view=self)  # type: ignore[attr-defined]
        return pages.get_paginated_response([jobs.snapshot(job) for job in rows or []])


class JobView(APIView):
    """One crawl with its report."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(tags=TAG, responses=s.JobOut)
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(jobs.snapshot(jobs.job_of(request.actor.workspace, job_id)))  # type: ignore[attr-defined]


class JobActionView(APIView):
    """Pause, cancel or resume a crawl."""

    permissions = {"post": Permission.DATA_WRITE}

    @extend_schema(tags=TAG, request=None, responses=s.JobOut)
    def post(self, request: Request, job_id: UUID, act: str) -> Response:
        actor = request.actor  # type: ignore[attr-defined]
        job = jobs.job_of(actor.workspace, job_id)
        deed = {"pause": jobs.pause_job, "cancel": jobs.cancel_job, "resume": jobs.resume_job}[act]
        return Response(jobs.snapshot(deed(actor, job)))


class JobFileView(APIView):
    """The file of a crawl."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(tags=TAG, responses={200: OpenApiResponse(description="The file")})
    def get(self, request: Request, job_id: UUID) -> StreamingHttpResponse:
        job = jobs.job_of(request.actor.workspace, job_id)  # type: ignore[attr-defined]
        return file_response(job)


def file_response(job: CrawlJob) -> StreamingHttpResponse:
    """The file of a job as a download."""
    if job.file is None:
        raise Conflict("This crawl has written no file yet.", remedy="Wait until it ends.")
    ref = FileRef.model_validate(job.file)
    return storage.download(storage.open_file(job.workspace_id, ref), ref.name, ref.content_type)


class FileSaveView(APIView):
    """Save products as a JSON or CSV file in the workspace's store."""

    permissions = {"post": Permission.DATA_WRITE}

    @extend_schema(tags=TAG, request=s.FileSaveIn, responses={201: s.FileSaveOut})
    def post(self, request: Request) -> Response:
        body = s.FileSaveIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
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


class FileView(APIView):
    """A saved file."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(tags=TAG, responses={200: OpenApiResponse(description="The file")})
    def get(self, request: Request, file_id: UUID) -> StreamingHttpResponse:
        name, content = storage.find_file(request.actor.workspace.pk, file_id)  # type: ignore[attr-defined]
        return storage.download(content, name, "application/octet-stream")


_SEARCH = [
    OpenApiParameter("q", str, description="Words, whole or in part"),
    OpenApiParameter("cursor", str),
    OpenApiParameter("limit", int),
]


class NoticeListView(APIView):
    """Stored notices, newest first; `open=1`: only those one can still bid for."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(
        tags=TAG,
        parameters=[*_SEARCH, OpenApiParameter("kind", str), OpenApiParameter("open", bool)],
        responses=s.NoticeOut(many=True),
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        rows = selectors.notices(
            request.actor.workspace,  # type: ignore[attr-defined]
            query.get("q", ""),
            kind=query.get("kind", ""),
            still_open=query.get("open", "") in ("1", "true"),
        )
        pages = CursorPages()
        return pages.get_paginated_response(
            s.NoticeOut(pages.paginate_queryset(rows, request, view=self), many=True).data
        )


class ProductListView(APIView):
    """Stored products, newest first."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(
        tags=TAG, parameters=[*_SEARCH, OpenApiParameter("category", str)], responses=s.ProductOut(many=True)
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        rows = selectors.products(
            request.actor.workspace,  # type: ignore[attr-defined]
            query.get("q", ""),
            category=query.get("category", ""),
        )
        pages = CursorPages()
        return pages.get_paginated_response(
            s.ProductOut(pages.paginate_queryset(rows, request, view=self), many=True).data
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
