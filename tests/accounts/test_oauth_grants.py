"""The other grants and endpoints: device code, password, introspection, discovery; and refreshes at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings
from oauth2_provider.models import AccessToken, Application

from portal.accounts.oauth.scopes import PERMISSION_SCOPES, SCOPES
from portal.settings.oauth import oauth2_provider
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from tests.accounts.flow import Flow
from tests.people import make_owner

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def test_of_many_refreshes_at_once_one_wins(transactional_db: None) -> None:
    user = make_owner().user
    assert user is not None
    flow = Flow(user)
    old = flow.tokens()["refresh_token"]

    def refresh(_: int) -> int:
        try:
            return int(flow.refresh(old).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(refresh, range(6)))
    assert statuses == [200, 400, 400, 400, 400, 400]
    # The losers look like thieves of the token, so the whole family ends.
    assert not AccessToken.objects.exists()


def test_of_many_exchanges_at_once_one_wins(transactional_db: None) -> None:
    user = make_owner().user
    assert user is not None
    flow = Flow(user)
    code = flow.consent()["code"]

    def exchange(_: int) -> int:
        try:
            return int(flow.exchange(code).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(exchange, range(4))) == [200, 400, 400, 400]


def test_every_permission_is_a_scope_with_a_text(db: None) -> None:
    assert set(PERMISSION_SCOPES) == {str(permission) for permission in Permission}
    assert all(str(text) for text in SCOPES.values())


def test_discovery_names_only_what_is_served(client: Client) -> None:
    document = client.get("/.well-known/oauth-authorization-server").json()
    assert document["issuer"] == settings.PUBLIC_URL
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]
    assert "password" not in document["grant_types_supported"] and "implicit" not in document["grant_types_supported"]
    for name, url in document.items():
        if name.endswith("_endpoint"):
            path = url.removeprefix(settings.PUBLIC_URL)
            assert client.options(path).status_code in (200, 204, 302), name
    assert client.get("/.well-known/oauth-authorization-server/mcp/x").status_code == 404
    resource = client.get("/.well-known/oauth-protected-resource/api").json()
    assert resource["resource"] == f"{settings.PUBLIC_URL}/api"


@pytest.fixture
def device(flow: Flow, owner: Actor) -> Flow:
    assert owner.user is not None
    return Flow(owner.user, grant_types=[DEVICE_CODE, "refresh_token"], redirect_uris=[])


def _start(flow: Flow, data: dict[str, str]) -> Any:
    form = "application/x-www-form-urlencoded"
    return flow.web.post("/oauth/device-authorization", urlencode(data), content_type=form).json()


def _poll(flow: Flow, code: str, **more: str) -> Any:
    data = {"grant_type": DEVICE_CODE, "device_code": code, "client_id": flow.client["client_id"], **more}
    return flow.web.post("/oauth/token", data)


def test_a_device_gets_a_token_once_the_person_agrees(device: Flow) -> None:
    client_id = device.client["client_id"]
    data = {"client_id": client_id, "scope": "workflow:read"}
    codes = _start(device, data)
    assert codes["verification_uri"] == f"{settings.PUBLIC_URL}/oauth/device"
    assert _poll(device, codes["device_code"]).json()["error"] == "authorization_pending"
    page = device.browser.post("/oauth/device", {"user_code": codes["user_code"]})
    confirm = device.browser.get(page["Location"])
    assert "See your workflows" in confirm.content.decode()
    assert device.browser.post(page["Location"], {"action": "accept"}).status_code == 302
    assert _poll(device, codes["device_code"], resource=settings.PUBLIC_URL + "/mcp/x").status_code == 400
    token = _poll(device, codes["device_code"]).json()["access_token"]
    assert device.api(token).status_code == 200
    assert _poll(device, codes["device_code"]).json()["error"] == "invalid_grant"


def test_the_code_may_be_typed_as_people_type(device: Flow) -> None:
    codes = _start(device, {"client_id": device.client["client_id"], "scope": "workflow:read"})
    typed = codes["user_code"].lower()
    page = device.browser.post("/oauth/device", {"user_code": f" {typed[:4]}-{typed[4:]} "})
    confirm = device.browser.get(page["Location"]).content.decode()
    assert codes["user_code"] in confirm and "workflow:read" in confirm


def test_codes_cannot_be_guessed(device: Flow) -> None:
    codes = _start(device, {"client_id": device.client["client_id"], "scope": "workflow:read"})
    answers = [device.browser.post("/oauth/device", {"user_code": f"WRONG{n}"}) for n in range(20)]
    assert {answer.status_code for answer in answers} == {200} and b"unknown, used up" in answers[0].content
    last = device.browser.post("/oauth/device", {"user_code": codes["user_code"]})
    assert last.status_code == 429 and last["Retry-After"] == "900"
    assert device.browser.post("/oauth/device", {"user_code": "a\x00b"}).status_code == 429


def test_a_refused_device_gets_nothing(device: Flow) -> None:
    data = {"client_id": device.client["client_id"], "scope": "workflow:read"}
    codes = _start(device, data)
    page = device.browser.post("/oauth/device", {"user_code": codes["user_code"]})
    device.browser.post(page["Location"], {"action": "deny"})
    assert _poll(device, codes["device_code"]).json()["error"] == "access_denied"
    assert not AccessToken.objects.exists()


def _machine(owner: Actor, grant: str, kind: str = "confidential") -> tuple[Application, str]:
    machine = Application(user=owner.user, client_type=kind, authorization_grant_type=grant, name="machine")
    secret = machine.client_secret
    machine.save()
    return machine, secret


def _by_password(owner: Actor, machine: Application, secret: str, password: str = "correct horse battery") -> Any:
    assert owner.user is not None
    data = {
        "grant_type": "password",
        "username": owner.user.email,
        "password": password,
        "client_id": machine.client_id,
        "client_secret": secret,
        "scope": "workflow:read",
    }
    return Client().post("/oauth/token", data)


def test_the_password_grant_is_off(owner: Actor) -> None:
    assert _by_password(owner, *_machine(owner, "password")).json()["error"] == "unauthorized_client"


def test_the_password_grant_is_for_own_confidential_clients_and_no_way_round_mfa(owner: Actor) -> None:
    with override_settings(OAUTH2_PROVIDER=oauth2_provider(settings.PUBLIC_URL, password_grant=True)):
        machine, secret = _machine(owner, "password")
        assert _by_password(owner, machine, secret, "wrong").status_code == 400
        assert _by_password(owner, machine, secret).status_code == 200
        Application.objects.filter(pk=machine.pk).update(registration_source="dcr")
        assert _by_password(owner, machine, secret).status_code == 400
        Application.objects.filter(pk=machine.pk).update(registration_source="manual")
        Authenticator.objects.create(user=owner.user, type="totp", data={"secret": "x"})
        assert _by_password(owner, machine, secret).status_code == 400
        statuses = [_by_password(owner, machine, secret, "wrong").status_code for _ in range(10)]
        assert statuses[-1] == 429


def test_a_client_sees_only_its_own_tokens(owner: Actor) -> None:
    (one, secret), (two, other) = _machine(owner, "client-credentials"), _machine(owner, "client-credentials")
    data = {"grant_type": "client_credentials", "client_id": one.client_id, "client_secret": secret}
    token = Client().post("/oauth/token", {**data, "scope": "workflow:read"}).json()["access_token"]

    def ask(application: Application, password: str) -> Any:
        body = {"token": token, "client_id": application.client_id, "client_secret": password}
        return Client().post("/oauth/introspect", body)

    answer = ask(one, secret).json()
    assert answer["active"] and answer["aud"] == [f"{settings.PUBLIC_URL}/api"] and answer["scope"] == "workflow:read"
    assert ask(two, other).json() == {"active": False}
    assert ask(one, "wrong").status_code == 401
    assert Client().get("/api/v1/workflows", headers={"Authorization": f"Bearer {token}"}).status_code == 200
