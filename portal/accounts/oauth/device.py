"""The page where a person types in the code that a device shows (RFC 8628 §3.3)."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oauth2_provider.models import get_device_grant_model
from oauth2_provider.views import DeviceConfirmView, DeviceUserCodeView

from portal.accounts.limits import take
from portal.accounts.oauth.scopes import SCOPES
from portal.common.errors import LimitReached

#: Guessing a living code must stay hopeless (RFC 8628 §5.1).
CODES_PER_QUARTER_HOUR = 20


class CodeForm(forms.Form):
    """Takes the code as people type it: in small letters, with hyphens and spaces."""

    user_code = forms.CharField(label=gettext_lazy("Code"), max_length=40)

    def clean_user_code(self) -> str:
        code = re.sub(r"[\s-]", "", self.cleaned_data["user_code"]).upper()
        model = get_device_grant_model()
        device = model.objects.filter(user_code=code).first()
        if device is None or device.is_expired() or device.status != model.AUTHORIZATION_PENDING:
            raise ValidationError(_("This code is unknown, used up or expired. Let the device show a new one."))
        self.cleaned_data["device_grant"] = device
        return code


class EnterCode(DeviceUserCodeView):  # type: ignore[misc]
    """Asks for the code; only so many tries."""

    form_class = CodeForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            take("oauth-user-code", str(request.user.pk), limit=CODES_PER_QUARTER_HOUR, per=900)
        except LimitReached:
            form = self.get_form()
            form.add_error(None, _("Too many tries. Wait a quarter of an hour."))
            response = self.render_to_response(self.get_context_data(form=form), status=429)
            response["Retry-After"] = "900"
            return response
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


class Confirm(DeviceConfirmView):  # type: ignore[misc]
    """Shows who asks for what, and the code again, so that it can be compared with the device."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["scope_texts"] = [(scope, SCOPES[scope]) for scope in self.get_object().scope.split()]
        context["user_code"] = self.kwargs["user_code"]
        return context
