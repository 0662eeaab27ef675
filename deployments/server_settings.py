"""What an owner may change of a server without a new revision."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments.models import Deployment
from deployments.services import update_deployment
from portal.workspaces.services import Actor

FIELDS = ("name", "description", "instructions", "rate_limit", "soft_timeout_seconds", "allowed_origins")


class ServerForm(forms.ModelForm):
    """The settings of a server; origins stand one a line."""

    allowed_origins = forms.CharField(
        label=gettext_lazy("Allowed browser origins"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line, such as https://app.example.com. Clients outside of browsers need none."),
    )

    class Meta:
        model = Deployment
        fields = FIELDS
        labels = {
            "name": gettext_lazy("Name"),
            "description": gettext_lazy("Description"),
            "instructions": gettext_lazy("Instructions for models"),
            "rate_limit": gettext_lazy("Calls a minute"),
            "soft_timeout_seconds": gettext_lazy("Soft time limit in seconds"),
        }
        help_texts = {
            "instructions": gettext_lazy("Clients give this to the model once, before the tools."),
            "rate_limit": gettext_lazy("Over all callers together; more calls get an error that says when to retry."),
            "soft_timeout_seconds": gettext_lazy(
                "After this, a client is told that the run goes on in the background."
            ),
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 2}), "instructions": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if self.instance.pk and not self.is_bound:
            self.initial["allowed_origins"] = "\n".join(self.instance.allowed_origins)

    def clean_rate_limit(self) -> int:
        value: int = self.cleaned_data["rate_limit"]
        if not 0 <= value <= 100_000:
            raise ValidationError(_("Use 0 to 100,000; 0 means unlimited."))
        return value

    def clean_soft_timeout_seconds(self) -> float:
        value: float = self.cleaned_data["soft_timeout_seconds"]
        if not 1 <= value <= 3600:
            raise ValidationError(_("Use 1 to 3,600 seconds."))
        return value

    def clean_allowed_origins(self) -> list[str]:
        origins = self.cleaned_data["allowed_origins"].split()
        check = URLValidator(schemes=["http", "https"])
        for origin in origins:
            try:
                check(origin)
            except ValidationError:
                raise ValidationError(_("%(origin)s is no origin.") % {"origin": origin}) from None
            if origin.count("/") != 2:
                raise ValidationError(_("Leave out the path of %(origin)s.") % {"origin": origin})
        return origins


def save_settings(actor: Actor, deployment: Deployment, form: ServerForm) -> Deployment:
    """Store the valid form."""
    return update_deployment(actor, deployment, **{name: form.cleaned_data[name] for name in FIELDS})
