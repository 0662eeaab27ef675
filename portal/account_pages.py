"""The person's own page: profile and personal API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.models import ApiKey, User
from portal.accounts.services import create_api_key, revoke_api_key, rotate_api_key
from portal.workspaces.roles import Permission


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name", "time_zone")
        labels = {"name": gettext_lazy("Name"), "time_zone": gettext_lazy("Time zone")}
        help_texts = {"name": gettext_lazy("Shown to the other members of your workspaces.")}

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(_("This is no known time zone. Use a name such as Asia/Seoul."))
        return zone


class ApiKeyForm(forms.Form):
    label = forms.CharField(label=gettext_lazy("Label"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Permissions"),
        choices=[(p.value, p.value) for p in Permission],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Choose none to allow everything your role allows."),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Expires"),
        coerce=int,
        choices=[
            (30, gettext_lazy("in 30 days")),
            (90, gettext_lazy("in 90 days")),
            (365, gettext_lazy("in a year")),
            (0, gettext_lazy("never")),
        ],
        initial=90,
    )
    per_minute = forms.IntegerField(label=gettext_lazy("Calls a minute"), min_value=1, required=False)
    daily_calls = forms.IntegerField(label=gettext_lazy("Calls a day"), min_value=1, required=False)
    monthly_calls = forms.IntegerField(label=gettext_lazy("Calls a month"), min_value=1, required=False)


def _page(request: HttpRequest, profile: ProfileForm, key_form: ApiKeyForm, secret: str = "") -> HttpResponse:
    now = timezone.now()
    keys = list(ApiKey.objects.filter(user=request.user, role="", revoked_at=None))
    for key in keys:
        key.usable = key.is_usable(now)  # type: ignore[attr-defined]
    page = {"profile": profile, "key_form": key_form, "keys": keys, "secret": secret}
    return render(request, "account/settings.html", page, status=200 if not key_form.errors else 422)


@login_required
@require_http_methods(["GET", "POST"])
def account_settings(request: HttpRequest) -> HttpResponse:
    """Show and save the profile."""
    user: Any = request.user
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your profile is saved."))
        return redirect("account-settings")
    return _page(request, form, ApiKeyForm())


@login_required
@require_POST
def add_api_key(request: HttpRequest) -> HttpResponse:
    """Create a key; its secret is in this answer and nowhere else."""
    user: Any = request.user
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, ProfileForm(instance=user), form)
    days: int = form.cleaned_data["days"]
    actor: Any = request.actor  # type: ignore[attr-defined]
    _key, secret = create_api_key(
        user,
        form.cleaned_data["label"],
        workspace_id=actor.workspace.pk if actor else None,
        scopes=form.cleaned_data["scopes"],
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        per_minute=form.cleaned_data["per_minute"] or 0,
        daily_calls=form.cleaned_data["daily_calls"] or 0,
        monthly_calls=form.cleaned_data["monthly_calls"] or 0,
    )
    return _with_secret(request, user, secret)


def _with_secret(request: HttpRequest, user: Any, secret: str) -> HttpResponse:
    response = _page(request, ProfileForm(instance=user), ApiKeyForm(), secret)
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def renew_api_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """A new key like the old one, which works for another day."""
    user: Any = request.user
    _key, secret = rotate_api_key(user, key_id)
    return _with_secret(request, user, secret)


@login_required
@require_POST
def remove_api_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    user: Any = request.user
    revoke_api_key(user, key_id)
    messages.success(request, _("The key is revoked. Whoever still uses it gets an error."))
    return redirect("account-settings")
