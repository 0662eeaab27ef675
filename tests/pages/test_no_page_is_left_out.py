"""Every page that stands in the routes is looked at in a browser, or says why not."""

from __future__ import annotations

from portal.workspaces.services import Actor
from tests.e2e.test_every_page_in_a_browser import LEFT_OUT, PAGES
from tests.pages.conftest import client_of
from tests.walls.routes import all_routes


def test_every_page_without_parameters_is_on_the_list(owner: Actor) -> None:
    client = client_of(owner)
    known = {pattern.partition("#")[0].partition("?")[0] for pattern in PAGES} | set(LEFT_OUT)
    missing = []
    for route in all_routes():
        path = "/" + route.pattern
        if "GET" not in route.methods or any(sign in path for sign in "<^(") or path in known:
            continue
        if path.startswith(("/api/", "/.well-known/", "/oauth/")):
            continue
        response = client.get(path)
        if response.status_code == 200 and b"<html" in b"".join(response)[:2000]:
            missing.append(path)

    assert missing == [], "add them to PAGES, or to LEFT_OUT with a reason"
