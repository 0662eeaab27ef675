"""Every connector of this installation. A broken one is left out and reported, never fatal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from integrations.discovery import Problem, load_part, packages
from integrations.sdk import Action, Connector, Site
from portal.common.errors import NotFound
from portal.common.upstreams import parse_upstreams
from portal.settings.env import env


class Catalogue(Mapping[str, Action[Any]]):
    """Action id → action, as the engine asks for it.

    It lists the actions of the installation; by their ids, those of workspaces' own connectors are found too.
    """

    def __init__(self, connectors: Mapping[str, Connector]) -> None:
        self._actions = {action.id: action for one in connectors.values() for action in one.actions.values()}

    def __getitem__(self, action_id: str) -> Action[Any]:
        found = self._actions.get(action_id)
        if found is None and action_id.startswith("own_"):
            from integrations.own.connectors import find

            connector = find(action_id)
            found = connector.actions.get(action_id.partition(".")[2]) if connector is not None else None
        if found is None:
            raise KeyError(action_id)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)


@dataclass(slots=True)
class Registry:
    """What discovery found."""

    connectors: dict[str, Connector] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    actions: Catalogue = field(default_factory=lambda: Catalogue({}))

    def connector(self, connector_id: str) -> Connector:
        """The connector of this id; `NotFound` names what exists."""
        try:
            return self.connectors[connector_id]
        except KeyError:
            known = ", ".join(sorted(self.connectors))
            raise NotFound(f"There is no connector {connector_id!r}.", remedy=f"Use one of: {known}.") from None


def discover() -> Registry:
    """Import every connector module there is."""
    found = Registry()
    for package in packages():
        module = load_part(package, "connector")
        if module is None:
            if package.startswith("integrations.connectors."):
                found.problems.append(Problem(package, "The folder has no connector.py."))
            continue
        if isinstance(module, Problem):
            found.problems.append(module)
            continue
        connectors = [value for value in vars(module).values() if isinstance(value, Connector)]
        # A module may import another package's connector to call its actions; only its own count.
        own = [connector for connector in connectors if f"{connector.module}.".startswith(f"{package}.")]
        if not own:
            found.problems.append(Problem(module.__name__, "It holds no Connector at module level."))
        for connector in own:
            if connector.id in found.connectors:
                taken = found.connectors[connector.id].module
                found.problems.append(Problem(module.__name__, f"The id {connector.id!r} is taken by {taken}."))
            else:
                found.connectors[connector.id] = connector
    found.actions = Catalogue(found.connectors)
    return found


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The connectors, discovered once per process."""
    return discover()


def catalogue() -> Catalogue:
    """Action id → action of every connector."""
    return registry().actions


def catalogue_of(workspace: Any) -> Mapping[str, Action[Any]]:
    """Action id → action of every connector this workspace may use, its own ones first."""
    return WorkspaceCatalogue(workspace, catalogue())


def connectors_of(workspace: Any) -> dict[str, Connector]:
    """Every connector this workspace may use, its own ones first."""
    from integrations.own.connectors import in_workspace

    return {**{one.id: one for one in in_workspace(workspace)}, **registry().connectors}


def find_connector(connector_id: str, workspace: Any) -> Connector | None:
    """The connector of this id, if the workspace (or its id) may use it."""
    from integrations.own.connectors import connector_in, is_own

    return connector_in(workspace, connector_id) if is_own(connector_id) else registry().connectors.get(connector_id)


def connector_for(connector_id: str, workspace: Any) -> Connector:
    """As `find_connector`; `NotFound` when there is none."""
    return find_connector(connector_id, workspace) or registry().connector(connector_id)


def action_for(action_id: str, workspace: Any) -> Action[Any]:
    """The action of this id, if the workspace may use it; `NotFound` when there is none."""
    action = catalogue_of(workspace).get(action_id)
    if action is None:
        raise _no_action(action_id)
    return action


