"""A mail as an event: from raw MIME (RFC 5322), or from what inbound mail services send.

Understood are the JSON of Postmark's form (`From`, `TextBody`, `Attachments` with base64 `Content`), plain JSON with
lower-case names, and multipart forms as SendGrid and Mailgun send them (`from`, `text`, files; or `email` with MIME).
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr, parsedate_to_datetime
from typing import Any

from integrations.sdk.html import text_of_html
from portal.common.errors import Invalid

MAX_TEXT = 500_000
MAX_ATTACHMENTS = 20


@dataclass(slots=True)
class Mail:
    """A mail and the bytes of its attachments."""

    event: dict[str, Any]
    files: list[tuple[str, str, bytes]] = field(default_factory=list)


def _event(**values: Any) -> dict[str, Any]:
    name, address = parseaddr(str(values.get("sender") or ""))
    receivers = [address for _, address in getaddresses([str(values.get("to") or "")]) if address]
    html, text = str(values.get("html") or "")[:MAX_TEXT], str(values.get("text") or "")[:MAX_TEXT]
    return {
        "message_id": str(values.get("message_id") or "").strip()[:400],
        "from": address.lower(),
        "from_name": name,
        "to": receivers,
        "subject": str(values.get("subject") or "")[:1000],
        "text": text or text_of_html(html),
        "html": html,
        "date": str(values.get("date") or ""),
        "attachments": [],
    }


def from_mime(content: bytes) -> Mail:
    """A raw message."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    if not isinstance(message, EmailMessage) or (message["From"] is None and message["Subject"] is None):
        raise Invalid("This is no mail.", remedy="Send the raw message (MIME) or the fields of your mail service.")
    body, rich = message.get_body(("plain",)), message.get_body(("html",))
    mail = Mail(
        _event(
            sender=message["From"],
            to=message["To"],
            subject=message["Subject"],
            text=_text(body),
            html=_text(rich),
            message_id=message["Message-ID"],
            date=_date(message),
        )
    )
    for part in list(message.iter_attachments())[:MAX_ATTACHMENTS]:
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            mail.files.append((part.get_filename() or "attachment", part.get_content_type(), payload))
    return mail


def _text(part: Any) -> str:
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeDecodeError):
        payload = part.get_payload(decode=True) or b""
        return bytes(payload).decode("utf-8", "replace")


def _date(message: EmailMessage) -> str:
    try:
        return parsedate_to_datetime(str(message["Date"])).isoformat()
    except (TypeError, ValueError):
        return ""


def from_json(values: Mapping[str, Any]) -> Mail:
    """The JSON of an inbound mail service."""
    lower = {str(name).lower().replace("_", "").replace("-", ""): value for name, value in values.items()}
    if "from" not in lower and "sender" not in lower:
        raise Invalid("This is no mail: it has no `from`.", remedy="Send the fields from, to, subject and text.")
    receivers = lower.get("to", "")
    mail = Mail(
        _event(
            sender=lower.get("from") or lower.get("sender"),
            to=", ".join(map(str, receivers)) if isinstance(receivers, list) else receivers,
            subject=lower.get("subject"),
            text=lower.get("textbody") or lower.get("text") or lower.get("bodyplain"),
            html=lower.get("htmlbody") or lower.get("html") or lower.get("bodyhtml"),
            message_id=lower.get("messageid"),
            date=lower.get("date"),
        )
    )
    for item in (lower.get("attachments") or [])[:MAX_ATTACHMENTS]:
        if not isinstance(item, dict):
            continue
        parts = {str(name).lower(): value for name, value in item.items()}
        try:
            content = base64.b64decode(str(parts.get("content") or ""), validate=True)
        except binascii.Error:
            raise Invalid("An attachment is not base64.", remedy="Send its content as base64.") from None
        kind = str(parts.get("contenttype") or parts.get("type") or "application/octet-stream")
        mail.files.append((str(parts.get("name") or parts.get("filename") or "attachment"), kind, content))
    return mail


def from_form(values: Mapping[str, str], files: list[tuple[str, str, bytes]]) -> Mail:
    """The multipart form of an inbound mail service."""
    if raw := values.get("email"):
        return from_mime(raw.encode())
    mail = from_json(dict(values))
    mail.files = files[:MAX_ATTACHMENTS]
    return mail


def fits(event: Mapping[str, Any], senders: list[str], subject: str) -> bool:
    """Whether the mail is one of those wanted. A domain in the list covers its subdomains."""
    address = str(event["from"])
    domain = address.rpartition("@")[2]
    if subject and subject.lower() not in str(event["subject"]).lower():
        return False
    if not senders:
        return True
    for wanted in (one.strip().lower().lstrip("@") for one in senders):
        if address == wanted or ("@" not in wanted and (domain == wanted or domain.endswith("." + wanted))):
            return True
    return False
