"""The credential of a mail account and what mails look like."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from integrations.sdk import Context, Credential, FileRef

Tls = Literal["tls", "starttls", "off"]


class MailCredential(Credential):
    """A mail account; leave out the server that is not needed."""

    user: str = Field(title="User", min_length=1, description="Mostly the mail address")
    password: SecretStr = Field(title="Password", min_length=1, description="Mostly an app password")
    address: str = Field("", title="Sender", description="Mail address to send from, when it is not the user")
    smtp_host: str = Field("", title="SMTP server")
    smtp_port: int = Field(465, title="SMTP port", ge=1, le=65535)
    smtp_tls: Tls = Field("tls", title="SMTP encryption", description="tls for 465, starttls for 587")
    imap_host: str = Field("", title="IMAP server")
    imap_port: int = Field(993, title="IMAP port", ge=1, le=65535)
    imap_tls: Tls = Field("tls", title="IMAP encryption", description="tls for 993, starttls for 143")
    ca: str = Field("", title="CA certificate", description="PEM text, when the certificate is of your own authority")


class Sent(BaseModel):
    """A mail the server took. `refused` are receivers it did not take; the others get the mail."""

    message_id: str
    accepted: list[str]
    refused: dict[str, str] = {}


class MailHead(BaseModel):
    """A mail in a list. `uid` names it within its mailbox; `date` is ISO 8601, empty when the mail tells none."""

    uid: int
    message_id: str = ""
    subject: str = ""
    sender: str = ""
    to: list[str] = []
    date: str = ""
    seen: bool = False
    size: int = 0


class MailList(BaseModel):
    """Mails, newest first; `complete` is false when more of them fit the search."""

    mailbox: str
    mails: list[MailHead]
    count: int
    total: int
    complete: bool


class Mail(MailHead):
    """A whole mail. `text` is its plain text, out of the HTML when it has no other; `complete` is false when cut."""

    cc: list[str] = []
    reply_to: str = ""
    in_reply_to: str = ""
    text: str = ""
    html: str = ""
    attachments: list[FileRef] = []
    complete: bool = True


class Mailboxes(BaseModel):
    """The mailboxes (folders) of the account."""

    mailboxes: list[str]
    count: int


class Marked(BaseModel):
    """A mail that was changed."""

    uid: int
    mailbox: str


def credential_of(ctx: Context) -> MailCredential:
    assert isinstance(ctx.credential, MailCredential)
    return ctx.credential
