"""Any mail account: send by SMTP, read by IMAP."""

from __future__ import annotations

import asyncio
import datetime as dt
import imaplib
from collections.abc import Callable
from typing import Annotated, TypeVar

from integrations.connectors.email import imap
from integrations.connectors.email import smtp as sending
from integrations.connectors.email.models import (
    Mail,
    Mailboxes,
    MailCredential,
    MailList,
    Marked,
    Sent,
    credential_of,
)
from integrations.connectors.email.wire import SECONDS, imap_session, need_host
from integrations.sdk import Connector, Context, Event, EventPage, FileRef, Option, Param, Rejected, Text

T = TypeVar("T")

mail = Connector(
    "email",
    title=Text("E-mail", "이메일"),
    description=Text(
        "Sends mails through any SMTP server and reads any IMAP mailbox, attachments included.",
        "SMTP 서버로 메일을 보내고 IMAP 메일함을 읽습니다. 첨부 파일도 지원합니다.",
    ),
    auth=MailCredential,
    group="communication",
    dials=True,
)

Addresses = Annotated[list[str], Param("Mail addresses", "메일 주소 목록", max_length=100)]
Mailbox = Annotated[str, Param("Mailbox (folder)", "메일함", min_length=1, max_length=200)]
Uid = Annotated[int, Param("Number of the mail in its mailbox", "메일함 속 메일 번호", ge=1, le=2**32)]


@mail.action(
    title=Text("Send mail", "메일 보내기"),
    description_ko="메일을 보냅니다. 파일을 첨부할 수 있습니다.",
    effect="write",
    timeout=60,
)
async def send(
    ctx: Context,
    to: Addresses,
    subject: Annotated[str, Param("Subject", "제목", max_length=900)],
    text: Annotated[str, Param("The text", "본문", widget="textarea", max_length=1_000_000)],
    html: Annotated[str, Param("The same as HTML", "HTML 본문", widget="textarea", max_length=1_000_000)] = "",
    cc: Addresses = [],  # noqa: B006
    bcc: Addresses = [],  # noqa: B006
    reply_to: Annotated[str, Param("Answers go here", "회신 주소", max_length=300, advanced=True)] = "",
    in_reply_to: Annotated[
        str,
        Param("Message id of the mail it answers", "답장할 메일의 Message-ID", max_length=900, advanced=True),
    ] = "",
    attachments: Annotated[list[FileRef], Param("Files, 25 MB together", "첨부 파일(합계 25MB)", max_length=20)] = [],  # noqa: B006
) -> Sent:
    """Sends one mail; receivers the server refuses are named in the answer."""
    return await sending.send(
        ctx,
        to=to,
        subject=subject,
        text=text,
        html=html,
        cc=cc,
        bcc=bcc,
        reply_to=reply_to,
        in_reply_to=in_reply_to,
        attachments=attachments,
    )


@mail.action(
    title=Text("Find mails", "메일 찾기"),
    description_ko="메일함에서 조건에 맞는 메일을 새것부터 찾습니다.",
    timeout=60,
)
async def list_messages(
    ctx: Context,
    mailbox: Mailbox = "INBOX",
    words: Annotated[str, Param("Words anywhere in the mail", "메일에 들어 있는 말", max_length=300)] = "",
    sender: Annotated[str, Param("Part of the sender's address", "보낸 사람 주소의 일부", max_length=200)] = "",
    unseen: Annotated[bool, Param("Only mails not read yet", "읽지 않은 메일만")] = False,
    since: Annotated[dt.date | None, Param("Only mails of this day or later", "이 날짜부터", widget="date")] = None,
    count: Annotated[int, Param("Mails at most", "최대 메일 수", ge=1, le=500)] = 50,
) -> MailList:
    """Finds mails of a mailbox, newest first, without marking them as read."""
    criteria = ["UNSEEN"] if unseen else []
    if sender:
        criteria += ["FROM", imap.quoted(sender.encode("ascii", "replace").decode())]
    if since:
        criteria += ["SINCE", imaplib.Time2Internaldate(dt.datetime.combine(since, dt.time(12), dt.UTC))[1:12].strip()]

    def work(client: imaplib.IMAP4) -> MailList:
        imap.open_mailbox(client, mailbox)
        return imap.heads(client, mailbox, imap.search(client, criteria, words), count)

    return await _with_imap(ctx, work)


