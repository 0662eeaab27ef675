"""Mails against a real SMTP server (aiosmtpd) and an IMAP stand-in that speaks the protocol on a socket."""

import email
import email.policy
import re
import socketserver
import threading
import time

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from integrations.connectors.email.imap import decoded_name, encoded_name
from integrations.registry import registry
from integrations.runtime import in_context, run_action
from integrations.sdk import (
    AuthError,
    Caller,
    InvalidParams,
    MemoryFiles,
    MemoryStore,
    RateLimited,
    Rejected,
    Unavailable,
)
from portal.common.http.addresses import Policy
from portal.stack.layout import free_port

PASSWORD = "app-pw-123"


@pytest.fixture(autouse=True)
def loopback(monkeypatch):
    monkeypatch.setattr("integrations.dialling.default_policy", lambda: Policy(("127.0.0.0/8",)))


class Inbox:
    """What the SMTP server took, and how it is to misbehave."""

    def __init__(self):
        self.mails, self.receivers, self.answer = [], [], ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer:
            return self.answer
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        self.receivers.append(envelope.rcpt_tos)
        return "250 taken"


@pytest.fixture
def smtp():
    inbox = Inbox()

    def sign_in(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    controller = Controller(
        inbox, "127.0.0.1", free_port(), authenticator=sign_in, auth_require_tls=False, auth_required=True
    )
    controller.start()
    inbox.credential = {
        "user": "minji@example.com",
        "password": PASSWORD,
        "smtp_host": "127.0.0.1",
        "smtp_port": controller.port,
        "smtp_tls": "off",
    }
    yield inbox
    controller.stop()


def send(inbox, files=None, **params):
    values = {"to": ["a@example.com"], "subject": "인사", "text": "안녕하세요", **params}
    return run_action("email.send", values, credential=inbox.credential, files=files or MemoryFiles())


async def test_a_mail_with_everything_arrives(smtp):
    files = MemoryFiles()
    ref = await files.save("보고서.txt", "내용".encode(), "text/plain")
    sent = await send(
        smtp,
        files,
        to=["Junho <a@example.com>"],
        cc=["c@example.com"],
        bcc=["b@example.com"],
        html="<p>안녕</p>",
        reply_to="r@example.com",
        in_reply_to="<x@y>",
        attachments=[ref.model_dump()],
    )
    assert sent["accepted"] == ["a@example.com", "c@example.com", "b@example.com"] and sent["refused"] == {}
    [mail] = smtp.mails
    assert mail["Subject"] == "인사" and mail["Message-ID"] == sent["message_id"] and mail["In-Reply-To"] == "<x@y>"
    assert "b@example.com" not in mail.as_string().split("\n\n")[0] and "b@example.com" in smtp.receivers[0]
    assert mail.get_body(("plain",)).get_content().strip() == "안녕하세요"
    [part] = mail.iter_attachments()
    assert part.get_filename() == "보고서.txt" and part.get_payload(decode=True).decode().strip() == "내용"


async def test_a_refused_receiver_is_named_and_all_refused_is_an_error(smtp):
    sent = await send(smtp, to=["a@example.com", "nobody@example.com"])
    assert sent["accepted"] == ["a@example.com"] and "No such user" in sent["refused"]["nobody@example.com"]
    with pytest.raises(Rejected) as caught:
        await send(smtp, to=["nobody@example.com"])
    assert caught.value.error_code == "upstream_not_found"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"to": ["no address"]}, "to[0]"),
        ({"to": ["a@example.com\r\nBcc: x@example.com"]}, "to[0]"),
        ({"to": ["a@example.com, b@example.com"]}, "to[0]"),
        ({"subject": "x\r\nBcc: x@example.com"}, "subject"),
        ({"to": []}, "to"),
    ],
)
async def test_nothing_breaks_out_of_a_header(smtp, params, field):
    with pytest.raises(InvalidParams) as caught:
        await send(smtp, **params)
    assert caught.value.problems[0].field == field and smtp.mails == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("452 4.3.1 Too many messages, slow down", RateLimited),
        ("451 4.3.0 Try again later", Unavailable),
        ("554 5.7.1 Spam", Rejected),
        ("535 5.7.8 Not yours", AuthError),
    ],
)
async def test_answers_of_the_server_become_the_right_error(smtp, answer, error):
    smtp.answer = answer
    with pytest.raises(error) as caught:
        await send(smtp)
    assert type(caught.value) is error and PASSWORD not in caught.value.explain()


