"""Django's admin as operators get it: only with a second factor, searchable, without secrets, history read-only."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: How long a session that showed its second factor opens the admin.
MFA_SECONDS = 12 * 3600
#: Columns that are secrets, or open something to whoever reads them. They are on no page of the admin.
SECRETS = frozenset({
    "client_secret", "code", "code_hash", "data", "device_code", "key", "nonce", "password",
    "private_key", "sealed", "secret", "secret_key", "session_data", "session_key", "token", "token_checksum",
    "token_hash", "token_secret", "user_code", "wrapped",
})  # fmt: skip
#: Models that operators change here; everything else of ours has services that check and record each change.
EDITABLE = frozenset(
    {"accounts.user", "workspaces.plan", "workspaces.workspace", "auth.group", "oauth2_provider.application"}
)
#: Rows an operator may remove, to let somebody in again or to end access.
REMOVABLE = frozenset(
    {"mfa.authenticator", "usersessions.usersession", "oauth2_provider.accesstoken", "oauth2_provider.refreshtoken"}
)
#: Not shown: Django's own tables without content, and sessions, whose key would open them.
LEFT_OUT = frozenset({"auth.permission", "contenttypes.contenttype", "sessions.session"})


def has_second_factor(user: Any) -> bool:
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def showed_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened, or confirmed of late, with the second factor."""
    records = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    return any(item.get("method") == "mfa" and time.time() - item.get("at", 0) < MFA_SECONDS for item in records)


class PortalAdminSite(AdminSite):
    site_header = gettext_lazy("Administration")
    site_title = gettext_lazy("Administration")
    index_title = gettext_lazy("Everything stored")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_second_factor(request.user) and showed_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Where the admin sends whoever it does not let in: to sign in, to enrol, or to show the second factor."""
        target = request.GET.get("next") or request.get_full_path()
        if not target.startswith("/admin/") or target.startswith(reverse("admin:login")):
            target = reverse("admin:index")
        user: Any = request.user
        if not user.is_authenticated:
            return redirect_to_login(target)
        if not (user.is_staff and user.is_active):
            raise PermissionDenied
        if self.has_permission(request):
            return redirect(target)
        if not has_second_factor(user):
            messages.info(request, _("The administration opens only with a second factor. Set one up first."))
            return redirect("mfa_activate_totp")
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': target})}")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "site_url": "/"}


def _plain_fields(model: type[models.Model], kinds: tuple[type[models.Field[Any, Any]], ...]) -> list[str]:
    return [f.name for f in model._meta.concrete_fields if isinstance(f, kinds) and f.name not in SECRETS]


def searchable(model: type[models.Model]) -> tuple[str, ...]:
    """The texts of a model, and its key."""
    texts = _plain_fields(model, (models.CharField, models.TextField, models.UUIDField))
    people = [
        f"{field.name}__email"
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model._meta.label_lower == "accounts.user"
    ]
    return tuple([*texts, *people][:8]) or (model._meta.pk.name,)


class Shown(ModelAdmin):
    """A model without an admin of its own: looked at, searched, not edited."""

    show_full_result_count = False
    list_per_page = 50

    def get_list_display(self, request: HttpRequest) -> list[str]:
        dull = (models.JSONField, models.BinaryField, models.TextField)
        fields = [f for f in self.model._meta.concrete_fields if not isinstance(f, dull) and f.name not in SECRETS]
        named = [f.name for f in fields if f.name != "id"]
        return ["__str__", *named[:6]]

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        shown = set(self.get_list_display(request))
        return [f.name for f in self.model._meta.concrete_fields if f.is_relation and f.name in shown] or False  # type: ignore[return-value]

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return searchable(self.model)


class Story(Shown):
    """Events and node runs, whose key has several columns: a list alone, and only of the run that is named."""

    actions = None
    list_display_links = None
    search_help_text = gettext_lazy("The id of a run.")

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("execution_id",)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Nothing until a run is named: the table is too large to be counted for a look."""
        try:
            return queryset.filter(execution_id=UUID(search_term.strip())), False
        except ValueError:
            return queryset.none(), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> None:
        """There are no pages of single rows."""


def _guard(entry: ModelAdmin) -> None:
    """Take secrets and deeds out of an admin, whoever wrote it: changes go through services, which record them."""
    model, label = entry.model, entry.model._meta.label_lower
    names = {field.name for field in model._meta.get_fields()}
    if entry.fields is None and not entry.fieldsets:
        entry.exclude = sorted({*(entry.exclude or ()), *(SECRETS & names)})
    # Libraries search by `username`, which people here have not.
    if isinstance(entry, Story):
        pass
    elif not entry.search_fields or any(name.endswith("username") for name in entry.search_fields):
        entry.search_fields = searchable(model)
    if label in EDITABLE:
        return

    def never(request: HttpRequest, obj: Any = None) -> bool:
        return False

    entry.has_add_permission = entry.has_change_permission = never  # type: ignore[method-assign, assignment]
    if label not in REMOVABLE:
        entry.has_delete_permission = never  # type: ignore[method-assign]


def complete(site: AdminSite) -> None:
    """After every app has registered its own: the rest, and the same rules for all."""
    from django.apps import apps

    for model in apps.get_models():
        if model in site._registry or model._meta.label_lower in LEFT_OUT or model._meta.auto_created:
            continue
        if model._meta.is_composite_pk:
            # Django registers no such model, because it could not link to a row; lists it shows well.
            site._registry[model] = Story(model, site)
        else:
            site.register(model, Shown)
    for entry in site._registry.values():
        _guard(entry)
