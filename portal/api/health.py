"""Whether the product answers: its database, Redis and workers, and which upstreams it talks to."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.db import DatabaseError, connection
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.registry import parse_upstreams, registry, resolve_site
from portal.common.hub import sync_client
from portal.common.rest import RestView
from portal.settings.env import env
from portal.stack.heartbeat import key_of

#: Kinds of workers, as the supervisor names their processes.
WORKERS = {"worker": "interactive", "compute": "compute"}
CHECK = ["ok", "failed"]
STATES = ["ok", "degraded"]


class ChecksOutput(serializers.Serializer[Any]):
    database = serializers.ChoiceField(CHECK)
    redis = serializers.ChoiceField(CHECK)
    worker = serializers.ChoiceField(CHECK, help_text="A worker for calls was heard of in the last seconds")


class HealthOutput(serializers.Serializer[Any]):
    """`degraded` with status 200 means that calls wait for a worker; with 503, that nothing works."""

    status = serializers.ChoiceField(STATES)
    app = serializers.CharField()
    version = serializers.CharField()
    upstream = serializers.ChoiceField(["sandbox", "live", "custom"], help_text="Where Naramarket's figures come from")
    upstreams = serializers.DictField(
        child=serializers.CharField(), help_text="Connector → sandbox, live or custom, where it differs from `default`"
    )
    checks = ChecksOutput()


def portal_version() -> str:
    """The installed version, or that of the source tree."""
    try:
        return version("mcp-portal")
    except PackageNotFoundError:
        return "0.1.0"


def check_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        return False


def check_redis() -> bool:
    try:
        return bool(sync_client().ping())
    except RedisError:
        return False


def living_workers() -> dict[str, bool]:
    """Kind of worker → whether one was heard of within its last heartbeats; `RedisError` when Redis is away."""
    found = sync_client().mget([key_of(process) for process in WORKERS])
    return {kind: value is not None for kind, value in zip(WORKERS.values(), found, strict=True)}


def upstreams() -> dict[str, str]:
    """Connectors whose upstream differs from the default, which is named `default`."""
    default, _exceptions = parse_upstreams(env().upstreams)
    found = {"default": str(default)}
    for connector in registry().connectors.values():
        if connector.upstream and (mode := resolve_site(connector).mode) != default:
            found[connector.id] = str(mode)
    return found


class HealthView(RestView):
    """Whether the product answers and reaches its database, Redis and workers; no sign-in needed."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="health", responses={200: HealthOutput, 503: HealthOutput})
    def get(self, request: Request) -> Response:
        has_database, has_redis = check_database(), check_redis()
        has_worker = has_redis and living_workers()["interactive"]
        checks = {"database": has_database, "redis": has_redis, "worker": has_worker}
        body = {
            "status": "ok" if all(checks.values()) else "degraded",
            "app": "portal",
            "version": portal_version(),
            "upstream": resolve_site(registry().connector("naramarket")).mode,
            "upstreams": upstreams(),
            "checks": {name: "ok" if is_ok else "failed" for name, is_ok in checks.items()},
        }
        return Response(body, status=200 if has_database and has_redis else 503)


class MonitoringHealthView(HealthView):
    """The same under the name of the monitoring chapter."""

    @extend_schema(operation_id="monitoring_health", responses={200: HealthOutput, 503: HealthOutput})
    def get(self, request: Request) -> Response:
        return super().get(request)