async def test_a_wrong_password_a_missing_encryption_and_a_closed_port(smtp):
    smtp.credential["password"] = "wrong"
    with pytest.raises(AuthError):
        await send(smtp)
    smtp.credential.update(password=PASSWORD, smtp_tls="starttls")
    with pytest.raises((AuthError, Unavailable)):
        await send(smtp)
    smtp.credential.update(smtp_tls="tls")
    with pytest.raises(Unavailable):
        await send(smtp)
    smtp.credential.update(smtp_port=1, smtp_tls="off")
    with pytest.raises(Unavailable):
        await send(smtp)
    assert smtp.mails == []


async def test_private_servers_need_the_operator(monkeypatch):
    monkeypatch.setattr("integrations.dialling.default_policy", lambda: Policy())
    for action, params in (("send", {"to": ["a@b.c"], "subject": "", "text": ""}), ("list_mailboxes", {})):
        credential = {"user": "u@b.c", "password": "p", "smtp_host": "localhost", "imap_host": "169.254.169.254"}
        with pytest.raises(Rejected) as caught:
            await run_action(f"email.{action}", params, credential=credential)
        assert caught.value.error_code == "address_refused"


# IMAP ----------------------------------------------------------------------------------------------------------

PLAIN = (
    "From: Junho <junho@example.com>\r\nTo: minji@example.com\r\nSubject: =?utf-8?b?6rCA6rKp?=\r\n"
    "Message-ID: <1@x>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0900\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n가격표입니다\r\n"
)
MIXED = (
    "From: b@example.com\r\nTo: minji@example.com\r\nSubject: files\r\nMessage-ID: <2@x>\r\nDate: nonsense\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    "--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>there</b></p>\r\n"
    '--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="../../a.pdf"\r\n'
    "Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--x--\r\n"
)


