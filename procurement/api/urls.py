from __future__ import annotations

from django.urls import path

from procurement.api import views
from procurement.api.events import JobEventsView

app_name = "procurement-api"
urlpatterns = [
    path("server/info", views.ServerInfoView.as_view(), name="server-info"),
    path("crawl/list", views.CrawlListView.as_view(), name="crawl-list"),
    path("crawl/plan", views.CrawlPlanView.as_view(), name="crawl-plan"),
    path("crawl/csv", views.CrawlCsvView.as_view(), name="crawl-csv"),
    path("crawl/jobs", views.JobListView.as_view(), name="job-list"),
    path("crawl/jobs/<uuid:job_id>", views.JobView.as_view(), name="job"),
    path("crawl/jobs/<uuid:job_id>/events", JobEventsView.as_view(), name="job-events"),
    path("crawl/jobs/<uuid:job_id>/file", views.JobFileView.as_view(), name="job-file"),
    path("crawl/jobs/<uuid:job_id>/<str:act>", views.JobActionView.as_view(), name="job-action"),
    path("files/save", views.FileSaveView.as_view(), name="file-save"),
    path("procurement/files/<uuid:file_id>", views.FileView.as_view(), name="file"),
    path("procurement/notices", views.NoticeListView.as_view(), name="notices"),
    path("procurement/products", views.ProductListView.as_view(), name="products"),
]
