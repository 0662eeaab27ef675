"""What an access token can be for: the REST API, or exactly one thing that another app has announced.

A token names its resource (RFC 8707) and opens nothing else; every comparison is for equality.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.oauth.scopes import API_SCOPES


@dataclass(frozen=True, slots=True)
class Resource:
    """One audience. `admits` says whether the person may use it at all; `workspace_id` when it belongs to one."""

    url: str
    name: str
    scopes: frozenset[str]
    admits: Callable[[User], bool]
    workspace_id: UUID | None = None


Finder = Callable[[str], Resource | None]
_finders: list[Finder] = []


def announce(finder: Finder) -> None:
    """Let an app above this one offer its own resources; called once, when the app is ready."""
    if finder not in _finders:
        _finders.append(finder)


def api_url() -> str:
    """The resource identifier of the REST API."""
    return f"{settings.PUBLIC_URL}/api"


def find(url: str) -> Resource | None:
    """The resource with exactly this identifier, if it exists right now."""
    if url == api_url():
        return Resource(url, _("REST API"), frozenset(API_SCOPES), lambda user: user.is_active)
    return next((found for finder in _finders if (found := finder(url)) is not None), None)
