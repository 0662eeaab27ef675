"""System checks: broken connectors, sandboxes in production. Registered by the app's configuration."""

from __future__ import annotations

import os
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register

from integrations.registry import parse_upstreams, registry, resolve_site
from portal.settings.env import env


@register()
def check_connectors(app_configs: Any = None, **options: Any) -> list[CheckMessage]:
    """A connector that cannot be loaded is missing from the catalogue; say so where operators look."""
    return [
        Warning(
            f"The connector {problem.module} is left out. {problem.message}",
            hint="Fix or remove it; `manage.py newconnector` shows the expected shape.",
            id="integrations.W001",
        )
        for problem in registry().problems
    ]


@register(Tags.security)
def check_upstreams(app_configs: Any = None, **options: Any) -> list[CheckMessage]:
    """Production must not serve sandbox data by accident, and UPSTREAMS must be readable."""
    try:
        _, exceptions = parse_upstreams(env().upstreams)
    except ValueError as error:
        return [Error(str(error), id="integrations.E001")]
    found: list[CheckMessage] = []
    connectors = registry().connectors
    # Text messages have an upstream without a connector.
    keys = {"solapi"} | set(connectors) | {one.upstream.key for one in connectors.values() if one.upstream}
    found += [
        Warning(f"UPSTREAMS names {name!r}, which no connector uses.", id="integrations.W002")
        for name in exceptions
        if name not in keys
    ]
    is_production = os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".production")
    if is_production and not env().allow_sandbox_in_production:
        found += [
            Error(
                f"The connector {connector.id!r} would answer with sandbox data.",
                hint="Set UPSTREAMS=live, or ALLOW_SANDBOX_IN_PRODUCTION=true.",
                id="integrations.E002",
            )
            for connector in connectors.values()
            if resolve_site(connector).mode == "sandbox"
        ]
    return found
