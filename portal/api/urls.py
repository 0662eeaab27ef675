from __future__ import annotations

from django.urls import path

from portal.api import health, monitoring

urlpatterns = [
    path("health", health.HealthView.as_view(), name="api-health"),
    path("monitoring/health", health.MonitoringHealthView.as_view()),
    path("monitoring/queues", monitoring.QueuesView.as_view()),
    path("monitoring/workers", monitoring.WorkersView.as_view()),
    path("monitoring/usage", monitoring.UsageView.as_view()),
]