class WorkspaceCatalogue(Mapping[str, Action[Any]]):
    """The installation's actions and a workspace's own; those of other workspaces do not exist in it."""

    def __init__(self, workspace: Any, everybody: Catalogue) -> None:
        self._workspace, self._everybody = workspace, everybody

    def __getitem__(self, action_id: str) -> Action[Any]:
        connector = find_connector(action_id.partition(".")[0], self._workspace)
        return connector.actions[action_id.partition(".")[2]] if connector else self._everybody[_known_only(action_id)]

    def __iter__(self) -> Iterator[str]:
        from integrations.own.connectors import in_workspace

        for connector in in_workspace(self._workspace):
            yield from (action.id for action in connector.actions.values())
        yield from self._everybody

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _known_only(action_id: str) -> str:
    if action_id.startswith("own_"):
        raise KeyError(action_id)
    return action_id


def get_action(action_id: str) -> Action[Any]:
    """The action of this id; `NotFound` when there is none."""
    action = catalogue().get(action_id)
    if action is None:
        raise _no_action(action_id)
    return action


def _no_action(action_id: str) -> NotFound:
    return NotFound(f"There is no action {action_id!r}.", remedy="Choose an action of the catalogue.")


# Upstreams -------------------------------------------------------------------------------------------------


def resolve_site(connector: Connector) -> Site:
    """Where the connector's upstream is: its own base URL variable first, else as UPSTREAMS says."""
    upstream = connector.upstream
    if upstream is None:
        return Site()
    custom = os.environ.get(upstream.base_url_env, "").strip() if upstream.base_url_env else ""
    if custom:
        return Site(custom.rstrip("/"), "custom")
    default, exceptions = parse_upstreams(env().upstreams)
    mode = exceptions.get(upstream.key, exceptions.get(connector.id, default))
    if mode == "sandbox" and upstream.sandbox:
        return Site(env().sandbox_url.rstrip("/") + upstream.sandbox, "sandbox")
    return Site(upstream.live, "live")


# Words and pictures ----------------------------------------------------------------------------------------


def folder_of(connector: Connector) -> Path:
    """The folder the connector's module lies in."""
    file = sys.modules[connector.module].__file__
    assert file is not None
    return Path(file).parent


def icon_file(connector: Connector, icon: str = "") -> Path | None:
    """The icon's SVG file beside the connector, in its `icons` folder, or in the app's static files."""
    folder, name = folder_of(connector), icon or connector.icon
    for candidate in (folder / name, folder / "icons" / name, folder / "static" / folder.name / name):
        if candidate.is_file():
            return candidate
    return None


def describe_action(action: Action[Any], language: str = "en") -> dict[str, Any]:
    """The catalogue entry of an action in one language, as the REST API and the canvas show it."""
    return {
        "id": action.id,
        "connector": action.connector.id,
        "name": action.name,
        "title": action.title.in_language(language),
        "description": action.description.in_language(language),
        "effect": action.effect,
        "heavy": action.heavy,
        "idempotent": action.is_idempotent,
        "needs_credential": action.needs_credential,
        "scopes": list(action.scopes),
        "timeout": action.timeout,
        "cache": action.cache,
        "dynamic_fields": sorted(action.options_of),
        "example": action.example,
        "input_schema": localise(action.input_schema, language),
        "output_schema": localise(action.output_schema, language),
    }


def describe_connector(connector: Connector, language: str = "en") -> dict[str, Any]:
    """The catalogue entry of a connector with its actions."""
    return {
        "id": connector.id,
        "title": connector.title.in_language(language),
        "description": connector.description.in_language(language),
        "group": connector.group,
        "docs_url": connector.docs_url,
        "auth": connector.credential_model.kind,
        "needs_credential": connector.needs_credential,
        "mode": resolve_site(connector).mode if connector.upstream else "local",
        "actions": [describe_action(action, language) for action in connector.actions.values()],
    }


def localise(schema: Any, language: str) -> Any:
    """The schema with its Korean words in place (or simply without them) instead of the `x-…-ko` hints."""
    if isinstance(schema, list):
        return [localise(item, language) for item in schema]
    if not isinstance(schema, dict):
        return schema
    korean = language.lower().startswith("ko")
    result = {}
    for key, value in schema.items():
        if key in ("x-description-ko", "x-title-ko"):
            continue
        words = schema.get(f"x-{key}-ko") if korean and key in ("description", "title") else None
        result[key] = words or localise(value, language)
    if korean and "x-title-ko" in schema and "title" not in schema:
        result["title"] = schema["x-title-ko"]
    return result
