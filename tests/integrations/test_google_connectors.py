"""Gmail, Sheets, Calendar and Drive against their sandbox."""

import httpx2
import pytest

from integrations.connectors.google import sandbox
from integrations.connectors.google.sandbox import calendar, drive, gmail, sheets
from integrations.sdk import AuthError, FileRef, InvalidParams, MemoryFiles, RateLimited, Rejected
from integrations.sdk.html import text_of_html

SIGNED = {"credential": sandbox.CREDENTIAL}
SHEET = "https://docs.google.com/spreadsheets/d/sandbox-sheet/edit#gid=0"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(gmail, "box", gmail.Mailbox())
    monkeypatch.setattr(sheets, "sheets", sheets.first_sheets())
    monkeypatch.setattr(calendar, "events", calendar.first_events())
    monkeypatch.setattr(drive, "store", drive.Files())
    yield
    sandbox.app.state.faults.waiting.clear()


# Gmail


async def test_mails_are_found_over_pages_with_their_headers(run):
    found = await run("gmail.search_mails", SIGNED)
    assert [one["subject"] for one in found["mails"]] == ["인사", "견적", "소식지"] and found["complete"]
    assert found["mails"][0]["unread"] is True and found["mails"][0]["date"] == "2026-01-02T03:00:00+00:00"
    part = await run("gmail.search_mails", SIGNED, count=1)
    assert part["count"] == 1 and part["complete"] is False


async def test_a_mail_is_read_with_text_and_attachments(run):
    mail = await run("gmail.read_mail", SIGNED, id="m2")
    assert mail["text"] == "안녕하세요" and "<p>" in mail["html"]
    assert mail["attachments"] == [
        {"attachment_id": "a1", "name": "견적서.pdf", "content_type": "application/pdf", "size": 8}
    ]
    assert (await run("gmail.read_mail", SIGNED, id="m3"))["text"] == "첫 줄\n둘째 줄\n셋째"


async def test_an_attachment_becomes_a_file(run):
    files = MemoryFiles()
    ref = await run("gmail.save_attachment", {**SIGNED, "files": files}, id="m2", attachment_id="a1", name="견적서.pdf")
    assert await files.read(FileRef(**ref)) == b"%PDF-1.7"


async def test_a_mail_is_sent_with_files_into_its_thread(run):
    files = MemoryFiles()
    ref = await files.save("표.csv", b"a,b", "text/csv")
    sent = await run(
        "gmail.send_mail",
        {**SIGNED, "files": files},
        to=["김민지 <minji@sandbox.example>"],
        subject="답장",
        text="본문",
        html="<b>본문</b>",
        files=[ref.model_dump()],
        reply_to="m1",
    )
    message = gmail.box.sent[0]
    assert sent["thread_id"] == "t-m1" and message["In-Reply-To"] == "<m1@sandbox.example>"
    assert message.get_body(("plain",)).get_content().strip() == "본문"
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "표.csv" and attached.get_content() == "a,b"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": ["a@b.c\r\nBcc: x@y.z"]}, "to"),
        ({"to": ["a@b.c, x@y.z"]}, "to"),
        ({"to": ["no address"]}, "to"),
        ({"cc": ["@b.c"]}, "cc"),
        ({"subject": "one\nBcc: x@y.z"}, "subject"),
    ],
)
async def test_headers_cannot_be_smuggled_in(run, change, field):
    with pytest.raises(InvalidParams) as caught:
        await run("gmail.send_mail", SIGNED, **{"to": ["a@b.c"], "subject": "s", "text": "t", **change})
    assert caught.value.problems[0].field == field and gmail.box.sent == []


async def test_a_draft_is_not_sent(run):
    made = await run("gmail.create_draft", SIGNED, to=["minji@sandbox.example"], subject="초안", text="검토")
    assert made["draft_id"] == "r1" and len(gmail.box.drafts) == 1 and gmail.box.sent == []


async def test_removing_unread_marks_as_read(run):
    done = await run("gmail.change_labels", SIGNED, id="m1", add=["STARRED"], remove=["UNREAD"])
    assert done["labels"] == ["INBOX", "STARRED"]


def test_html_becomes_readable_text():
    assert text_of_html("<style>x</style><div>a <b>b</b></div><script>evil()</script><li>c</li>&amp;") == "a b\nc&"


# Sheets


async def test_rows_have_the_names_of_the_first_line(run):
    result = await run("google_sheets.read_rows", SIGNED, spreadsheet=SHEET, range="재고")
    assert result["columns"] == ["품목", "수량", "단가"] and result["first_row"] == 2
    assert result["rows"][2] == {"품목": "공책", "수량": 15, "단가": None}
    assert (await run("google_sheets.read_rows", SIGNED, spreadsheet=SHEET, range="빈 시트"))["rows"] == []


async def test_a_found_row_tells_its_number_in_the_sheet(run):
    params = {"spreadsheet": SHEET, "range": "재고", "column": "품목"}
    found = await run("google_sheets.find_row", SIGNED, **params, value="지우개")
    assert found == {"found": True, "row_number": 3, "row": {"품목": "지우개", "수량": 40, "단가": 700}}
    assert (await run("google_sheets.find_row", SIGNED, **params, value="없음"))["found"] is False
    with pytest.raises(InvalidParams, match="column"):
        await run("google_sheets.find_row", SIGNED, **{**params, "column": "색"}, value=1)


