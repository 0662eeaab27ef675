"""What every page needs around its content: navigation, workspaces, language, theme."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import module_has_submodule
from django.utils.translation import get_language, gettext_lazy
from redis.exceptions import RedisError

from portal.common.navigation import NavItem
from portal.workspaces.usage import worst_meter

GROUPS = (("build", ""), ("data", gettext_lazy("Data")), ("workspace", gettext_lazy("Workspace")))


@dataclass(frozen=True, slots=True)
class NavLink:
    """A navigation entry resolved for one request."""

    label: str
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class NavGroup:
    title: str
    links: tuple[NavLink, ...]


@lru_cache(maxsize=1)
def navigation_items() -> tuple[NavItem, ...]:
    """The entries of every installed app that has a `nav` module, in their order."""
    found: list[NavItem] = []
    for config in apps.get_app_configs():
        if module_has_submodule(config.module, "nav"):
            found += import_module(f"{config.name}.nav").ITEMS
    return tuple(sorted(found, key=lambda item: item.order))


def _url(name: str) -> str:
    """The address of an entry; empty while the app that brings the route is not mounted."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


class Shell:
    """Read by the layout only; each part is computed when a template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def actor(self) -> Any:
        return getattr(self.request, "actor", None) or None

    @cached_property
    def nav(self) -> list[NavGroup]:
        """Groups with links, the one that fits the current address best marked as current."""
        visible = [
            (item, _url(item.url_name))
            for item in navigation_items()
            if not item.permission or (self.actor and self.actor.may(item.permission))
        ]
        path = self.request.path
        fits = [
            url
            for _, url in visible
            if url and (path == url or (url != "/" and path.startswith(url.rstrip("/") + "/")))
        ]
        current = max(fits, key=len, default=None)
        return [
            NavGroup(
                str(title),
                tuple(
                    NavLink(str(item.label), url, item.icon, url == current)
                    for item, url in visible
                    if url and item.group == group
                ),
            )
            for group, title in GROUPS
        ]

    @cached_property
    def memberships(self) -> list[Any]:
        user: Any = self.request.user
        if not user.is_authenticated:
            return []
        return list(user.memberships.select_related("workspace").order_by("workspace__name"))

    @cached_property
    def quota(self) -> Any:
        """The meter to warn of; None while no quota runs out, or while the counters cannot be read."""
        try:
            return worst_meter(self.actor.workspace) if self.actor else None
        except RedisError:
            return None

    @cached_property
    def unread(self) -> int:
        """Notifications that the person has not read, counted a little beyond what the bell shows."""
        from portal.notifications.selectors import unread_count

        if not self.actor or self.actor.user is None:
            return 0
        return unread_count(self.actor.user.pk, self.actor.workspace.pk)

    @property
    def unread_shown(self) -> str:
        """What the bell writes: the number, or 99+."""
        from portal.notifications.selectors import UNREAD_SHOWN

        return str(self.unread) if self.unread <= UNREAD_SHOWN else f"{UNREAD_SHOWN}+"

    @property
    def theme(self) -> str:
        user: Any = getattr(self.request, "user", None)
        wanted = self.request.COOKIES.get("theme") or (user.theme if user and user.is_authenticated else "")
        return wanted if wanted in {"light", "dark", "system"} else "system"

    @property
    def nav_width(self) -> str:
        wanted = self.request.COOKIES.get("nav", "")
        return wanted if wanted in {"wide", "narrow"} else ""

    @property
    def language(self) -> str:
        return (get_language() or settings.LANGUAGE_CODE).split("-")[0]

    @property
    def languages(self) -> list[tuple[str, str]]:
        return list(settings.LANGUAGES)

    @property
    def can(self) -> _Can:
        return _Can(self.actor)


class _Can:
    """`shell.can.workflow_update` in templates: whether the role holds `workflow:update`."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def __getitem__(self, name: str) -> bool:
        permission = name.replace("_", ":", 1)
        return bool(self._actor and self._actor.may(permission))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    built = Shell(request)
    return {"shell": built, "can": built.can}
