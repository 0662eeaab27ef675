"""Gmail: search, read, send, draft, attachments, labels."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from typing import Annotated, Any

from pydantic import BaseModel

from integrations.connectors.google.client import Google, google_oauth
from integrations.sdk import Connector, Context, FieldProblem, FileRef, InvalidParams, Param, Rate, Text, Upstream
from integrations.sdk.html import text_of_html

gmail = Connector(
    "gmail",
    title=Text("Gmail", "지메일"),
    description=Text(
        "Searches, reads, sends and drafts mails; saves attachments; sets labels.",
        "메일을 찾고 읽고 보내고 초안을 쓰며, 첨부 파일을 저장하고 라벨을 바꿉니다.",
    ),
    auth=google_oauth("gmail.modify"),
    upstream=Upstream(
        key="google",
        base_url_env="GOOGLE_GMAIL_BASE_URL",
        live="https://gmail.googleapis.com/gmail/v1",
        sandbox="/google/gmail/v1",
        sandbox_credential={"access_token": "ya29.sandbox-token"},
    ),
    rate=Rate(40, per=1),
    group="communication",
    icon="gmail.svg",
    docs_url="https://developers.google.com/workspace/gmail/api",
)

ME = "/users/me"
Addresses = Annotated[list[str], Param("E-mail addresses", "이메일 주소", min_length=1, max_length=100)]
Others = Annotated[list[str], Param("E-mail addresses", "이메일 주소", max_length=100)]
Subject = Annotated[str, Param("Subject", "제목", max_length=900)]
MailText = Annotated[str, Param("Plain text", "본문", widget="textarea", max_length=1_000_000)]
Html = Annotated[str | None, Param("The same as HTML", "HTML 본문", widget="textarea", advanced=True)]
Files = Annotated[
    list[FileRef], Param("Files to attach, 18 MB together at most", "첨부 파일(모두 합쳐 18MB 이하)", max_length=20)
]
ReplyTo = Annotated[str | None, Param("Id of the mail to answer; keeps the thread", "답장할 메일의 ID", advanced=True)]
MessageId = Annotated[str, Param("Id of the mail", "메일 ID", pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]
MAX_ATTACHED = 18 * 1024 * 1024
AT_ONCE = 5


class MailHead(BaseModel):
    """A mail without its text."""

    id: str
    thread_id: str
    sender: str = ""
    to: str = ""
    subject: str = ""
    date: str = ""
    snippet: str = ""
    labels: list[str] = []
    unread: bool = False


class Mails(BaseModel):
    """Mails; `complete` is false when there are more."""

    mails: list[MailHead]
    count: int
    complete: bool


class Attachment(BaseModel):
    """A file inside a mail."""

    attachment_id: str
    name: str
    content_type: str
    size: int


class Mail(MailHead):
    """A mail with its text. `text` is made from the HTML when there is no plain part."""

    cc: str = ""
    text: str = ""
    html: str = ""
    attachments: list[Attachment] = []


class Sent(BaseModel):
    """A mail that was sent, or a draft that was made."""

    id: str
    thread_id: str = ""
    draft_id: str = ""


class LabelChange(BaseModel):
    """The labels of a mail after the change."""

    id: str
    labels: list[str]


def _head(raw: dict[str, Any]) -> dict[str, Any]:
    headers = {one["name"].lower(): one["value"] for one in raw.get("payload", {}).get("headers", [])}
    millis = raw.get("internalDate")
    return {
        "id": raw["id"],
        "thread_id": raw["threadId"],
        "sender": headers.get("from", ""),
        "to": headers.get("to", ""),
        "cc": headers.get("cc", ""),
        "subject": headers.get("subject", ""),
        "date": dt.datetime.fromtimestamp(int(millis) / 1000, dt.UTC).isoformat(timespec="seconds") if millis else "",
        "snippet": raw.get("snippet", ""),
        "labels": raw.get("labelIds", []),
        "unread": "UNREAD" in raw.get("labelIds", []),
    }


def _decode(data: str) -> bytes:
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


def _walk(part: dict[str, Any], mail: Mail) -> None:
    body, kind = part.get("body", {}), part.get("mimeType", "")
    if part.get("filename"):
        mail.attachments.append(
            Attachment(
                attachment_id=body.get("attachmentId", ""),
                name=part["filename"],
                content_type=kind,
                size=body.get("size", 0),
            )
        )
    elif body.get("data") and kind in ("text/plain", "text/html"):
        text = _decode(body["data"]).decode("utf-8", "replace")
        if kind == "text/plain":
            mail.text += text
        else:
            mail.html += text
    for inner in part.get("parts", []):
        _walk(inner, mail)


@gmail.action(
    title=Text("Search mails", "메일 검색"),
    description_ko="Gmail 검색식으로 메일을 찾습니다.",
    example={"query": "is:unread", "count": 5},
)
async def search_mails(
    ctx: Context,
    query: Annotated[
        str, Param("Gmail search: from:, subject:, is:unread, newer_than:7d …", "Gmail 검색식", max_length=500)
    ] = "",
    count: Annotated[int, Param("Mails at most", "최대 메일 수", ge=1, le=200)] = 20,
) -> Mails:
    """Finds mails with Gmail's search, newest first, with their headers."""
    api = Google(ctx)
    found, complete = await api.pages(f"{ME}/messages", "messages", count, q=query or None)
    gate = asyncio.Semaphore(AT_ONCE)

    async def head(id: str) -> MailHead:
        async with gate:
            return MailHead.model_validate(_head(await api.get(f"{ME}/messages/{id}", format="metadata")))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(head(one["id"])) for one in found]
    mails = [task.result() for task in tasks]
    return Mails(mails=mails, count=len(mails), complete=complete)


