"""Every page renders in both languages, empty and full, and holds nothing that the security policy refuses."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.http import HttpResponse

from portal.workspaces.services import Actor
from tests.pages.conftest import LISTS, World, client_of


class Page(HTMLParser):
    """Collects what a page must not have, and its language."""

    def __init__(self) -> None:
        super().__init__()
        self.language = ""
        self.forbidden: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.unnamed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.language = values.get("lang") or ""
        if tag == "script" and "src" not in values and values.get("type") != "application/json":
            self.forbidden.append("inline script")
        for name, value in attrs:
            if re.match(r"on[a-z]+$", name) or name == "style" or (value or "").startswith("javascript:"):
                self.forbidden.append(f"<{tag} {name}>")
            if name == "id":
                self.ids.append(value or "")
        if tag == "img" and "alt" not in values:
            self.unnamed.append("img without alt")


def read(response: HttpResponse) -> Page:
    page = Page()
    page.feed(response.content.decode())
    return page


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("state", ["empty", "full"])
def test_pages_render(request: pytest.FixtureRequest, owner: Actor, language: str, state: str) -> None:
    world: World | None = request.getfixturevalue("world") if state == "full" else None
    client = client_of(owner, language)
    addresses = [*world.pages(), *world.editor_pages()] if world else LISTS

    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        if response["Content-Type"].startswith("application/json"):
            continue
        page = read(response)
        assert page.forbidden == [], (address, page.forbidden)
        assert page.unnamed == [], address
        assert len(page.ids) == len(set(page.ids)), (address, [i for i in page.ids if page.ids.count(i) > 1])
        if b"<html" in response.content:
            assert page.language == language, address


def test_the_policy_allows_scripts_only_from_here(owner: Actor) -> None:
    response = client_of(owner).get("/")

    policy = response["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "unsafe-inline" not in scripts and "unsafe-eval" not in scripts
    assert "default-src 'self'" in policy


def test_account_pages_wear_the_same_clothes(owner: Actor) -> None:
    client = client_of(owner, "ko")

    for address in ("/accounts/email/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/password/change/"):
        response = client.get(address, follow=True)
        assert response.status_code == 200, address
        assert 'class="brand' in response.content.decode() or 'id="nav"' in response.content.decode(), address
        assert read(response).forbidden == [], address


def test_sign_in_is_a_page_without_the_shell(db: None) -> None:
    response = client_of(None, "ko").get("/accounts/login/")

    text = response.content.decode()
    assert response.status_code == 200
    assert 'class="entrance' in text and 'class="nav"' not in text
    assert read(response).forbidden == []


def test_a_person_without_a_workspace_is_welcomed(db: None) -> None:
    from django.test import Client

    from tests.people import make_user

    client = Client()
    client.force_login(make_user(), backend="django.contrib.auth.backends.ModelBackend")

    response = client.get("/", follow=True)

    assert response.redirect_chain[-1][0] == "/welcome"
    client.post("/workspaces/new", {"name": "새 공간"})
    assert "새 공간" in client.get("/").content.decode()
