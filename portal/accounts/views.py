"""The one-time sign-in link, language and theme."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from portal.accounts.models import User
from portal.accounts.services import redeem_sign_in_link


@require_GET
def sign_in_with_link(request: HttpRequest, token: str) -> HttpResponse:
    user = redeem_sign_in_link(token)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)


@require_POST
def save_preferences(request: HttpRequest) -> HttpResponse:
    """Store language and theme on the person (or in cookies for nobody) and go back."""
    language, theme = request.POST.get("language"), request.POST.get("theme")
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    response = HttpResponseRedirect(target)
    changed = []
    if language in dict(settings.LANGUAGES):
        translation.activate(language)
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax")
        changed.append("language")
    if theme in User.Theme.values:
        response.set_cookie("theme", theme, max_age=31_536_000, samesite="Lax")
        changed.append("theme")
    if request.user.is_authenticated and changed:
        for name in changed:
            setattr(request.user, name, request.POST[name])
        request.user.save(update_fields=changed)
    return response
