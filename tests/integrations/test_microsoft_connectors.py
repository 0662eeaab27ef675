"""Outlook, Excel, Teams and OneDrive against their sandbox."""

import httpx2
import pytest

from integrations.connectors.microsoft import sandbox
from integrations.sdk import AuthError, FileRef, InvalidParams, MemoryFiles, RateLimited, Rejected, Unavailable

SIGNED = {"credential": sandbox.CREDENTIAL}
BOOK = {"file": "01BOOK", "sheet": "재고"}
CHANNEL = {"team": "team-1", "channel": "19:general@thread.tacv2"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(sandbox, "world", sandbox.World())


async def test_mails_are_listed_searched_and_read(run):
    whole = await run("outlook.search_mails", SIGNED)
    assert whole["count"] == 3 and whole["complete"] is True and whole["mails"][0]["unread"] is True
    assert (await run("outlook.search_mails", SIGNED, query='견"적'))["count"] == 0
    assert (await run("outlook.search_mails", SIGNED, query="견적"))["mails"][0]["id"] == "AAMk2"
    assert (await run("outlook.search_mails", SIGNED, unread_only=True, count=1))["complete"] is False
    assert (await run("outlook.read_mail", SIGNED, id="AAMk1"))["text"] == "안녕하세요\n민지"
    with pytest.raises(InvalidParams):
        await run("outlook.search_mails", SIGNED, query="x", unread_only=True)


async def test_a_mail_is_sent_with_its_files(run):
    files = MemoryFiles()
    ref = await files.save("표.csv", b"a,b", "text/csv")
    params = {"to": ["a@b.example"], "subject": "표", "text": "보세요", "files": [ref.model_dump()]}
    await run("outlook.send_mail", {**SIGNED, "files": files}, **params)
    (message,) = sandbox.world.sent
    assert message["attachments"][0]["contentBytes"] == "YSxi" and message["body"]["contentType"] == "Text"
    big = await files.save("big.bin", bytes(4 * 1024 * 1024))
    with pytest.raises(InvalidParams, match="too large"):
        await run("outlook.send_mail", {**SIGNED, "files": files}, **{**params, "files": [big.model_dump()]})


async def test_events_are_listed_and_made_once_per_key(run):
    found = await run("outlook.list_events", SIGNED, start="2026-03-02T00:00", end="2026-03-05T00:00")
    assert [one["title"] for one in found["events"]] == ["주간 회의", "점심", "점검"] and found["complete"]
    params = {"title": "새 회의", "start": "2026-03-09T10:00", "end": "2026-03-09T11:00", "attendees": ["a@b.example"]}
    first = await run("outlook.create_event", {**SIGNED, "idempotency_key": "k1"}, **params)
    second = await run("outlook.create_event", {**SIGNED, "idempotency_key": "k1"}, **params)
    assert first["id"] == second["id"] and first["attendees"] == ["a@b.example"]
    with pytest.raises(InvalidParams):
        await run("outlook.create_event", SIGNED, **{**params, "end": params["start"]})


async def test_a_sheet_is_read_written_and_its_table_grows(run):
    sheet = await run("excel.read_sheet", SIGNED, **BOOK)
    assert sheet["columns"] == ["품목", "수량", "단가"]
    assert sheet["rows"][1] == {"품목": "지우개", "수량": 40, "단가": None}
    await run("excel.write_cells", SIGNED, **BOOK, range="B2:C2", values=[[7, 8]])
    await run("excel.append_rows", SIGNED, file="01BOOK", table="Stock", values=[["자", 1, 2]])
    rows = (await run("excel.read_sheet", SIGNED, **BOOK))["rows"]
    assert rows[0] == {"품목": "연필", "수량": 7, "단가": 8} and rows[2]["품목"] == "자"
    with pytest.raises(Rejected, match="doesn't match the size"):
        await run("excel.write_cells", SIGNED, **BOOK, range="B2:C3", values=[[1, 2]])
    with pytest.raises(InvalidParams):
        await run("excel.write_cells", SIGNED, **BOOK, range="B2:C3", values=[[1, 2], [3]])


async def test_a_channel_is_read_and_written_without_letting_html_through(run):
    posted = await run("teams.post_message", SIGNED, **CHANNEL, text="<b>굵게</b> & 줄\n바꿈")
    assert sandbox.world.messages[0]["body"]["content"] == "&lt;b&gt;굵게&lt;/b&gt; &amp; 줄<br>바꿈"
    assert posted["text"] == "<b>굵게</b> & 줄\n바꿈"
    found = await run("teams.read_channel", SIGNED, **CHANNEL, count=3)
    assert [one["text"] for one in found["messages"]][1:] == ["셋", "둘"] and found["complete"] is False
    assert (await run("teams.list_channels", SIGNED, team="team-1"))["channels"][0]["name"] == "일반"


async def test_files_are_found_downloaded_and_uploaded(run):
    files = MemoryFiles()
    assert (await run("onedrive.search_files", SIGNED))["count"] == 3
    assert [one["id"] for one in (await run("onedrive.search_files", SIGNED, query="보고서"))["items"]] == ["01REPORT"]
    ref = await run("onedrive.download_file", {**SIGNED, "files": files}, id="01REPORT")
    assert await files.read(FileRef(**ref)) == b"%PDF-1.7"
    made = await run(
        "onedrive.upload_file", {**SIGNED, "files": files}, file=ref, folder="Reports/2026", name="새 보고서.pdf"
    )
    assert made["name"] == "새 보고서.pdf" and sandbox.world.find(made["id"])["_content"] == b"%PDF-1.7"
    with pytest.raises(InvalidParams, match="folder"):
        await run("onedrive.download_file", SIGNED, id="01FOLDER")
    for name in ("..", "a:b", "a|b"):
        with pytest.raises(InvalidParams):
            await run("onedrive.upload_file", {**SIGNED, "files": files}, file=ref, name=name)


async def test_the_token_does_not_follow_a_download_to_another_host(run):
    seen = []

    def answer(request):
        seen.append((request.url.host, request.headers.get("authorization")))
        if request.url.path.endswith("/content"):
            return httpx2.Response(302, headers={"Location": "https://cdn.example.com/x?tempauth=1"})
        return httpx2.Response(200, json={"id": "1", "name": "a", "file": {"mimeType": "text/plain"}})

    await run(
        "onedrive.download_file",
        {**SIGNED, "files": MemoryFiles(), "transport": httpx2.MockTransport(answer)},
        id="1",
    )
    assert seen[-1] == ("cdn.example.com", None) and all(token for _, token in seen[:-1])


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "InvalidAuthenticationToken", AuthError),
        (403, "ErrorAccessDenied", AuthError),
        (404, "ErrorItemNotFound", Rejected),
        (429, "TooManyRequests", RateLimited),
        (503, "serviceNotAvailable", Unavailable),
        (423, "resourceLocked", Unavailable),
    ],
)
async def test_errors_of_graph_become_ours(run, status, code, error):
    body = {"error": {"code": code, "message": "as asked"}}
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, json=body, headers={"Retry-After": "5"}))
    with pytest.raises(error) as caught:
        await run("outlook.search_mails", {**SIGNED, "transport": transport})
    assert type(caught.value) is error
    if error in (RateLimited, Unavailable):
        assert caught.value.retry_after == 5


@pytest.mark.parametrize(
    "link", ["https://evil.example/page", "http://127.0.0.1:8900/microsoft/me/messages?$skiptoken=1"]
)
async def test_pages_stay_at_home_and_end(run, link):
    body = {"value": [], "@odata.nextLink": link}
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=body))
    with pytest.raises(Unavailable) as caught:
        await run("outlook.search_mails", {**SIGNED, "transport": transport})
    assert caught.value.error_code == "page_loop"