@mail.action(
    title=Text("Read mail", "메일 읽기"),
    description_ko="메일 하나의 본문과 첨부 파일을 읽습니다.",
    timeout=60,
)
async def read_message(
    ctx: Context,
    uid: Uid,
    mailbox: Mailbox = "INBOX",
    attachments: Annotated[bool, Param("Save the attachments as files", "첨부 파일도 저장")] = True,
) -> Mail:
    """Reads one mail with its text and, as files, its attachments."""

    def work(client: imaplib.IMAP4) -> tuple[Mail, list[tuple[str, bytes, str]]]:
        imap.open_mailbox(client, mailbox)
        return imap.fetch(client, uid)

    found, parts = await _with_imap(ctx, work)
    if attachments:
        found.attachments = [await ctx.files.save(name, content, kind) for name, content, kind in parts]
    return found


@mail.action(
    title=Text("Mark mail", "메일 표시"),
    description_ko="메일을 읽음 또는 읽지 않음으로 표시합니다.",
    effect="write",
    idempotent=True,
)
async def mark(
    ctx: Context,
    uid: Uid,
    mailbox: Mailbox = "INBOX",
    seen: Annotated[bool, Param("Read, else not read", "읽음(아니면 읽지 않음)")] = True,
) -> Marked:
    """Marks a mail as read or not read."""

    def work(client: imaplib.IMAP4) -> Marked:
        imap.open_mailbox(client, mailbox, readonly=False)
        status, data = client.uid("STORE", str(uid), "+FLAGS" if seen else "-FLAGS", "(\\Seen)")
        if status != "OK" or data == [None]:
            raise Rejected(f"There is no mail {uid} in this mailbox.", code="upstream_not_found")
        return Marked(uid=uid, mailbox=mailbox)

    return await _with_imap(ctx, work)


@mail.action(
    title=Text("List mailboxes", "메일함 목록"),
    description_ko="계정의 메일함 이름을 조회합니다.",
    cache=60,
)
async def list_mailboxes(ctx: Context) -> Mailboxes:
    """Lists the mailboxes (folders) of the account."""
    found = await _with_imap(ctx, imap.mailboxes)
    return Mailboxes(mailboxes=found, count=len(found))


async def _mailbox_options(ctx: Context, query: str, params: dict[str, object]) -> list[Option]:
    """The account's mailboxes."""
    found = await list_mailboxes(ctx)
    return [Option(name, name) for name in found.mailboxes if query.lower() in name.lower()]


for _action in (list_messages, read_message, mark):
    _action.options("mailbox")(_mailbox_options)


@mail.trigger(title=Text("New mail", "새 메일"), description_ko="메일함에 새 메일이 오면 알립니다.", interval=120)
async def new_mail(ctx: Context, mailbox: Mailbox = "INBOX") -> EventPage:
    """A mail that the mailbox did not have before."""

    def work(client: imaplib.IMAP4) -> tuple[str, MailList]:
        imap.open_mailbox(client, mailbox)
        # Uids are only comparable while the server keeps this number (RFC 3501 section 2.3.1.1).
        validity = (client.response("UIDVALIDITY")[1] or [b"0"])[0] or b"0"
        era = validity.decode("ascii", "replace")
        before, _, last = (ctx.cursor or "").partition(":")
        criteria = ["UID", f"{int(last) + 1}:*"] if before == era and last.isdigit() else ["ALL"]
        uids = imap.search(client, criteria, "")
        if before == era and last.isdigit():
            # `n:*` names the last mail even when its uid is smaller than n.
            uids = [uid for uid in uids if uid > int(last)]
            more = uids[:100]
        else:
            more = uids[-20:]
        return era, imap.heads(client, mailbox, more, 100)

    era, found = await _with_imap(ctx, work)
    events = [
        Event(id=f"{mailbox}:{era}:{one.uid}", at=one.date, data={**one.model_dump(mode="json"), "mailbox": mailbox})
        for one in reversed(found.mails)
    ]
    cursor = f"{era}:{found.mails[0].uid}" if found.mails else ctx.cursor or f"{era}:0"
    return EventPage(events=events, cursor=cursor, more=bool(ctx.cursor) and found.count == 100)


@mail.test
async def check(ctx: Context) -> None:
    """Signs in where a server is named; sends nothing."""
    credential = credential_of(ctx)
    if credential.imap_host:
        await _with_imap(ctx, lambda client: None)
    if credential.smtp_host:
        await sending.sign_in(ctx)
    if not credential.imap_host and not credential.smtp_host:
        need_host("", "SMTP or IMAP")


async def _with_imap(ctx: Context, work: Callable[[imaplib.IMAP4], T]) -> T:
    credential = credential_of(ctx)
    need_host(credential.imap_host, "IMAP")
    addresses = await ctx.resolve(credential.imap_host, credential.imap_port)
    seconds = min(SECONDS, ctx.remaining or SECONDS)

    def run() -> T:
        with imap_session(credential, addresses, seconds) as client:
            return work(client)

    return await asyncio.to_thread(run)
