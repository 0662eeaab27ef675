"""REST routes of the listing manager. `tasks` and `agents/status` are named as in the requirement document."""

from __future__ import annotations

from django.urls import path

from properties.api import report_views, views
from properties.graphql.schema import view as graphql_view

urlpatterns = [
    path("tasks", views.Tasks.as_view(), name="properties-api-tasks"),
    path("tasks/batches/<uuid:batch_id>", views.TaskBatch.as_view(), name="properties-api-batch"),
    path("agents/status", views.AgentStatus.as_view(), name="properties-api-agents"),
    path("properties/listings", views.Listings.as_view(), name="properties-api-listings"),
    path("properties/listings/<uuid:listing_id>", views.ListingDetail.as_view(), name="properties-api-listing"),
    path(
        "properties/listings/<uuid:listing_id>/history", views.ListingHistory.as_view(), name="properties-api-history"
    ),
    path("properties/legal-bases", views.LegalBases.as_view(), name="properties-api-legal-bases"),
    path("properties/legal-bases/<slug:platform>", views.LegalBasisRevoke.as_view(), name="properties-api-revoke"),
    path("properties/reviews", views.Reviews.as_view(), name="properties-api-reviews"),
    path("properties/requirements", views.Requirements.as_view(), name="properties-api-requirements"),
    path("properties/matches", views.Matches.as_view(), name="properties-api-matches"),
    path("properties/reports", report_views.Reports.as_view(), name="properties-api-reports"),
    path("properties/reports/<uuid:report_id>", report_views.ReportDetail.as_view(), name="properties-api-report"),
    path(
        "properties/reports/<uuid:report_id>/cancel",
        report_views.ReportCancel.as_view(),
        name="properties-api-report-cancel",
    ),
    path(
        "properties/reports/<uuid:report_id>/report.pdf",
        report_views.ReportPdf.as_view(),
        name="properties-api-report-pdf",
    ),
    path(
        "properties/reports/<uuid:report_id>/report.xlsx",
        report_views.ReportWorkbook.as_view(),
        name="properties-api-report-workbook",
    ),
    path("properties/report-schedules", report_views.Schedules.as_view(), name="properties-api-report-schedules"),
    path(
        "properties/report-schedules/<uuid:schedule_id>",
        report_views.ScheduleEnd.as_view(),
        name="properties-api-report-schedule",
    ),
    path("properties/graphql", graphql_view, name="properties-api-graphql"),
]
