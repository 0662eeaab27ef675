from __future__ import annotations

from django.urls import path

from properties.consumers import MonitorConsumer

urlpatterns = [path("ws/monitor", MonitorConsumer.as_asgi())]