@gmail.action(
    title=Text("Read mail", "메일 읽기"),
    description_ko="메일 한 통의 본문과 첨부 목록을 읽습니다.",
    example={"id": "m1"},
)
async def read_mail(ctx: Context, id: MessageId) -> Mail:
    """Reads one mail with its text and the list of its attachments."""
    raw = await Google(ctx).get(f"{ME}/messages/{id}", format="full")
    mail = Mail.model_validate(_head(raw))
    _walk(raw.get("payload", {}), mail)
    mail.text = mail.text or text_of_html(mail.html)
    return mail


@gmail.action(
    title=Text("Save attachment", "첨부 저장"),
    description_ko="메일의 첨부 파일을 저장합니다.",
    effect="write",
    idempotent=True,
    timeout=60,
    example={"id": "m2", "attachment_id": "a1", "name": "견적서.pdf"},
)
async def save_attachment(
    ctx: Context,
    id: MessageId,
    attachment_id: Annotated[str, Param("Id of the attachment", "첨부 파일 ID", pattern=r"^[A-Za-z0-9_-]+$")],
    name: Annotated[str, Param("Name to save it under", "저장할 이름", min_length=1, max_length=200)],
    content_type: Annotated[str, Param("Its type", "파일 형식", advanced=True)] = "application/octet-stream",
) -> FileRef:
    """Saves an attachment as a file."""
    raw = await Google(ctx).get(f"{ME}/messages/{id}/attachments/{attachment_id}")
    return await ctx.files.save(name, _decode(raw["data"]), content_type)


@gmail.action(
    title=Text("Send mail", "메일 보내기"),
    description_ko="메일을 보냅니다.",
    effect="write",
    timeout=60,
    example={"to": ["minji@sandbox.example"], "subject": "안녕하세요", "text": "본문입니다"},
)
async def send_mail(
    ctx: Context,
    to: Addresses,
    subject: Subject,
    text: MailText,
    cc: Others = [],  # noqa: B006
    bcc: Others = [],  # noqa: B006
    html: Html = None,
    files: Files = [],  # noqa: B006
    reply_to: ReplyTo = None,
) -> Sent:
    """Sends a mail."""
    body = await _body(ctx, to, subject, text, cc, bcc, html, files, reply_to)
    raw = await Google(ctx).call("POST", f"{ME}/messages/send", json=body)
    return Sent(id=raw["id"], thread_id=raw.get("threadId", ""))


