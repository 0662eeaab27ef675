"""Pages below /timeseries/."""

from __future__ import annotations

from django.urls import path, re_path

from timeseries import views

app_name = "timeseries"
KINDS = "|".join(views.SPECS)
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("datasets/upload", views.dataset_upload, name="dataset-upload"),
    path("datasets/<uuid:dataset_id>", views.dataset_detail, name="dataset-detail"),
    path("datasets/<uuid:dataset_id>/delete", views.dataset_delete, name="dataset-delete"),
    path("models/<str:name>", views.model_detail, name="model-detail"),
    path("models/<str:name>/stage", views.model_stage, name="model-stage"),
    path("models/<str:name>/delete", views.model_delete, name="model-delete"),
    path("jobs/<uuid:job_id>", views.job_detail, name="job-detail"),
    path("jobs/<uuid:job_id>/progress", views.job_progress, name="job-progress"),
    path("jobs/<uuid:job_id>/cancel", views.job_cancel, name="job-cancel"),
    re_path(rf"^start/(?P<kind>{KINDS})$", views.job_start, name="job-start"),
]
