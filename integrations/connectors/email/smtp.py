"""Sending mails by SMTP."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, make_msgid
from typing import TYPE_CHECKING

from integrations.connectors.email.models import MailCredential, Sent, credential_of
from integrations.connectors.email.wire import SECONDS, dial, need_host, tls_of
from integrations.sdk import (
    AuthError,
    ConnectorError,
    Context,
    FieldProblem,
    FileRef,
    InvalidParams,
    RateLimited,
    Rejected,
    Unavailable,
)

if TYPE_CHECKING:
    import aiosmtplib

MAX_ATTACHED = 25 * 1024 * 1024


async def send(
    ctx: Context,
    *,
    to: list[str],
    subject: str,
    text: str,
    html: str,
    cc: list[str],
    bcc: list[str],
    reply_to: str,
    in_reply_to: str,
    attachments: list[FileRef],
) -> Sent:
    """Send one mail; the SDK's error when the server takes it for nobody."""
    credential = credential_of(ctx)
    need_host(credential.smtp_host, "SMTP")
    sender = _one(credential.address or credential.user, "connection")
    receivers = {name: _addresses(values, name) for name, values in (("to", to), ("cc", cc), ("bcc", bcc))}
    everyone = list(dict.fromkeys(address for found in receivers.values() for address in found))
    if not everyone:
        raise InvalidParams("There is nobody to send to.", problems=[FieldProblem("to", "It is empty.", "Name one.")])
    message = EmailMessage()
    try:
        message["From"], message["Subject"] = sender, subject
        # Bcc never becomes a header.
        for name in ("to", "cc"):
            if receivers[name]:
                message[name.title()] = ", ".join(receivers[name])
        if reply_to:
            message["Reply-To"] = _one(reply_to, "reply_to")
        if in_reply_to:
            message["In-Reply-To"] = message["References"] = in_reply_to
    except ValueError:
        problem = FieldProblem("subject", "A line break cannot stand in a header.", "Remove it.")
        raise InvalidParams("The mail cannot be written.", problems=[problem]) from None
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or None)
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    await _attach(ctx, message, attachments)
    refused = await _deliver(ctx, credential, sender, everyone, message)
    accepted = [address for address in everyone if address not in refused]
    return Sent(message_id=message["Message-ID"], accepted=accepted, refused=refused)


def _addresses(values: list[str], field: str) -> list[str]:
    return [_one(value, f"{field}[{index}]") for index, value in enumerate(values)]


def _one(text: str, field: str) -> str:
    """The bare address of `Name <user@host>`; one that could break out of a header or command is refused."""
    found = getaddresses([text])
    address = found[0][1] if len(found) == 1 else ""
    try:
        if "@" not in address or not address.isprintable() or set(text) & set("\r\n\0"):
            raise ValueError
        Address(addr_spec=address)
    except (ValueError, IndexError, AttributeError, TypeError):
        problem = FieldProblem(field, "This is no mail address.", "Write it as name@example.com.")
        raise InvalidParams("An address cannot be used.", problems=[problem]) from None
    except Exception as error:
        # The header parser raises kinds of its own for addresses that are none.
        if type(error).__module__.startswith("email"):
            problem = FieldProblem(field, "This is no mail address.", "Write it as name@example.com.")
            raise InvalidParams("An address cannot be used.", problems=[problem]) from None
        raise
    return address


async def _attach(ctx: Context, message: EmailMessage, attachments: list[FileRef]) -> None:
    total = 0
    for index, ref in enumerate(attachments):
        content = await ctx.files.read(ref)
        total += len(content)
        if total > MAX_ATTACHED:
            problem = FieldProblem(f"attachments[{index}]", "Together they have more than 25 MB.", "Send a link.")
            raise InvalidParams("The attachments are too large.", problems=[problem])
        kind = ref.content_type or mimetypes.guess_type(ref.name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        message.add_attachment(
            content, maintype=main or "application", subtype=sub or "octet-stream", filename=ref.name
        )


async def _deliver(
    ctx: Context, credential: MailCredential, sender: str, receivers: list[str], message: EmailMessage
) -> dict[str, str]:
    """Who was refused, and why."""
    async with _signed_in(ctx, credential) as client:
        errors, _ = await client.send_message(message, sender=sender, recipients=receivers)
        return {address: answer.message[:200] for address, answer in errors.items()}


async def sign_in(ctx: Context) -> None:
    """Prove the account without sending anything."""
    async with _signed_in(ctx, credential_of(ctx)):
        pass


@asynccontextmanager
async def _signed_in(ctx: Context, credential: MailCredential) -> AsyncIterator[aiosmtplib.SMTP]:
    import aiosmtplib

    addresses = await ctx.resolve(credential.smtp_host, credential.smtp_port)
    seconds = min(SECONDS, ctx.remaining or SECONDS)
    opened = await asyncio.to_thread(dial, addresses, credential.smtp_port, seconds)
    client = aiosmtplib.SMTP(
        hostname=credential.smtp_host,
        sock=opened,
        timeout=seconds,
        use_tls=credential.smtp_tls == "tls",
        start_tls=credential.smtp_tls == "starttls",
        tls_context=tls_of(credential) if credential.smtp_tls != "off" else None,
    )
    try:
        async with client:
            await client.login(credential.user, credential.password.get_secret_value())
            yield client
    except aiosmtplib.SMTPException as error:
        raise _error_of(error) from None
    finally:
        opened.close()


def _error_of(error: aiosmtplib.SMTPException) -> ConnectorError:
    """The SDK's error for a reply of the server (RFC 5321 section 4.2, RFC 4954)."""
    import aiosmtplib

    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return AuthError("The mail server does not accept the user or password.", remedy="Check the connection.")
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        worst = error.recipients[0]
        code, said = worst.code, worst.message
    elif isinstance(error, aiosmtplib.SMTPResponseException):
        code, said = error.code, error.message
    elif isinstance(error, aiosmtplib.SMTPTimeoutError):
        return Unavailable("The mail server did not answer in time.", code="timeout")
    elif isinstance(error, aiosmtplib.SMTPNotSupported):
        return AuthError("The mail server offers no sign-in over this encryption.", code="not_allowed")
    else:
        return Unavailable("The mail server did not answer as SMTP servers do.", code="broken_answer")
    reason = f" It says: {' '.join(said.split())[:200]}"
    if code in (530, 534, 535, 538):
        return AuthError(f"The mail server refuses the sign-in.{reason}")
    if code in (421, 450, 451, 452) and ("rate" in said.lower() or "too many" in said.lower() or code == 452):
        return RateLimited(f"The mail server asks to slow down.{reason}", retry_after=60.0)
    if 400 <= code < 500:
        return Unavailable(f"The mail server cannot take the mail now.{reason}", remedy="Try again later.")
    if code in (550, 551, 553):
        return Rejected(f"The mail server takes none of the addresses.{reason}", code="upstream_not_found")
    return Rejected(f"The mail server refuses the mail.{reason}")
