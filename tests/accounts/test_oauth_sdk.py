"""The MCP SDK's own OAuth client against the whole application: discovery, registration, consent, call, refresh."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client as Browser
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from oauth2_provider.models import AccessToken, Application

from deployments.mcp.app import shut_down
from deployments.models import Deployment
from deployments.services import deploy_template
from portal.accounts.models import User
from portal.accounts.oauth import cimd
from portal.asgi import application
from portal.common.http import client as guarded_client
from portal.workspaces.services import Actor
from tests.accounts.flow import Flow, query
from tests.people import make_owner, make_user
from tests.running import worker_in_process

REDIRECT = "http://localhost:7777/callback"


@pytest.fixture
def owner(transactional_db: None) -> Actor:
    return make_owner()


@pytest.fixture
def deployment(owner: Actor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with worker_in_process(monkeypatch):
        yield deploy_template(owner, "echo")[0]


class Memory:
    """The client's store of tokens and of its own registration."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Person:
    """Sits in front of a browser and agrees to what it shows."""

    def __init__(self, user: User) -> None:
        self.browser = Browser()
        self.browser.force_login(user)
        self.back: dict[str, str] = {}
        self.page = ""

    def _agree(self, url: str) -> None:
        page = self.browser.get(url.removeprefix(settings.PUBLIC_URL))
        if page.status_code == 302:
            self.back = query(page["Location"])
            return
        assert page.status_code == 200, page.content
        self.page = page.content.decode()
        hidden = {name: value for name, value in page.context["form"].initial.items() if value is not None}
        answer = self.browser.post("/oauth/authorize", {**hidden, "allow": "1"})
        assert answer["Location"].startswith(REDIRECT)
        self.back = query(answer["Location"])

    async def redirect(self, url: str) -> None:
        await sync_to_async(self._agree)(url)

    async def callback(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(
            code=self.back.get("code", ""), state=self.back.get("state"), iss=self.back.get("iss")
        )


def provider(url: str, person: Person, memory: Memory, **more: Any) -> OAuthClientProvider:
    about = OAuthClientMetadata(
        client_name="SDK client",
        redirect_uris=[REDIRECT],
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method=more.pop("auth_method", "none"),
    )
    return OAuthClientProvider(url, about, memory, person.redirect, person.callback, **more)


def in_loop(work: Any) -> Any:
    async def run() -> Any:
        try:
            return await work()
        finally:
            await shut_down()

    return asyncio.run(run())


async def call(url: str, auth: OAuthClientProvider, *, expire: bool = False) -> list[Any]:
    """Call the echo tool; with `expire`, once more after the client believes its token to be old."""
    web = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=application), auth=auth, timeout=30, trust_env=False)
    async with web, Client(streamable_http_client(url, http_client=web), mode="auto") as client:
        results = [await client.call_tool("echo", {"text": "hello"})]
        if expire:
            auth.context.token_expiry_time = 1.0
            results.append(await client.call_tool("echo", {"text": "again"}))
        return results


@pytest.mark.parametrize("auth_method", ["none", "client_secret_basic", "client_secret_post"])
def test_the_sdk_registers_asks_calls_and_refreshes(deployment: Deployment, owner: Actor, auth_method: str) -> None:
    assert owner.user is not None
    url, memory, person = f"{settings.PUBLIC_URL}/mcp/{deployment.slug}", Memory(), Person(owner.user)
    auth = provider(url, person, memory, auth_method=auth_method)

    first, second = in_loop(lambda: call(url, auth, expire=True))

    assert not first.is_error and not second.is_error
    assert "SDK client" in person.page and "localhost:7777" in person.page and url in person.page
    assert memory.tokens is not None and memory.tokens.scope == "mcp:call"
    (token,) = AccessToken.objects.all()
    assert token.resource == [url] and token.user == owner.user
    # What was issued for the server does not open the REST API.
    answer = Flow(owner.user).api(memory.tokens.access_token)
    assert answer.status_code == 401


def test_the_sdk_comes_with_a_metadata_document(
    deployment: Deployment, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = "https://client.example/oauth/client.json"
    document = {"client_id": about, "client_name": "By document", "redirect_uris": [REDIRECT]}
    network = httpx2.MockTransport(lambda request: httpx2.Response(200, json=document))
    monkeypatch.setattr(cimd, "client", lambda **options: guarded_client(**options, transport=network))
    assert owner.user is not None
    url, memory, person = f"{settings.PUBLIC_URL}/mcp/{deployment.slug}", Memory(), Person(owner.user)

    (result,) = in_loop(lambda: call(url, provider(url, person, memory, client_metadata_url=about)))

    assert not result.is_error and "By document" in person.page
    assert Application.objects.get().client_id == about


def test_a_document_at_a_private_address_is_not_fetched(owner: Actor) -> None:
    assert owner.user is not None
    browser = Person(owner.user).browser
    for address in ("https://127.0.0.1/client.json", "https://[::1]/c.json", "https://2130706433/c.json"):
        answer = browser.get("/oauth/authorize", {"client_id": address, "response_type": "code"})
        assert answer.status_code == 400 and not Application.objects.exists()


def test_a_stranger_gets_no_token_for_the_server(deployment: Deployment) -> None:
    url = f"{settings.PUBLIC_URL}/mcp/{deployment.slug}"
    flow = Flow(make_user("stranger"))
    answer = flow.ask(resource=url, scope="mcp:call")
    assert query(answer["Location"])["error"] == "access_denied"


def test_a_paused_server_gets_no_new_tokens(deployment: Deployment, owner: Actor) -> None:
    assert owner.user is not None
    url, flow = f"{settings.PUBLIC_URL}/mcp/{deployment.slug}", Flow(owner.user)
    tokens = flow.tokens(resource=url, scope="mcp:call")
    Deployment.objects.update(state="paused")
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_target"
    assert query(flow.ask(resource=url)["Location"])["error"] == "invalid_target"


def test_client_credentials_act_for_who_registered_them(deployment: Deployment, owner: Actor) -> None:
    url = f"{settings.PUBLIC_URL}/mcp/{deployment.slug}"
    for user, expected in ((owner.user, 200), (make_user("outsider"), 403), (None, 403)):
        machine = Application(
            user=user, client_type="confidential", authorization_grant_type="client-credentials", name="machine"
        )
        secret = machine.client_secret
        machine.save()
        answer = Browser().post(
            "/oauth/token",
            {
                "grant_type": "client_credentials",
                "client_id": machine.client_id,
                "client_secret": secret,
                "resource": url,
                "scope": "mcp:call",
            },
        )
        ok = answer.status_code == 200
        assert ok == (expected == 200), answer.content
