"""Routes below /api/v1/, named as in the requirement document."""

from __future__ import annotations

from django.urls import path

from timeseries.api import views

urlpatterns = [
    path("data/generate", views.GenerateView.as_view()),
    path("models/types", views.TypesView.as_view()),
    path("models/forecasting/train", views.TrainForecastingView.as_view()),
    path("models/anomaly/train", views.TrainAnomalyView.as_view()),
    path("models", views.ModelsView.as_view()),
    path("models/<str:name>/download", views.ModelDownloadView.as_view(), name="timeseries-model-download"),
    path("models/<str:name>", views.ModelView.as_view()),
    path("predict", views.PredictView.as_view()),
    path("detect_anomalies", views.DetectView.as_view()),
    path("analysis/coordinated", views.CoordinatedView.as_view()),
    path("ensemble", views.EnsembleView.as_view()),
    path("leaderboard", views.LeaderboardView.as_view()),
    path("datasets", views.DatasetsView.as_view()),
    path("datasets/<uuid:dataset_id>", views.DatasetView.as_view()),
    path("timeseries/jobs", views.JobsView.as_view()),
    path("timeseries/jobs/<uuid:job_id>", views.JobView.as_view(), name="timeseries-api-job"),
    path("timeseries/health", views.HealthView.as_view()),
]
