"""The apps a person has let in, and the way to show them the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from portal.accounts.models import User
from portal.accounts.oauth.resources import find
from portal.accounts.oauth.scopes import SCOPES


@dataclass
class GrantedApp:
    """One client with everything its live tokens of one person allow."""

    id: int
    name: str
    since: datetime
    scopes: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)

    def scope_texts(self) -> list[Any]:
        return [SCOPES.get(scope, scope) for scope in sorted(self.scopes)]

    def resource_names(self) -> list[str]:
        return [found.name if (found := find(url)) else url for url in sorted(self.resources)]


def apps_of(user: User) -> list[GrantedApp]:
    """Every client with a live access or refresh token of the person, by name."""
    apps: dict[int, GrantedApp] = {}
    access = get_access_token_model().objects.filter(user=user).select_related("application")
    refreshable = set(
        get_refresh_token_model().objects.filter(user=user, revoked=None).values_list("access_token_id", flat=True)
    )
    now = timezone.now()
    for token in access:
        if token.application is None or not (token.expires > now or token.pk in refreshable):
            continue
        application = token.application
        app = apps.setdefault(
            application.pk, GrantedApp(application.pk, application.name or application.client_id, token.created)
        )
        app.since = min(app.since, token.created)
        app.scopes |= set(token.scope.split())
        app.resources |= set(token.resource or [])
    return sorted(apps.values(), key=lambda app: app.name)


@transaction.atomic
def revoke(user: User, application_id: int) -> int:
    """End everything the client holds for the person; the number of tokens that died."""
    mine = {"user": user, "application_id": application_id}
    refresh = get_refresh_token_model().objects.select_for_update().filter(**mine, revoked=None)
    ended = refresh.update(revoked=timezone.now())
    ended += get_access_token_model().objects.filter(**mine).delete()[0]
    return int(ended + get_grant_model().objects.filter(**mine).delete()[0])


@login_required
@require_GET
def granted_apps(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    return render(request, "account/apps.html", {"apps": apps_of(user)})


@login_required
@require_POST
def revoke_app(request: HttpRequest, application_id: int) -> HttpResponse:
    user: Any = request.user
    if not revoke(user, application_id):
        raise Http404
    messages.success(request, _("The app can no longer act as you."))
    return redirect("oauth2_provider:granted-apps")
