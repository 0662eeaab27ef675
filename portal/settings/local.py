"""`make run`: one person's machine, embedded services, plain http on loopback."""

from __future__ import annotations

from portal.settings.base import *  # noqa: F403
from portal.settings.base import ALLOWED_HOSTS

ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
