"""Signing in to services: the whole way against the stand-ins, every shortcut closed, tokens renewed in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from django.db import connections as databases
from django.test import Client
from django.utils import timezone

from integrations import oauth
from integrations.connectors.github import sandbox as github
from integrations.connectors.google.sandbox import common as google
from integrations.connectors.kakao import sandbox as kakao
from integrations.connectors.microsoft import sandbox as microsoft
from integrations.connectors.slack import sandbox as slack
from integrations.models import Connection
from integrations.oauth import SignInExpired, current_values, refresh_due
from integrations.registry import registry
from integrations.sandbox_server import create_app, discover_sandboxes
from integrations.sdk import OAuth2
from integrations.services import create_for_each_caller, credential_for
from portal.common.errors import NotFound, Unready
from portal.common.http import client as guarded_client
from portal.settings.env import env
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner

SIGN_INS = {"google": google, "slack": slack, "github": github, "microsoft": microsoft, "kakao": kakao}


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The sandbox server behind the guarded client, and a browser's view of it."""
    app = create_app(discover_sandboxes())

    def client(*arguments: Any, **options: Any) -> Any:
        return guarded_client(*arguments, **{**options, "transport": httpx2.ASGITransport(app=app)})

    monkeypatch.setattr("portal.common.http.client", client)
    yield app


class Person:
    """Signed in here, in front of a browser that also shows the service's page."""

    def __init__(self, actor: Actor, app: Any) -> None:
        assert actor.user is not None
        self.actor, self.app, self.browser = actor, app, Client()
        self.browser.force_login(actor.user)

    def begin(self, connector: str, **more: Any) -> str:
        answer = self.browser.post(
            "/connections/connect", json.dumps({"connector": connector, **more}), content_type="application/json"
        )
        assert answer.status_code == 200, answer.content
        return str(answer.json()["url"])

    def decide(self, url: str, decision: str = "allow") -> str:
        """Press a button on the service's page; the address it leads back to."""
        import asyncio

        async def press() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, trust_env=False) as web:
                page = await web.get(url)
                assert page.status_code == 200 and "stand-in" in page.text, page.text
                return await web.post(url, data={"decision": decision})

        back = asyncio.run(press()).headers["location"]
        assert back.startswith("http://localhost:8000/connections/callback/")
        return back.removeprefix("http://localhost:8000")

    def come_back(self, path: str) -> str:
        """The words of the page after the callback."""
        return self.browser.get(path, follow=True).content.decode()

    def connect(self, connector: str, **more: Any) -> Connection:
        before = set(Connection.objects.values_list("pk", flat=True))
        page = self.come_back(self.decide(self.begin(connector, **more)))
        (made,) = Connection.objects.exclude(pk__in=before)
        assert f"“{made.name}” is connected" in page
        return made


@pytest.fixture
def person(owner: Actor, sandbox: Any) -> Person:
    return Person(owner, sandbox)


def _values(connection: Connection) -> dict[str, Any]:
    return current_values(Connection.objects.get(pk=connection.pk))


def _by_sign_in() -> list[str]:
    return [one.id for one in registry().connectors.values() if isinstance(one.auth, OAuth2)]


@pytest.mark.parametrize("connector", _by_sign_in())
def test_every_service_can_be_connected(person: Person, connector: str) -> None:
    made = person.connect(connector)
    assert made.health == Connection.Health.OK, made.health_message
    assert made.scopes and made.connector == connector
    values = _values(made)
    assert values["access_token"] not in bytes(made.sealed).decode("latin1")
    if made.expires_at is None:
        assert made.refresh_at is None and values["refresh_token"] is None
    else:
        life = made.expires_at.timestamp() - values["issued_at"]
        assert made.refresh_at is not None
        assert abs(made.refresh_at.timestamp() - values["issued_at"] - 0.75 * life) < 1


def test_the_request_is_minimal_and_guarded(person: Person) -> None:
    asked = dict(parse_qsl(urlsplit(person.begin("slack", access="read")).query))
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43 and len(asked["state"]) == 43
    assert asked["redirect_uri"] == "http://localhost:8000/connections/callback/slack"
    assert "chat:write" not in asked["scope"] and "channels:read" in asked["scope"]
    assert "chat:write" in dict(parse_qsl(urlsplit(person.begin("slack")).query))["scope"]