class ImapHandler(socketserver.StreamRequestHandler):
    """Just enough of RFC 3501 for the client: literals, UIDs, flags, faults on demand."""

    def handle(self):
        state = self.server.state
        if state["fault"] == "nonsense":
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        if state["fault"] == "slow":
            time.sleep(1.5)
        self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            literal = b""
            if found := re.search(r"\{(\d+)\}$", rest):
                self.wfile.write(b"+ go on\r\n")
                literal = self.rfile.read(int(found[1]))
                self.rfile.readline()
            state["lines"].append(rest)
            self.answer(tag, rest, literal, state)

    def answer(self, tag, rest, literal, state):
        def say(*lines, end="OK done"):
            for one in lines:
                self.wfile.write(one if isinstance(one, bytes) else one.encode() + b"\r\n")
            self.wfile.write(f"{tag} {end}\r\n".encode())

        word = rest.split()[0].upper()
        if state["fault"] == "drop" and word == "EXAMINE":
            self.connection.close()
            raise ConnectionError
        if word == "LOGIN":
            say(end="OK in" if PASSWORD in rest else "NO [AUTHENTICATIONFAILED] no")
        elif word == "CAPABILITY":
            say("* CAPABILITY IMAP4rev1")
        elif word == "LIST":
            say(
                '* LIST (\\HasNoChildren) "/" "INBOX"',
                '* LIST (\\Noselect) "/" "[Gmail]"',
                f'* LIST () "/" "{encoded_name("본문")}"',
            )
        elif word in ("SELECT", "EXAMINE"):
            known = '"INBOX"' in rest
            era = f"* OK [UIDVALIDITY {state['era']}] era"
            say(f"* {len(state['mails'])} EXISTS", era, end="OK done" if known else "NO gone")
        elif rest.upper().startswith("UID SEARCH"):
            uids = list(state["mails"])
            if "UNSEEN" in rest:
                uids = [uid for uid in uids if uid not in state["seen"]]
            if literal:
                uids = [uid for uid in uids if literal.decode() in state["mails"][uid]]
            if found := re.search(r"UID (\d+):\*", rest[10:]):
                least = int(found[1])
                uids = [uid for uid in uids if uid >= least] or uids[-1:]
            say("* SEARCH " + " ".join(map(str, uids)))
        elif rest.upper().startswith("UID FETCH"):
            lines = []
            for uid in map(int, rest.split()[2].split(",")):
                if uid not in state["mails"]:
                    continue
                raw = state["mails"][uid].encode()
                flags = "\\Seen" if uid in state["seen"] else ""
                head = f"* {uid} FETCH (UID {uid} FLAGS ({flags}) RFC822.SIZE {state['sizes'].get(uid, len(raw))}"
                if "HEADER" in rest:
                    raw = raw.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
                    lines.append(f"{head} BODY[HEADER.FIELDS (SUBJECT)] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
                elif "BODY.PEEK[]" in rest:
                    lines.append(f"{head} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
                else:
                    lines.append(head + ")")
            say(*lines)
        elif rest.upper().startswith("UID STORE"):
            uid = int(rest.split()[2])
            (state["seen"].add if "+FLAGS" in rest else state["seen"].discard)(uid)
            say(*([f"* {uid} FETCH (UID {uid})"] if uid in state["mails"] else []))
        elif word == "LOGOUT":
            say("* BYE")
        else:
            say(end="BAD what")


class ImapServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def handle_error(self, request, client_address):
        pass


@pytest.fixture
def imap():
    with ImapServer(("127.0.0.1", 0), ImapHandler) as server:
        server.state = {"fault": "", "lines": [], "era": 7, "seen": {2}, "mails": {1: PLAIN, 2: MIXED}, "sizes": {}}
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        server.credential = {
            "user": "minji@example.com",
            "password": PASSWORD,
            "imap_host": "127.0.0.1",
            "imap_port": server.server_address[1],
            "imap_tls": "off",
        }
        yield server
        server.shutdown()


def ask(server, name, options=None, **params):
    return run_action(f"email.{name}", params, credential=server.credential, store=MemoryStore(), **(options or {}))


async def test_mails_are_found_newest_first_and_not_marked(imap):
    found = await ask(imap, "list_messages")
    assert [one["uid"] for one in found["mails"]] == [2, 1] and found["complete"] is True
    first = found["mails"][1]
    assert first["subject"] == "가격" and first["sender"] == "Junho <junho@example.com>"
    assert first["date"] == "2026-03-02T09:00:00+09:00" and first["seen"] is False and found["mails"][0]["date"] == ""
    part = await ask(imap, "list_messages", count=1)
    assert part["count"] == 1 and part["total"] == 2 and part["complete"] is False
    assert (await ask(imap, "list_messages", unseen=True, since="2026-03-01", sender="junho"))["count"] == 1
    assert any('FROM "junho" SINCE' in line and "Mar-2026" in line for line in imap.state["lines"])
    assert not any("BODY[" in line for line in imap.state["lines"])


async def test_words_are_never_read_as_a_command(imap):
    assert (await ask(imap, "list_messages", words="가격표"))["count"] == 1
    assert (await ask(imap, "list_messages", words='x" DELETE\r\n1 LOGOUT'))["count"] == 0
    with pytest.raises(InvalidParams):
        await ask(imap, "list_messages", mailbox="INBOX\r\nx DELETE INBOX")
    with pytest.raises(InvalidParams):
        await ask(imap, "list_messages", sender="a\r\nx LOGOUT")


async def test_a_mail_is_read_with_its_attachments(imap):
    files = MemoryFiles()
    mail = await ask(imap, "read_message", {"files": files}, uid=2)
    assert mail["text"] == "Hello there" and "<b>" in mail["html"]
    [ref] = mail["attachments"]
    assert ref["size"] == 4 and ref["content_type"] == "application/pdf"
    assert (await ask(imap, "read_message", uid=1))["text"].strip() == "가격표입니다"
    with pytest.raises(Rejected) as caught:
        await ask(imap, "read_message", uid=99)
    assert caught.value.error_code == "upstream_not_found"
    imap.state["sizes"][1] = 10**9
    with pytest.raises(Rejected, match="limit"):
        await ask(imap, "read_message", uid=1)


async def test_marking_and_mailboxes(imap):
    await ask(imap, "mark", uid=1)
    assert imap.state["seen"] == {1, 2}
    await ask(imap, "mark", uid=1, seen=False)
    assert imap.state["seen"] == {2}
    assert (await ask(imap, "list_mailboxes"))["mailboxes"] == ["INBOX", "본문"]
    with pytest.raises(Rejected, match="no mailbox"):
        await ask(imap, "list_messages", mailbox="Gone")


async def poll(server, cursor):
    connector = registry().connectors["email"]
    return await in_context(
        connector,
        lambda ctx: connector.triggers["new_mail"].function(ctx),
        label="email.new_mail",
        context_options={"caller": Caller(), "cursor": cursor},
        credential=connector.credential_model.model_validate(server.credential),
        deadline=time.monotonic() + 10,
        store=MemoryStore(),
    )


async def test_new_mails_come_once_and_a_renumbered_mailbox_starts_again(imap):
    first = await poll(imap, None)
    assert [event.id for event in first.events] == ["INBOX:7:1", "INBOX:7:2"] and first.cursor == "7:2"
    assert (await poll(imap, first.cursor)).events == []
    imap.state["mails"][3] = PLAIN
    third = await poll(imap, first.cursor)
    assert [event.id for event in third.events] == ["INBOX:7:3"] and third.cursor == "7:3"
    imap.state["era"] = 8
    assert (await poll(imap, third.cursor)).cursor == "8:3"


@pytest.mark.parametrize("fault", ["nonsense", "drop", "refused", "tls"])
async def test_a_server_that_breaks_is_unavailable(imap, fault):
    imap.state["fault"] = fault
    if fault == "refused":
        imap.credential["imap_port"] = 1
    if fault == "tls":
        imap.credential["imap_tls"] = "tls"
        imap.state["fault"] = "nonsense"
    with pytest.raises(Unavailable):
        await ask(imap, "list_messages")


async def test_a_slow_server_and_a_wrong_password(imap):
    imap.state["fault"] = "slow"
    with pytest.raises(Unavailable) as caught:
        await ask(imap, "list_messages", {"deadline": time.monotonic() + 0.5})
    assert caught.value.error_code == "timeout"
    imap.state["fault"] = ""
    imap.credential["password"] = "wrong"
    with pytest.raises(AuthError):
        await ask(imap, "list_messages")


async def test_an_account_without_the_server_says_so(imap, smtp):
    with pytest.raises(InvalidParams, match="no IMAP"):
        await run_action("email.list_mailboxes", {}, credential=smtp.credential)
    with pytest.raises(InvalidParams, match="no SMTP"):
        await run_action("email.send", {"to": ["a@b.c"], "subject": "", "text": ""}, credential=imap.credential)


@pytest.mark.parametrize("name", ["INBOX", "보낸 편지함", "a&b", "Entwürfe", "日本語", "&"])
def test_names_of_mailboxes_survive_their_encoding(name):
    assert decoded_name(encoded_name(name)) == name and encoded_name(name).isascii()


def test_the_encoding_is_the_one_of_the_standard():
    assert encoded_name("台北") == "&U,BTFw-" and encoded_name("日本語") == "&ZeVnLIqe-"
