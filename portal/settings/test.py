"""The test session: throw-away services, fast hashing, no background noise."""

from __future__ import annotations

import base64
import os
from typing import Any

os.environ.setdefault("SECRET_KEY", "test-only-signing-key-not-used-anywhere-else-0123456789")
os.environ.setdefault("ROOT_KEY", base64.b64encode(b"test-root-key-32-bytes-long-....").decode())

from portal.stack.testing import start_for_tests

start_for_tests()

from portal.settings.base import *  # noqa: E402, F403
from portal.settings.base import ALLOWED_HOSTS, DATABASES, DEFAULT_LIMITS, STORAGES  # noqa: E402

ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# No test is refused by how often others asked; those about limits set their own.
DEFAULT_LIMITS = dict.fromkeys(DEFAULT_LIMITS, 0)
# Lets the audit trail be emptied between tests; everything else about it stays guarded.
_database: Any = DATABASES["default"]
_database["OPTIONS"]["options"] = "-c portal.throw_away=on"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
STYLE_PAGE = True
