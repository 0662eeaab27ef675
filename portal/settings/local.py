"""`make run`: one person's machine, embedded services, plain http on loopback."""

from __future__ import annotations

from portal.settings.base import *  # noqa: F403
from portal.settings.base import ALLOWED_HOSTS, STORAGES

ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
# Compressing the static files takes half a minute and saves nothing on loopback.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
STYLE_PAGE = True
