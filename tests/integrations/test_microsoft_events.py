"""News of Outlook and OneDrive by delta queries: once each, from where the last look ended, and only from Graph."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import httpx2
import pytest

from integrations.connectors.microsoft import sandbox
from integrations.connectors.microsoft.connector import onedrive, outlook
from integrations.runtime import in_context, typed_credential
from integrations.sdk import MemoryStore, Unavailable

LINK = "http://127.0.0.1:8900/microsoft/me/drive/root/delta?$deltatoken="


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MICROSOFT_BASE_URL", raising=False)
    monkeypatch.setattr(sandbox, "world", sandbox.World())


async def poll(connector: Any, name: str, cursor: str | None, transport: httpx2.AsyncBaseTransport) -> Any:
    trigger = connector.triggers[name]
    return await in_context(
        connector,
        trigger.function,
        label=trigger.id,
        context_options={"workspace_id": "", "cursor": cursor},
        credential=typed_credential(connector, sandbox.CREDENTIAL),
        deadline=time.monotonic() + 20,
        store=MemoryStore(),
        transport=transport,
    )


async def test_new_mails_come_once_over_pages(sandboxes: Any) -> None:
    transport = httpx2.ASGITransport(app=sandboxes)
    first = await poll(outlook, "new_mail", None, transport)
    assert first.events == [] and first.cursor and not first.more
    now = dt.datetime.now(dt.UTC)
    for number in range(3):
        mail = sandbox._mail(f"NEW{number}", "minji@sandbox.example", f"New {number}", "text", "…", False)
        moment = now + dt.timedelta(seconds=number)
        sandbox.world.mails.append({**mail, "receivedDateTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ")})
    page = await poll(outlook, "new_mail", first.cursor, transport)
    assert [event.id for event in page.events] == ["NEW0", "NEW1"] and page.more
    assert page.events[0].data["sender"] == "minji@sandbox.example"
    last = await poll(outlook, "new_mail", page.cursor, transport)
    assert [event.id for event in last.events] == ["NEW2"] and not last.more
    assert (await poll(outlook, "new_mail", last.cursor, transport)).events == []


async def test_changed_files_begin_with_what_changes_from_now_on(sandboxes: Any) -> None:
    transport = httpx2.ASGITransport(app=sandboxes)
    first = await poll(onedrive, "changed_file", None, transport)
    assert first.events == []
    sandbox.world.files += [
        sandbox._file("01NEW", "new.txt", "text/plain", b"new"),
        {"id": "01DIR", "name": "folder", "folder": {"childCount": 0}, "size": 0},
    ]
    page = await poll(onedrive, "changed_file", first.cursor, transport)
    assert [event.data["name"] for event in page.events] == ["new.txt"]
    assert page.events[0].id == f"01NEW:{sandbox.WHEN}"


async def test_a_forgotten_place_begins_anew(sandboxes: Any) -> None:
    transport = httpx2.ASGITransport(app=sandboxes)
    page = await poll(onedrive, "changed_file", "/me/drive/root/delta?$deltatoken=999", transport)
    assert page.events == [] and page.cursor.endswith(f"={len(sandbox.world.files)}")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"value": [], "@odata.deltaLink": "https://evil.example/delta"}, "broken_answer"),
        ({"value": []}, "broken_answer"),
        ({"value": [], "@odata.nextLink": f"{LINK}1"}, "page_loop"),
    ],
)
async def test_the_next_call_goes_to_graph_only(body: dict[str, Any], code: str) -> None:
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=body))
    with pytest.raises(Unavailable) as caught:
        await poll(onedrive, "changed_file", "/me/drive/root/delta?$deltatoken=1", transport)
    assert caught.value.error_code == code
