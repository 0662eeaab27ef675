"""Changed files of Drive: once each, from the moment the trigger is made, over pages."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from integrations.connectors.google.connector import google_drive
from integrations.connectors.google.sandbox import CREDENTIAL, drive
from integrations.connectors.google.sandbox.common import PAGE
from integrations.runtime import in_context, typed_credential
from integrations.sdk import EventPage, MemoryStore, Unavailable


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_DRIVE_BASE_URL", raising=False)
    monkeypatch.setattr(drive, "store", drive.Files())


async def poll(cursor: str | None, transport: httpx2.AsyncBaseTransport) -> EventPage:
    trigger = google_drive.triggers["changed_file"]
    page: EventPage = await in_context(
        google_drive,
        trigger.function,
        label=trigger.id,
        context_options={"workspace_id": "", "cursor": cursor},
        credential=typed_credential(google_drive, CREDENTIAL),
        deadline=time.monotonic() + 20,
        store=MemoryStore(),
        transport=transport,
    )
    return page


async def test_changed_files_come_once(sandboxes: Any) -> None:
    transport = httpx2.ASGITransport(app=sandboxes)
    page = await poll(None, transport)
    assert page.events == [] and page.cursor
    names = [f"new {number}.txt" for number in range(PAGE + 1)]
    drive.store.rows += [drive.Files.row(f"n{name}", name, "text/plain", b"new") for name in names]
    drive.store.rows.append(drive.Files.row("dir", "folder", "application/vnd.google-apps.folder", None))
    seen = []
    for _ in range(3):
        page = await poll(page.cursor, transport)
        seen += [event.data["name"] for event in page.events]
        if not page.more:
            break
    assert seen == names and not page.more
    assert (await poll(page.cursor, transport)).events == []


@pytest.mark.parametrize(("body", "code"), [({"changes": []}, "broken_answer"), ({"nextPageToken": "7"}, "page_loop")])
async def test_a_list_without_end_or_way_on_is_told(body: dict[str, Any], code: str) -> None:
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=body))
    with pytest.raises(Unavailable) as caught:
        await poll("7", transport)
    assert caught.value.error_code == code
