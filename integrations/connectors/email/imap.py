"""Reading a mailbox by IMAP."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import imaplib
import re
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

from integrations.connectors.email.models import Mail, MailHead, MailList
from integrations.sdk import FieldProblem, InvalidParams, Rejected, Unavailable
from integrations.sdk.html import text_of_html

HEADERS = "BODY.PEEK[HEADER.FIELDS (SUBJECT FROM TO DATE MESSAGE-ID)]"
MAX_MAIL = 35 * 1024 * 1024
MAX_TEXT = 200_000
_UID = re.compile(rb"UID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_BOX = re.compile(rb'\((?P<flags>[^)]*)\) (?:"[^"]*"|NIL) (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>\S+))')


def quoted(text: str) -> str:
    """A quoted string of IMAP (RFC 3501 section 4.3); `InvalidParams` for what it cannot hold."""
    if set(text) & set("\r\n\0"):
        problem = FieldProblem("mailbox", "A line break cannot stand in it.", "Remove it.")
        raise InvalidParams("The text cannot be used.", problems=[problem])
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def open_mailbox(client: imaplib.IMAP4, mailbox: str, *, readonly: bool = True) -> int:
    """Select a mailbox; how many mails it holds. `Rejected` when there is no such one."""
    status, data = client.select(quoted(encoded_name(mailbox)), readonly)
    if status != "OK":
        raise Rejected(f"There is no mailbox {mailbox!r}.", code="upstream_not_found", remedy="Choose a listed one.")
    return int(data[0] or 0)


def mailboxes(client: imaplib.IMAP4) -> list[str]:
    status, data = client.list()
    if status != "OK":
        raise Unavailable("The mail server lists no mailboxes.", code="broken_answer")
    found = []
    for line in data:
        match = _BOX.match(line) if isinstance(line, bytes) else None
        if match and b"\\noselect" not in match["flags"].lower():
            raw = match["quoted"].replace(b'\\"', b'"').replace(b"\\\\", b"\\") if match["quoted"] else match["plain"]
            found.append(decoded_name(raw.decode("ascii", "replace")))
    return found


def search(client: imaplib.IMAP4, criteria: list[str], words: str) -> list[int]:
    """Uids of mails, oldest first. Words go as a literal in UTF-8, so that nothing of them is read as a command."""
    if words:
        client.literal = words.encode()  # type: ignore[assignment]
        status, data = client.uid("SEARCH", "CHARSET", "UTF-8", *criteria, "TEXT")
    else:
        status, data = client.uid("SEARCH", *(criteria or ["ALL"]))
    if status != "OK":
        raise Rejected("The mail server refuses this search.", remedy="Search for less.")
    return sorted(int(number) for number in (data[0] or b"").split())


def heads(client: imaplib.IMAP4, mailbox: str, uids: list[int], count: int) -> MailList:
    """The newest mails among the uids."""
    wanted = uids[-count:]
    found: list[MailHead] = []
    if wanted:
        listed = ",".join(map(str, wanted))
        status, data = client.uid("FETCH", listed, f"(UID FLAGS RFC822.SIZE {HEADERS})")
        if status != "OK":
            raise Unavailable("The mail server does not give the mails.", code="broken_answer")
        found = [_head(part[0], part[1]) for part in data if isinstance(part, tuple)]
    found.sort(key=lambda one: -one.uid)
    return MailList(mailbox=mailbox, mails=found, count=len(found), total=len(uids), complete=len(found) == len(uids))


def fetch(client: imaplib.IMAP4, uid: int) -> tuple[Mail, list[tuple[str, bytes, str]]]:
    """A whole mail and its attachments (name, bytes, content type); reading does not mark it as seen."""
    status, data = client.uid("FETCH", str(uid), "(UID FLAGS RFC822.SIZE)")
    line = b" ".join(part if isinstance(part, bytes) else part[0] for part in data if part)
    if status != "OK" or not _UID.search(line):
        raise Rejected(f"There is no mail {uid} in this mailbox.", code="upstream_not_found")
    size = int(found[1]) if (found := _SIZE.search(line)) else 0
    if size > MAX_MAIL:
        raise Rejected(f"The mail has {size:,} bytes; {MAX_MAIL:,} is the limit.", code="answer_too_large")
    status, data = client.uid("FETCH", str(uid), "(UID FLAGS RFC822.SIZE BODY.PEEK[])")
    part = next((part for part in data if isinstance(part, tuple)), None)
    if status != "OK" or part is None:
        raise Unavailable("The mail server does not give the mail.", code="broken_answer")
    message: Any = email.message_from_bytes(part[1], policy=email.policy.default)
    html, text = _body(message, "html"), _body(message, "plain")
    readable = text or (text_of_html(html) if html else "")
    head = _head(part[0], part[1])
    mail = Mail(
        **head.model_dump(),
        cc=_list(message, "cc"),
        reply_to=_header(message, "reply-to"),
        in_reply_to=_header(message, "in-reply-to"),
        text=readable[:MAX_TEXT],
        html=html[:MAX_TEXT],
        complete=len(readable) <= MAX_TEXT and len(html) <= MAX_TEXT,
    )
    return mail, [_attachment(one) for one in message.iter_attachments()]


def _attachment(part: EmailMessage) -> tuple[str, bytes, str]:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        # A mail inside a mail has no payload of its own.
        content = part.as_bytes()
    return part.get_filename() or "attachment", content, part.get_content_type()


def _head(line: bytes, raw: bytes) -> MailHead:
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    uid, size = _UID.search(line), _SIZE.search(line)
    if uid is None:
        raise Unavailable("The mail server did not answer as IMAP servers do.", code="broken_answer")
    return MailHead(
        uid=int(uid[1]),
        message_id=_header(message, "message-id"),
        subject=_header(message, "subject"),
        sender=_header(message, "from"),
        to=_list(message, "to"),
        date=_date(_header(message, "date")),
        seen=b"\\Seen" in line,
        size=int(size[1]) if size else 0,
    )


def _header(message: Any, name: str) -> str:
    try:
        return str(message[name] or "").strip()
    except Exception:  # a header may be broken in any way; the mail is worth more than it
        return ""


def _list(message: Any, name: str) -> list[str]:
    from email.utils import getaddresses

    return [address for _, address in getaddresses([_header(message, name)]) if address]


def _date(text: str) -> str:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return ""
    return moment.replace(tzinfo=moment.tzinfo or dt.UTC).isoformat()


def _body(message: Any, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        # An unknown charset.
        return (part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def encoded_name(name: str) -> str:
    """A mailbox name in modified UTF-7 (RFC 3501 section 5.1.3)."""
    parts, waiting = [], ""

    def flush() -> None:
        nonlocal waiting
        if waiting:
            packed = waiting.encode("utf-7")[1:].rstrip(b"-").decode("ascii").replace("/", ",")
            parts.append(f"&{packed}-")
            waiting = ""

    for letter in name:
        if " " <= letter <= "~":
            flush()
            parts.append("&-" if letter == "&" else letter)
        else:
            waiting += letter
    flush()
    return "".join(parts)


def decoded_name(name: str) -> str:
    """The readable form of a mailbox name in modified UTF-7."""

    def one(found: re.Match[str]) -> str:
        packed = found[1].replace(",", "/")
        try:
            return f"+{packed}-".encode("ascii").decode("utf-7") if packed else "&"
        except UnicodeError:
            return found[0]

    return re.sub(r"&([^-]*)-", one, name)