@gmail.action(
    title=Text("Create draft", "초안 만들기"),
    description_ko="보내지 않고 초안으로 저장합니다.",
    effect="write",
    timeout=60,
    example={"to": ["minji@sandbox.example"], "subject": "초안", "text": "검토 부탁드립니다"},
)
async def create_draft(
    ctx: Context,
    to: Addresses,
    subject: Subject,
    text: MailText,
    cc: Others = [],  # noqa: B006
    html: Html = None,
    files: Files = [],  # noqa: B006
    reply_to: ReplyTo = None,
) -> Sent:
    """Writes a draft for a person to check and send."""
    body = await _body(ctx, to, subject, text, cc, [], html, files, reply_to)
    raw = await Google(ctx).call("POST", f"{ME}/drafts", json={"message": body})
    return Sent(id=raw["message"]["id"], thread_id=raw["message"].get("threadId", ""), draft_id=raw["id"])


@gmail.action(
    title=Text("Change labels", "라벨 바꾸기"),
    description_ko="메일의 라벨을 더하거나 뺍니다. UNREAD를 빼면 읽음이 됩니다.",
    effect="write",
    idempotent=True,
    example={"id": "m1", "add": ["STARRED"]},
)
async def change_labels(
    ctx: Context,
    id: MessageId,
    add: Annotated[list[str], Param("Label ids to add", "더할 라벨", max_length=100)] = [],  # noqa: B006
    remove: Annotated[
        list[str], Param("Label ids to remove, for example UNREAD or INBOX", "뺄 라벨", max_length=100)
    ] = [],  # noqa: B006
) -> LabelChange:
    """Adds and removes labels; removing UNREAD marks a mail as read, removing INBOX archives it."""
    raw = await Google(ctx).call(
        "POST", f"{ME}/messages/{id}/modify", json={"addLabelIds": add, "removeLabelIds": remove}
    )
    return LabelChange(id=raw["id"], labels=raw.get("labelIds", []))


async def _body(
    ctx: Context,
    to: list[str],
    subject: str,
    text: str,
    cc: list[str],
    bcc: list[str],
    html: str | None,
    files: list[FileRef],
    reply_to: str | None,
) -> dict[str, Any]:
    """Gmail's `raw` message; header values cannot break out, because the e-mail package refuses line breaks."""
    message = EmailMessage()
    for name, addresses in (("To", to), ("Cc", cc), ("Bcc", bcc)):
        for address in addresses:
            if not _is_address(address):
                problem = FieldProblem(name.lower(), f"{address!r} is no e-mail address.", "Write name@example.com.")
                raise InvalidParams("An address is wrong.", problems=[problem])
        if addresses:
            message[name] = ", ".join(addresses)
    if "\n" in subject or "\r" in subject:
        problem = FieldProblem("subject", "A subject is one line.", "Remove the line break.")
        raise InvalidParams("The subject is wrong.", problems=[problem])
    message["Subject"] = subject
    body: dict[str, Any] = {}
    if reply_to:
        original = await Google(ctx).get(f"{ME}/messages/{reply_to}", format="metadata")
        headers = {one["name"].lower(): one["value"] for one in original["payload"]["headers"]}
        if mark := headers.get("message-id"):
            message["In-Reply-To"] = mark
            message["References"] = f"{headers.get('references', '')} {mark}".strip()
        body["threadId"] = original["threadId"]
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    total = 0
    for ref in files:
        content = await ctx.files.read(ref)
        total += len(content)
        if total > MAX_ATTACHED:
            problem = FieldProblem("files", "The files are larger than 18 MB.", "Share them by Drive instead.")
            raise InvalidParams("The attachments are too large.", problems=[problem])
        main, _, sub = ref.content_type.partition("/")
        message.add_attachment(
            content, maintype=main or "application", subtype=sub or "octet-stream", filename=ref.name
        )
    body["raw"] = base64.urlsafe_b64encode(message.as_bytes()).decode()
    return body


def _is_address(text: str) -> bool:
    if any(mark in text for mark in "\r\n,;") or len(getaddresses([text])) != 1:
        return False
    _, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    return bool(at and local and domain) and " " not in address


@gmail.test
async def check(ctx: Context) -> str:
    """Ask Gmail whose mailbox it is."""
    return f"Signed in as {(await Google(ctx).get(f'{ME}/profile'))['emailAddress']}."
