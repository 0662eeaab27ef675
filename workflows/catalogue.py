"""The templates of this installation, gathered from the apps."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec

from integrations.sdk.template import Template
from portal.common.errors import NotFound

APPS = ("markets", "procurement", "properties", "timeseries", "workflows")


@lru_cache(maxsize=1)
def templates() -> dict[str, Template]:
    """Every template by its key, in the order of the apps."""
    found: dict[str, Template] = {}
    for app in APPS:
        if find_spec(f"{app}.workflow_templates") is None:
            continue
        for template in import_module(f"{app}.workflow_templates").TEMPLATES:
            if template.key in found:
                raise ValueError(f"two templates are called {template.key!r}")
            found[template.key] = template
    return found


def get_template(key: str) -> Template:
    """The template of this key; `NotFound` names what exists."""
    try:
        return templates()[key]
    except KeyError:
        known = ", ".join(templates())
        raise NotFound(f"There is no template {key!r}.", remedy=f"Use one of: {known}.") from None
