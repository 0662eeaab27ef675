"""Production: https only, secrets required, no sandbox data unless told."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *  # noqa: F403
from portal.settings.base import ROOT_KEYS, SECRET_KEY, E

for _name, _value in (
    ("SECRET_KEY", SECRET_KEY),
    ("ROOT_KEY", ROOT_KEYS or E.key_service),
    ("DATABASE_URL", E.database_url),
    ("REDIS_URL", E.redis_url),
):
    if not _value:
        raise ImproperlyConfigured(f"{_name} is required in production: set it or {_name}_FILE.")
if "sandbox" in E.upstreams and not E.allow_sandbox_in_production:
    raise ImproperlyConfigured("UPSTREAMS names the sandbox: set UPSTREAMS=live or ALLOW_SANDBOX_IN_PRODUCTION=true.")

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz?$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
