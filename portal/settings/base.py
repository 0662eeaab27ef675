"""Settings shared by every way of running; values of the machine come from `env`."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

from portal.settings.env import ROOT, env
from portal.settings.files import file_storage
from portal.settings.oauth import oauth2_provider
from portal.settings.openapi import spectacular

E = env()
BASE_DIR = ROOT
PUBLIC_URL = E.public_url
PUBLIC_HOST = urlsplit(E.public_url).hostname or "localhost"

SECRET_KEY = E.read_secret_key()
ROOT_KEYS = E.read_root_keys()
KEY_SERVICE = E.key_service
DEBUG = False
ALLOWED_HOSTS = [PUBLIC_HOST, *E.allowed_hosts]
CSRF_TRUSTED_ORIGINS = [E.public_url]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1

INSTALLED_APPS = [
    # As an app daphne only replaces `runserver`; its Twisted would cost every process a second of start.
    *(["daphne"] if "runserver" in sys.argv else []),
    "portal.apps.PortalConfig",
    "portal.accounts",
    "portal.workspaces",
    "portal.notifications",
    "integrations",
    "properties",
    "procurement",
    "markets",
    "timeseries",
    "workflows",
    "deployments",
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.naver",
    "allauth.socialaccount.providers.kakao",
    "oauth2_provider",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "channels",
    "strawberry_django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.common.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.accounts.sign_in_services.SignInFormMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.workspaces.middleware.WorkspaceMiddleware",
    "portal.common.middleware.ErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "portal.templatetags.portal"],
        },
    }
]

# Data ------------------------------------------------------------------------------------------------------


def database(url: str) -> dict[str, object]:
    """Django's database settings for a postgresql:// URL."""
    parts = urlsplit(url)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = options.pop("host", None) or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or "portal",
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **options},
    }


DATABASES = {"default": database(E.database_url or "postgresql://portal@127.0.0.1/portal")}
REDIS_URL = E.redis_url or "redis://127.0.0.1:6379/0"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "c"}
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "ws"},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# Work ------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT = "portal.broker:Transport"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "queue_order_strategy": "priority"}
EXECUTION_LEASE_SECONDS = E.execution_lease_seconds
EXECUTION_CLAIM_SECONDS = E.execution_claim_seconds
CELERY_TIMEZONE = "Asia/Seoul"
CELERY_BEAT_SCHEDULE_FILENAME = str(E.var_dir / "beat-schedule")

# People ----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}}]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
MFA_ADAPTER = "portal.accounts.mfa.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
USERSESSIONS_TRACK_ACTIVITY = True
SIGN_UP = E.sign_up
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS = {
    name: {"APPS": [{"client_id": client_id, "secret": secret}]} if client_id else {}
    for name, client_id, secret in (
        ("google", E.google_client_id, E.google_client_secret),
        ("github", E.github_client_id, E.github_client_secret),
        ("naver", E.naver_client_id, E.naver_client_secret),
        ("kakao", E.kakao_client_id, E.kakao_client_secret),
    )
}
DEFAULT_FROM_EMAIL = E.email_from
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
if E.email_url:
    _mail = urlsplit(E.email_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname, _mail.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.username or "", _mail.password or ""
    EMAIL_USE_TLS = parse_qs(_mail.query).get("tls", ["1"])[-1] == "1"

OAUTH2_PROVIDER = oauth2_provider(E.public_url, password_grant=E.oauth_password_grant)

# API -------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.accounts.authentication.SessionOrToken"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.workspaces.permissions.WorkspacePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "portal.common.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "portal.common.openapi.Schema",
    "EXCEPTION_HANDLER": "portal.common.problems.exception_handler",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = spectacular()

# Limits of workspaces without a plan; 0 means unlimited.
DEFAULT_LIMITS = {
    "workspace_per_minute": E.limit_workspace_per_minute,
    "key_per_minute": E.limit_key_per_minute,
    "client_per_minute": E.limit_client_per_minute,
    "tool_per_minute": E.limit_tool_per_minute,
    "daily_calls": E.quota_daily_calls,
    "monthly_calls": E.quota_monthly_calls,
}

# Words and time --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Seoul"

# Files -----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "portal.vendored.PackageFilesFinder",
]
STATIC_ROOT = E.var_dir / "static"
STATICFILES_DIRS = [ROOT / "static"]
MEDIA_ROOT = E.var_dir / "files"
STORAGES: dict[str, dict[str, Any]] = {
    "default": file_storage(E),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = E.max_request_bytes
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

SECURITY_CONTACT = E.security_contact or f"mailto:{E.email_from}"

# Walls -----------------------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"
#: The page with every component at /_styles.
STYLE_PAGE = False
#: W008: http redirects are refused by our own validator, except to the person's own machine (RFC 8252 §7.3).
SILENCED_SYSTEM_CHECKS = ["oauth2_provider.W008"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "portal.common.logging.RedactFilter"}},
    "formatters": {
        "text": {"format": "%(levelname)s %(name)s %(message)s"},
        "json": {"()": "portal.common.logging.JsonFormatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": E.log_format, "filters": ["redact"]},
    },
    "root": {"handlers": ["console"], "level": E.log_level},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "mcp": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # Their debug lines quote authorization codes and redirects.
        "oauthlib": {"level": "INFO"},
        "oauth2_provider": {"level": "INFO"},
        # A line per received task says nothing that the execution's own story does not.
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
