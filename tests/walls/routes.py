"""Every route of the product, with real values for what its path names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver

#: Routes of libraries, which their own projects test, and the probes, whose answer depends on the machine.
FOREIGN = ("admin/", "accounts/", "health", "readyz")
_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?P<inner>[^)]*)\)")
NOBODYS_ID = UUID("01890000-0000-7000-8000-000000000000")
DEFAULTS = {"int": "1", "slug": "nothing", "str": "nothing", "uuid": str(NOBODYS_ID), "path": "nothing"}


@dataclass(frozen=True)
class Route:
    pattern: str
    methods: tuple[str, ...]

    def path(self, known: dict[str, str]) -> str:
        """The address, with `known` values by `<first path part>.<name>` or `<name>`."""
        area = self.pattern.removeprefix("api/v1/").split("/")[0]

        def value(found: re.Match[str]) -> str:
            name, kind = found["name"], found["kind"] or "str"
            return known.get(f"{area}.{name}") or known.get(name) or DEFAULTS[kind]

        def choice(found: re.Match[str]) -> str:
            if not found["inner"].startswith("["):
                return found["inner"].split("|")[0]
            return known.get(f"{area}.{found['name']}") or known.get(found["name"]) or str(NOBODYS_ID)

        path = _PARAMETER.sub(value, _GROUP.sub(choice, self.pattern)) if "(?P" not in self.pattern else ""
        path = path or _GROUP.sub(choice, self.pattern)
        return "/" + path.replace("^", "").replace("$", "")


def parameters_of(route: Route) -> list[tuple[str, str]]:
    """The first part of the path and each name in it; choices that the pattern spells out need no row."""
    area = route.pattern.removeprefix("api/v1/").split("/")[0]
    plain = [] if "(?P" in route.pattern else [found["name"] for found in _PARAMETER.finditer(route.pattern)]
    groups = [found["name"] for found in _GROUP.finditer(route.pattern) if found["inner"].startswith("[")]
    return [(area, name) for name in plain + groups]


def _walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in patterns:
        whole = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, whole)
        elif isinstance(entry, URLPattern):
            yield whole, entry.callback


def all_routes() -> list[Route]:
    """Pages are asked by GET and POST, REST views by every method that they implement."""
    found: dict[str, Route] = {}
    for pattern, view in _walk(get_resolver().url_patterns):
        if pattern.startswith(FOREIGN):
            continue
        actions, made_by = getattr(view, "actions", None), getattr(view, "cls", None)
        if actions:
            methods = tuple(method.upper() for method in actions)
        elif made_by is not None:
            methods = tuple(
                name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(made_by, name)
            )
        else:
            methods = ("GET", "POST")
        found.setdefault(pattern, Route(pattern, methods))
    return list(found.values())
