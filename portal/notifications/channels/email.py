"""E-mail through Django: the account's own address, or a further one that confirmed itself."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation

from portal.notifications.channels.base import Address, Message, TryLater, Undeliverable, wrong
from portal.notifications.models import Channel


class Email:
    channel: ClassVar[str] = Channel.EMAIL
    needs_code: ClassVar[bool] = True

    def check(self, values: Mapping[str, Any]) -> Address:
        address = str(values.get("email", "")).strip()
        try:
            validate_email(address)
        except ValidationError:
            raise wrong("email", "This is no e-mail address.", "Write it as name@host.") from None
        return Address({"email": address}, address, address.lower())

    async def send(self, message: Message, secrets: Mapping[str, str], *, egress: Sequence[str] | None) -> int | None:
        await asyncio.to_thread(self._send, message, secrets["email"])
        return None

    def _send(self, message: Message, address: str) -> None:
        page = {"message": message, "items": message.items}
        with translation.override(message.language):
            text = render_to_string("notifications/mail.txt", page)
            html = render_to_string("notifications/mail.html", page)
        # A subject is one line, whatever a title holds.
        subject = " ".join(f"[{message.workspace}] {message.title}".split())[:180]
        host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        thread = hashlib.sha256(f"{message.id}:{address}".encode()).hexdigest()[:32]
        mail = EmailMultiAlternatives(
            subject,
            text,
            to=[address],
            headers={"Message-ID": f"<{thread}@{host}>", "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(html, "text/html")
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _text in error.recipients.values()]
            raise _judge(max(codes, default=550)) from None
        except smtplib.SMTPResponseException as error:
            raise _judge(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise TryLater("The mail server cannot be reached.", code="mail_away") from error


def _judge(code: int) -> TryLater | Undeliverable:
    """4yz is for a while, 5yz for good (RFC 5321 §4.2.1). The server's own text may hold addresses and stays out."""
    if 500 <= code < 600:
        return Undeliverable(f"The mail server refused the message ({code}).", code=f"smtp_{code}")
    return TryLater(f"The mail server is busy ({code}).", code=f"smtp_{code}")