def test_consent_grows_on_the_same_connection(person: Person) -> None:
    made = person.connect("slack", access="read")
    before = set(made.scopes)
    person.come_back(person.decide(person.begin("slack", connection=str(made.pk))))
    again = Connection.objects.get()
    assert again.pk == made.pk and before < set(again.scopes)


def test_saying_no_makes_nothing(person: Person) -> None:
    page = person.come_back(person.decide(person.begin("slack"), "deny"))
    assert "You did not allow it" in page and not Connection.objects.exists()


def test_a_state_is_good_once_for_one_person_in_one_browser(person: Person, sandbox: Any) -> None:
    back = person.decide(person.begin("github"))
    stranger = Person(make_owner("stranger"), sandbox)
    assert "not begun here" in stranger.come_back(back)
    assert not Connection.objects.exists()

    back = person.decide(person.begin("github"))
    other_browser = Person(person.actor, sandbox)
    assert "not begun here" in other_browser.come_back(back)

    back = person.decide(person.begin("github"))
    assert "not begun here" in person.come_back(back.replace("/github?", "/slack?"))

    back = person.decide(person.begin("github"))
    assert "is connected" in person.come_back(back)
    assert "not begun here" in person.come_back(back)
    assert "not begun here" in person.come_back("/connections/callback/github?code=x")
    assert Connection.objects.count() == 1


def test_a_code_of_somebody_else_is_refused(person: Person) -> None:
    theirs = dict(parse_qsl(urlsplit(person.decide(person.begin("github"))).query))
    mine = dict(parse_qsl(urlsplit(person.decide(person.begin("github"))).query))
    # Injected: my state, a code that was made for another verifier.
    page = person.come_back(f"/connections/callback/github?state={mine['state']}&code={theirs['code']}")
    assert "did not accept the sign-in" in page and not Connection.objects.exists()


def test_only_members_with_the_right_may_connect(person: Person, sandbox: Any) -> None:
    viewer = Person(join(person.actor.workspace, Role.VIEWER), sandbox)
    body = json.dumps({"connector": "slack"})
    assert viewer.browser.post("/connections/connect", body, content_type="application/json").status_code == 403
    assert viewer.browser.get("/connections/callback/slack?state=x").status_code == 403


