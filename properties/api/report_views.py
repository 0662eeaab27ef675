"""REST of reports and their schedules."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import body_of
from portal.common.rest import ListView, RestView
from portal.workspaces.roles import Permission
from properties.desk_models import Report, ReportKind, ReportSchedule
from properties.reports import services
from properties.reports.document import ReportFormat, ReportRequest


class ReportInput(serializers.Serializer[None]):
    """`listing_id` for an owner's report, `requirement_id` for a buyer's, `region` for the market."""

    kind = serializers.ChoiceField(ReportKind.choices)
    listing_id = serializers.UUIDField(required=False, allow_null=True)
    requirement_id = serializers.UUIDField(required=False, allow_null=True)
    region = serializers.CharField(required=False, allow_blank=True, max_length=60)
    property_type = serializers.CharField(required=False, max_length=20)
    months = serializers.IntegerField(required=False, min_value=1, max_value=36)
    report_language = serializers.ChoiceField(["ko", "en"], required=False)
    formats = serializers.ListField(
        child=serializers.ChoiceField([item.value for item in ReportFormat]), required=False, min_length=1, max_length=2
    )
    office = serializers.CharField(required=False, allow_blank=True, max_length=80)
    notify = serializers.BooleanField(required=False)


class ScheduleInput(ReportInput):
    rhythm = serializers.ChoiceField(ReportSchedule.Rhythm.choices)
    hour = serializers.IntegerField(required=False, min_value=0, max_value=23, help_text="Of Seoul")
    weekday = serializers.IntegerField(required=False, min_value=0, max_value=6, help_text="0 is Monday")
    day = serializers.IntegerField(required=False, min_value=1, max_value=28)


class ReportSerializer(serializers.ModelSerializer[Report]):
    files = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Formats that are ready")

    class Meta:
        model = Report
        fields = (
            "id", "kind", "title", "language", "state", "problem", "files", "as_of", "schedule", "created_at",
            "started_at", "finished_at",
        )  # fmt: skip


class ReportDetailSerializer(ReportSerializer):
    class Meta(ReportSerializer.Meta):
        fields = (*ReportSerializer.Meta.fields, "document")  # type: ignore[assignment]


class ScheduleSerializer(serializers.ModelSerializer[ReportSchedule]):
    class Meta:
        model = ReportSchedule
        fields = ("id", "kind", "title", "rhythm", "hour", "weekday", "day", "next_at", "is_active", "created_at")


TIMING = ("rhythm", "hour", "weekday", "day")


def wish_of(values: dict[str, Any]) -> ReportRequest:
    """The request in a checked body."""
    given = {name: value for name, value in values.items() if name not in TIMING and value is not None}
    for name in ("listing_id", "requirement_id"):
        if name in given:
            given[name] = str(given[name])
    if "report_language" in given:
        given["language"] = given.pop("report_language")
    return ReportRequest(**given)


class Reports(ListView[Report]):
    """Reports of the workspace; a post queues one."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = ReportSerializer
    once = frozenset({"post"})

    def rows(self) -> Any:
        return Report.objects.for_workspace(self.request.actor.workspace).defer("document")  # type: ignore[attr-defined]

    @extend_schema(operation_id="properties_reports_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Reports, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="properties_reports_create", request=ReportInput, responses={202: ReportSerializer})
    def post(self, request: Request) -> Response:
        """Queue a report for an owner, a buyer or the market."""
        wish = wish_of(body_of(request, ReportInput))
        report = services.report_request(request.actor, wish)  # type: ignore[attr-defined]
        return Response(ReportSerializer(report).data, status=status.HTTP_202_ACCEPTED)


class ReportDetail(RestView):
    permissions = {"get": Permission.DATA_READ, "delete": Permission.DATA_WRITE}

    @extend_schema(operation_id="properties_reports_read", responses=ReportDetailSerializer)
    def get(self, request: Request, report_id: UUID) -> Response:
        """One report with its content."""
        report = services.report_of(request.actor.workspace, report_id)  # type: ignore[attr-defined]
        return Response(ReportDetailSerializer(report).data)

    @extend_schema(operation_id="properties_reports_delete", responses={204: None})
    def delete(self, request: Request, report_id: UUID) -> Response:
        """Remove an ended report and its files."""
        services.report_delete(request.actor, report_id)  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReportCancel(RestView):
    permissions = {"post": Permission.DATA_WRITE}

    @extend_schema(operation_id="properties_reports_cancel", request=None, responses=ReportSerializer)
    def post(self, request: Request, report_id: UUID) -> Response:
        """Stop a report that waits or runs."""
        report = services.report_cancel(request.actor, report_id)  # type: ignore[attr-defined]
        return Response(ReportSerializer(report).data)


class ReportFile(RestView):
    """The file of one format."""

    permissions = {"get": Permission.DATA_READ}
    kind: ClassVar[str]

    def _file(self, request: Request, report_id: UUID) -> HttpResponseBase:
        from properties.reports.views import file_response

        return file_response(services.report_of(request.actor.workspace, report_id), self.kind)  # type: ignore[attr-defined]


class ReportPdf(ReportFile):
    kind = "pdf"

    @extend_schema(
        operation_id="properties_reports_pdf",
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, "The report on paper")},
    )
    def get(self, request: Request, report_id: UUID) -> HttpResponseBase:
        """The PDF of a report."""
        return self._file(request, report_id)


class ReportWorkbook(ReportFile):
    kind = "xlsx"

    @extend_schema(
        operation_id="properties_reports_workbook",
        responses={
            (200, services.TYPES[ReportFormat.XLSX]): OpenApiResponse(OpenApiTypes.BINARY, "The report as a workbook")
        },
    )
    def get(self, request: Request, report_id: UUID) -> HttpResponseBase:
        """The workbook of a report."""
        return self._file(request, report_id)


class Schedules(ListView[ReportSchedule]):
    """Reports that are made again and again."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = ScheduleSerializer
    once = frozenset({"post"})

    def rows(self) -> Any:
        return ReportSchedule.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]

    @extend_schema(operation_id="properties_report_schedules_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Schedules of reports."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="properties_report_schedules_create", request=ScheduleInput, responses={201: ScheduleSerializer}
    )
    def post(self, request: Request) -> Response:
        """Make a report every day, week or month."""
        values = body_of(request, ScheduleInput)
        timing = {name: values[name] for name in TIMING if name in values}
        schedule = services.schedule_create(request.actor, wish_of(values), **timing)  # type: ignore[attr-defined]
        return Response(ScheduleSerializer(schedule).data, status=status.HTTP_201_CREATED)


class ScheduleEnd(RestView):
    permissions = {"delete": Permission.DATA_WRITE}

    @extend_schema(operation_id="properties_report_schedules_end", responses={204: None})
    def delete(self, request: Request, schedule_id: UUID) -> Response:
        """End a schedule; its reports stay."""
        services.schedule_delete(request.actor, schedule_id)  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)