async def test_rows_are_appended_by_name_and_cells_updated(run):
    rows = [{"단가": 300, "품목": "자"}, {"품목": "풀", "수량": 1}]
    done = await run("google_sheets.append_rows", SIGNED, spreadsheet=SHEET, range="재고", rows=rows)
    assert done == {"range": "재고!A5:C6", "rows": 2, "cells": 6}
    await run("google_sheets.update_cells", SIGNED, spreadsheet=SHEET, range="재고!B5", values=[[7, None]])
    assert sheets.sheets["재고"][4] == ["자", 7, 300]
    with pytest.raises(InvalidParams, match="not in the sheet"):
        await run("google_sheets.append_rows", SIGNED, spreadsheet=SHEET, range="재고", rows=[{"색": "빨강"}])


async def test_a_wrong_range_is_told_in_googles_words(run):
    with pytest.raises(Rejected, match="Unable to parse range"):
        await run("google_sheets.read_rows", SIGNED, spreadsheet=SHEET, range="없는 시트!A1")
    with pytest.raises(InvalidParams):
        await run("google_sheets.read_rows", SIGNED, spreadsheet="../../evil", range="A1")


# Calendar


async def test_events_are_listed_in_order_over_pages(run):
    found = await run("google_calendar.list_events", SIGNED, start="2026-03-01", end="2026-03-31")
    assert [(one["id"], one["all_day"]) for one in found["events"]] == [("e1", False), ("e2", False), ("e3", True)]
    assert found["events"][0]["attendees"] == ["minji@sandbox.example", "junho@sandbox.example"] and found["complete"]


async def test_an_event_is_made_changed_and_deleted(run):
    made = await run(
        "google_calendar.create_event", SIGNED, title="점검", start="2026-03-10", end="2026-03-11", attendees=["a@b.c"]
    )
    assert made["all_day"] is True and made["start"] == "2026-03-10"
    changed = await run(
        "google_calendar.update_event", SIGNED, id=made["id"],
        start="2026-03-10T09:00:00+09:00", end="2026-03-10T10:00:00+09:00",
    )  # fmt: skip
    assert changed["title"] == "점검" and changed["start"] == "2026-03-10T09:00:00+09:00"
    await run("google_calendar.delete_event", SIGNED, id=made["id"])
    with pytest.raises(Rejected):
        await run("google_calendar.delete_event", SIGNED, id=made["id"])


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-10", "2026-03-10"),
        ("2026-03-10T10:00:00+09:00", "2026-03-10T10:00:00+09:00"),
        ("2026-03-10T10:00:00+09:00", "2026-03-10T00:30:00+00:00"),
        ("2026-03-11", "2026-03-10"),
        ("2026-03-10", "2026-03-10T10:00:00+09:00"),
    ],
)
async def test_an_end_that_does_not_fit_is_refused(run, start, end):
    with pytest.raises(InvalidParams) as caught:
        await run("google_calendar.create_event", SIGNED, title="x", start=start, end=end)
    assert caught.value.problems[0].field == "end"


async def test_busy_times_and_calendars_that_cannot_be_read(run):
    calendars = ["primary", "stranger@sandbox.example"]
    found = await run("google_calendar.free_busy", SIGNED, start="2026-03-02", end="2026-03-04", calendars=calendars)
    assert len(found["busy"]["primary"]) == 2 and found["failed"] == {"stranger@sandbox.example": "notFound"}


# Drive


async def test_files_are_found_and_a_quote_in_the_name_does_no_harm(run):
    found = await run("google_drive.search_files", SIGNED, name="보고서")
    assert [one["id"] for one in found["files"]] == ["d1", "d2"] and found["files"][0]["size"] == 15
    assert [one["id"] for one in (await run("google_drive.search_files", SIGNED, name="it's"))["files"]] == ["d5"]
    folders = await run("google_drive.search_files", SIGNED, kind="folder")
    assert [one["is_folder"] for one in folders["files"]] == [True]


@pytest.mark.parametrize(
    ("id", "as_text", "name", "content"),
    [
        ("d1", False, "3월 보고서.pdf", b"%PDF-1.7 report"),
        ("d2", True, "보고서 초안.txt", "보고서 초안 as text/plain".encode()),
        ("d3", True, "재고.csv", "재고 as text/csv".encode()),
        ("d3", False, "재고.xlsx", None),
    ],
)
async def test_files_are_downloaded_and_documents_exported(run, id, as_text, name, content):
    files = MemoryFiles()
    ref = await run("google_drive.download_file", {**SIGNED, "files": files}, id=id, as_text=as_text)
    assert ref["name"] == name
    if content is not None:
        assert await files.read(FileRef(**ref)) == content


async def test_a_file_is_uploaded_and_shared(run):
    files = MemoryFiles()
    ref = await files.save("그림.png", bytes(range(256)), "image/png")
    made = await run("google_drive.upload_file", {**SIGNED, "files": files}, file=ref.model_dump(), folder="d4")
    assert made["name"] == "그림.png" and made["size"] == 256 and made["content_type"] == "image/png"
    assert drive.store.find(made["id"])["_content"] == bytes(range(256))
    shared = await run("google_drive.share_file", SIGNED, id=made["id"])
    assert shared["kind"] == "anyone" and shared["role"] == "reader"


# All of them


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (403, "userRateLimitExceeded", RateLimited),
        (429, "rateLimitExceeded", RateLimited),
        (403, "insufficientPermissions", AuthError),
        (403, "domainPolicy", AuthError),
        (401, "authError", AuthError),
        (400, "invalid", Rejected),
    ],
)
async def test_reasons_of_google_become_errors(run, status, reason, error):
    body = {"error": {"code": status, "message": "as asked", "errors": [{"reason": reason}], "status": "X"}}
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, json=body, headers={"Retry-After": "4"}))
    with pytest.raises(error) as caught:
        await run("gmail.search_mails", {**SIGNED, "transport": transport})
    assert type(caught.value) is error
    if error is RateLimited:
        assert caught.value.retry_after == 4
    elif error is Rejected:
        assert "as asked" in caught.value.message
