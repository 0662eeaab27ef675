"""A service whose pages lead back to themselves: no action follows it for long, and those that page say so."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from integrations.registry import registry
from integrations.runtime import run_action
from integrations.sdk import ConnectorError, MemoryFiles, MemoryStore
from integrations.sdk.testing import example_of, made_up_credential

#: Every list that a service has, so that the same answer fits each action, and every way to name the next page.
LISTS = ("items", "messages", "files", "value", "channels", "members", "values", "documents", "matches", "repositories")
#: The most requests that an action may send before it notices.
FEW = 60
PAGED = {
    "github": {"list_repositories", "list_issues", "list_comments", "list_pull_requests"},
    "gmail": {"search_mails"},
    "google_calendar": {"list_events"},
    "google_drive": {"search_files"},
    "outlook": {"search_mails", "list_events"},
    "onedrive": {"search_files"},
    "teams": {"list_teams", "list_channels", "read_channel"},
    "slack": {"list_channels", "list_users", "read_channel", "read_thread"},
}
ACTIONS = [
    action
    for connector in registry().connectors.values()
    for action in connector.actions.values()
    if connector.module.startswith("integrations.connectors.")
    and connector.upstream is not None
    and not (connector.dials or connector.in_workspace or action.heavy)
    and example_of(action) is not None
]


class Loop(httpx2.AsyncBaseTransport):
    """Answers everything with a page after which the same page comes."""

    def __init__(self, connector: str) -> None:
        self.connector, self.requests = connector, 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        assert self.requests <= FEW, "the action follows a circle"
        address = str(request.url.copy_with(query=None))
        body: Any = [] if self.connector == "github" else {name: [] for name in LISTS}
        if isinstance(body, dict):
            body |= {"ok": True, "nextPageToken": "same", "@odata.nextLink": address}
            body |= {"response_metadata": {"next_cursor": "same"}, "channel": {"id": "C1", "name": "general"}}
        headers = {"Content-Type": "application/json", "Link": f'<{address}>; rel="next"'}
        return httpx2.Response(200, content=json.dumps(body), headers=headers, request=request)


async def loop(action: Any, params: dict[str, Any]) -> ConnectorError | None:
    transport = Loop(action.connector.id)
    try:
        await run_action(
            action.id,
            params,
            credential=made_up_credential(action.connector),
            store=MemoryStore(),
            files=MemoryFiles(),
            transport=transport,
        )
    except ConnectorError as error:
        return error
    return None


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
async def test_a_circle_of_pages_ends(action: Any) -> None:
    error = await loop(action, example_of(action) or {})
    assert error is None or error.error_code != "internal", error
    if action.name in PAGED.get(action.connector.id, ()):
        assert error is not None and error.error_code == "page_loop", error


def test_the_paged_actions_exist() -> None:
    ids = {action.id for action in ACTIONS}
    assert {f"{connector}.{name}" for connector, names in PAGED.items() for name in names} <= ids