def test_without_a_client_of_the_operator_it_says_so(owner: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTREAMS", "live")
    env.cache_clear()
    try:
        with pytest.raises(Unready) as caught:
            oauth.begin(owner, "slack", session="s")
        assert "SLACK_CLIENT_ID" in caught.value.remedy
        monkeypatch.setenv("SLACK_CLIENT_ID", "real-client")
        env.cache_clear()
        assert oauth.begin(owner, "slack", session="s").startswith("https://slack.com/oauth/v2/authorize?")
    finally:
        monkeypatch.undo()
        env.cache_clear()


def _due(connection: Connection) -> None:
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(
        refresh_at=now - timedelta(seconds=1), expires_at=now + timedelta(minutes=10)
    )


@pytest.mark.parametrize("connector", ["gmail", "outlook"])
def test_a_due_token_is_renewed_on_use(person: Person, connector: str) -> None:
    if connector not in registry().connectors:
        connector = next(
            one for one in _by_sign_in() if one.split("_")[0] in connector or connector.split("_")[1] in one
        )
    made = person.connect(connector)
    old = _values(made)
    _due(made)
    opened = credential_for(person.actor.workspace.pk, connector, connection=str(made.pk))
    assert opened is not None and opened.values["access_token"] != old["access_token"]
    assert opened.values["refresh_token"]
    after = Connection.objects.get()
    assert after.refresh_at is not None and after.refresh_at > timezone.now() and after.scopes == made.scopes
    assert _values(made) == opened.values


def test_beat_renews_what_is_due_and_nothing_else(person: Person) -> None:
    due, fresh = person.connect("kakao"), person.connect("kakao")
    before = _values(fresh)
    _due(due)
    assert refresh_due() == {"refreshed": 1, "failed": 0, "expired": 0}
    assert _values(fresh) == before
    assert refresh_due()["refreshed"] == 0


def test_of_many_at_once_one_renews(transactional_db: None, sandbox: Any) -> None:
    person = Person(make_owner(), sandbox)
    made = person.connect("kakao")
    _due(made)
    before = kakao.sign_in.refreshes

    def use(_: int) -> str:
        try:
            return str(_values(made)["access_token"])
        finally:
            databases.close_all()

    with ThreadPoolExecutor(4) as pool:
        tokens = set(pool.map(use, range(4)))
    assert len(tokens) == 1 and kakao.sign_in.refreshes == before + 1


def test_a_refusal_is_remembered_and_told(person: Person) -> None:
    made = person.connect("kakao")
    kakao.sign_in.refreshable.clear()
    _due(made)
    before = kakao.sign_in.refreshes
    for _ in range(3):
        with pytest.raises(SignInExpired) as caught:
            credential_for(person.actor.workspace.pk, "kakao", connection=str(made.pk))
        assert "/connections" in caught.value.remedy
    after = Connection.objects.get()
    assert after.health == Connection.Health.EXPIRED and after.refresh_at is None
    assert kakao.sign_in.refreshes == before
    assert "did not accept" in person.browser.get("/connections").content.decode()

    person.come_back(person.decide(person.begin("kakao", connection=str(made.pk))))
    assert Connection.objects.get().health == Connection.Health.OK
    assert credential_for(person.actor.workspace.pk, "kakao", connection=str(made.pk)) is not None


def test_while_the_service_is_down_the_living_token_serves(person: Person) -> None:
    made = person.connect("kakao")
    old = _values(made)
    _due(made)
    kakao.app.state.faults.waiting.clear()
    from integrations.sdk.standin import Fault

    kakao.app.state.faults.waiting += [Fault(status=503, times=2, path="/oauth/token")]
    try:
        assert _values(made)["access_token"] == old["access_token"]
        Connection.objects.update(expires_at=timezone.now())
        with pytest.raises(Unready):
            _values(made)
        assert Connection.objects.get().refresh_at is not None
    finally:
        kakao.app.state.faults.waiting.clear()
    assert _values(made)["access_token"] != old["access_token"]


def test_deleting_ends_the_token_over_there(person: Person) -> None:
    made = person.connect("google_drive")
    refresh_token = _values(made)["refresh_token"]
    assert refresh_token in google.sign_in.refreshable
    assert person.browser.post(f"/connections/{made.pk}/delete").status_code == 302
    assert refresh_token not in google.sign_in.refreshable and not Connection.objects.exists()


def test_each_caller_calls_with_an_account_of_their_own(person: Person, sandbox: Any) -> None:
    workspace, user = person.actor.workspace, person.actor.user
    assert user is not None
    shared = create_for_each_caller(person.actor, "kakao", "Everybody's own")
    with pytest.raises(NotFound) as caught:
        credential_for(workspace.pk, "kakao", connection=str(shared.pk), user_id=user.pk)
    assert caught.value.remedy.endswith("/connections?connect=kakao")
    # A connection of the whole workspace does not stand in for it.
    person.connect("kakao")
    with pytest.raises(NotFound):
        credential_for(workspace.pk, "kakao", connection=str(shared.pk), user_id=user.pk)
    with pytest.raises(NotFound):
        credential_for(workspace.pk, "kakao", connection=str(shared.pk), user_id=None)
    mine = person.connect("kakao", personal=True)
    opened = credential_for(workspace.pk, "kakao", connection=str(shared.pk), user_id=user.pk)
    assert opened is not None and opened.connection_id == str(mine.pk)


def test_deleting_what_is_in_use_names_it_first(person: Person) -> None:
    from workflows.models import Workflow

    made = person.connect("kakao")
    draft = {"nodes": [{"id": "a", "action": "kakao.send_text", "connection": str(made.pk)}]}
    Workflow.objects.create(workspace=person.actor.workspace, name="Morning note", draft=draft)
    assert "Morning note" in person.browser.get("/connections").content.decode()
    asked = person.browser.post(f"/connections/{made.pk}/delete")
    assert asked.status_code == 200 and "Morning note" in asked.content.decode()
    assert Connection.objects.exists()
    assert person.browser.post(f"/connections/{made.pk}/delete", {"anyway": "1"}).status_code == 302
    assert not Connection.objects.exists()
