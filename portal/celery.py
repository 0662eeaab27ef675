"""The Celery application: `celery -A portal`."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

from portal.stack import heartbeat  # noqa: E402, F401 - connects the worker signals behind /readyz
