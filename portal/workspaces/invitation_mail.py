"""The mail that carries an invitation."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.workspaces.models import Invitation


def send(invitation: Invitation, link: str) -> None:
    """Mail the link, in the language of the one who invites; `OSError` when the mail server is away."""
    who = invitation.invited_by.get_short_name() if invitation.invited_by else settings.PUBLIC_URL
    values = {"who": who, "workspace": invitation.workspace.name}
    until = date_format(timezone.localtime(invitation.expires_at), "DATE_FORMAT")
    lines = (
        _("%(who)s invites you to the workspace “%(workspace)s”.") % values,
        _("Open this link to join. It works once, until %(day)s:") % {"day": until},
        link,
        _("If you did not expect this, ignore it: without the link nothing happens."),
    )
    # A line break in a name would end the header; Django refuses the mail then.
    subject = " ".join((_("Invitation to “%(workspace)s”") % values).split())
    send_mail(subject, "\n\n".join(lines) + "\n", settings.DEFAULT_FROM_EMAIL, [invitation.email])
