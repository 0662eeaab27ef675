"""The attack list: every way of getting or using a token that must fail."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from portal.accounts.oauth.resources import api_url
from portal.workspaces.services import Actor
from tests.accounts.flow import REDIRECT, Flow, query
from tests.people import make_user


def test_a_token_opens_the_api_and_is_kept_as_a_hash_only(flow: Flow) -> None:
    tokens = flow.tokens()
    assert flow.api(tokens["access_token"]).status_code == 200
    assert tokens["expires_in"] <= 900
    for row in [*AccessToken.objects.values(), *RefreshToken.objects.values()]:
        assert tokens["access_token"] not in map(str, row.values())
        assert tokens["refresh_token"] not in map(str, row.values())


def test_the_answer_names_the_issuer_and_the_state(flow: Flow) -> None:
    back = flow.consent()
    assert back["iss"] == settings.PUBLIC_URL and back["state"] == "state-1"


def test_refusing_gives_no_code(flow: Flow) -> None:
    back = flow.consent(allow=False)
    assert back["error"] == "access_denied" and "code" not in back


def test_a_code_is_good_once_and_a_replay_kills_what_it_bought(flow: Flow) -> None:
    code = flow.consent()["code"]
    tokens = flow.exchange(code).json()
    renewed = flow.refresh(tokens["refresh_token"]).json()
    assert flow.exchange(code).json()["error"] == "invalid_grant"
    assert flow.api(renewed["access_token"]).status_code == 401
    assert flow.refresh(renewed["refresh_token"]).status_code == 400


def test_a_replay_by_another_client_harms_nobody(flow: Flow, owner: Actor) -> None:
    code = flow.consent()["code"]
    tokens = flow.exchange(code).json()
    assert owner.user is not None
    other = Flow(owner.user)
    assert other.exchange(code).status_code == 400
    assert flow.api(tokens["access_token"]).status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"code_verifier": "x" * 64}, {"code_verifier": None}, {"redirect_uri": REDIRECT + "2"}]
)
def test_a_failed_exchange_uses_the_code_up(flow: Flow, wrong: dict[str, Any]) -> None:
    code = flow.consent()["code"]
    assert flow.exchange(code, **wrong).status_code == 400
    assert flow.exchange(code).status_code == 400
    assert not Grant.objects.exists() and not AccessToken.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
    ],
)
def test_pkce_with_s256_is_required(flow: Flow, changes: dict[str, Any]) -> None:
    answer = flow.ask(**changes)
    assert answer.status_code == 302 and query(answer["Location"])["error"] == "invalid_request"


@pytest.mark.parametrize(
    "uri",
    [
        REDIRECT + "/more",
        "http://127.0.0.1.evil.example/callback",
        "https://evil.example/callback",
        "http://127.0.0.1:7777@evil.example/callback",
    ],
)
def test_a_foreign_redirect_is_never_followed(flow: Flow, uri: str) -> None:
    answer = flow.ask(redirect_uri=uri)
    assert answer.status_code == 400 and "Location" not in answer


@pytest.mark.parametrize(
    "resource",
    [
        settings.PUBLIC_URL,
        f"{settings.PUBLIC_URL}/",
        f"{settings.PUBLIC_URL}/mcp/nothing-here",
        "https://evil.example/api",
    ],
)
def test_only_real_resources_get_tokens(flow: Flow, resource: str) -> None:
    answer = flow.ask(resource=resource)
    assert query(answer["Location"])["error"] == "invalid_target"


def test_two_resources_at_once_are_refused(flow: Flow) -> None:
    answer = flow.ask(resource=[api_url(), f"{settings.PUBLIC_URL}/mcp/x"])
    assert query(answer["Location"])["error"] == "invalid_target"


def test_a_tampered_consent_form_changes_no_audience(flow: Flow) -> None:
    hidden = {**flow.ask().context["form"].initial, "resource": settings.PUBLIC_URL, "allow": "1"}
    answer = flow.browser.post("/oauth/authorize", {k: v for k, v in hidden.items() if v is not None})
    assert query(answer["Location"])["error"] == "invalid_target"


def test_no_resource_means_the_api_and_none_can_be_added_later(flow: Flow) -> None:
    code = flow.consent(resource=None)["code"]
    refused = flow.exchange(code, resource=settings.PUBLIC_URL)
    assert refused.status_code == 400 and refused.json()["error"] == "invalid_target"
    assert flow.tokens(resource=None)["access_token"]
    assert AccessToken.objects.get().resource == [api_url()]


@pytest.mark.parametrize("resource", [[], [settings.PUBLIC_URL], [api_url(), settings.PUBLIC_URL], [f"{api_url()}/v1"]])
def test_the_api_demands_exactly_its_own_audience(flow: Flow, resource: list[str]) -> None:
    token = flow.tokens()["access_token"]
    AccessToken.objects.update(resource=resource)
    answer = flow.api(token)
    assert answer.status_code == 401
    assert "/.well-known/oauth-protected-resource/api" in answer["WWW-Authenticate"]


def test_scopes_cannot_grow_on_refresh(flow: Flow) -> None:
    tokens = flow.tokens()
    assert (
        flow.refresh(tokens["refresh_token"], scope="workflow:read workflow:delete").json()["error"] == "invalid_scope"
    )


def test_a_scope_narrows_the_role(flow: Flow) -> None:
    token = flow.tokens(scope="execution:read")["access_token"]
    assert flow.api(token).status_code == 403


def test_a_used_refresh_token_ends_the_family(flow: Flow) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert flow.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert flow.api(second["access_token"]).status_code == 401


def test_a_refresh_token_belongs_to_its_client(flow: Flow, owner: Actor) -> None:
    tokens = flow.tokens()
    assert owner.user is not None
    assert Flow(owner.user).refresh(tokens["refresh_token"]).status_code == 400
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


def test_expired_and_revoked_tokens_open_nothing(flow: Flow) -> None:
    tokens = flow.tokens()
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert flow.api(tokens["access_token"]).status_code == 401
    fresh = flow.refresh(tokens["refresh_token"]).json()
    assert flow.api(fresh["access_token"]).status_code == 200
    flow.web.post("/oauth/revoke", {"token": fresh["access_token"], "client_id": flow.client["client_id"]})
    assert flow.api(fresh["access_token"]).status_code == 401
    assert flow.refresh(fresh["refresh_token"]).status_code == 400


def test_a_locked_person_has_no_tokens(flow: Flow, owner: Actor) -> None:
    tokens = flow.tokens()
    assert owner.user is not None
    owner.user.is_active = False
    owner.user.save()
    assert flow.api(tokens["access_token"]).status_code == 401
    assert flow.refresh(tokens["refresh_token"]).status_code == 400


def _unsigned(claims: dict[str, Any]) -> str:
    parts = [{"alg": "none", "typ": "at+jwt"}, claims]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."


def test_made_up_tokens_open_nothing(flow: Flow, owner: Actor) -> None:
    assert owner.user is not None
    token = flow.tokens()["access_token"]
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    for bad in (_unsigned({"sub": str(owner.user.pk), "aud": api_url()}), changed, "", " "):
        assert flow.api(bad).status_code == 401


def test_a_token_in_the_query_string_is_not_read(flow: Flow) -> None:
    token = flow.tokens()["access_token"]
    assert flow.web.get("/api/v1/workflows", {"access_token": token}).status_code in (401, 403)
    answer = flow.web.post(f"/oauth/introspect?token={token}")
    assert answer.status_code == 401


def test_the_consent_page_shows_who_asks_for_what(flow: Flow) -> None:
    page = flow.ask()
    text = page.content.decode()
    for shown in ("Attack lab", "127.0.0.1:7777", "See your workflows", api_url()):
        assert shown in text
    assert "form-action 'self' http://127.0.0.1:7777" in page["Content-Security-Policy"]
    assert (
        "워크플로"
        in flow.browser.get("/oauth/authorize", flow.question(), headers={"Accept-Language": "ko"}).content.decode()
    )


def test_consent_cannot_be_skipped_or_forged(flow: Flow) -> None:
    flow.tokens()
    assert flow.ask(approval_prompt="auto").status_code == 200
    hidden = {k: v for k, v in flow.ask().context["form"].initial.items() if v is not None}
    flow.browser.handler.enforce_csrf_checks = True
    assert flow.browser.post("/oauth/authorize", {**hidden, "allow": "1"}).status_code == 403


def test_strangers_are_sent_to_sign_in(flow: Flow) -> None:
    answer = flow.web.get("/oauth/authorize", flow.question())
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")


def test_nul_characters_are_an_error_and_no_crash(flow: Flow) -> None:
    assert flow.exchange("a\x00b").status_code == 400
    assert flow.ask(client_id="a\x00b").status_code == 400
    assert flow.api("a\x00b").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[" * 5000, 400),
        ('{"redirect_uris":' + "[" * 5000, 400),
        ('{"redirect_uris": ["http://evil.example/cb"]}', 400),
        ('{"redirect_uris": ["javascript:alert(1)"]}', 400),
        ('{"redirect_uris": []}', 400),
        ('{"redirect_uris": ["https://a.example/cb"], "grant_types": ["client_credentials"]}', 400),
        ('{"redirect_uris": ["https://a.example/cb"], "grant_types": ["password"]}', 400),
        ('{"client_name": {"a": 1}, "redirect_uris": ["https://a.example/cb"]}', 400),
        ("null", 400),
        ("x" * 20_000, 413),
    ],
)
def test_hostile_registrations_are_refused(db: None, client: Any, body: str, status: int) -> None:
    answer = client.post("/oauth/register", body, content_type="application/json")
    assert answer.status_code == status and answer.json()["error"]
    assert not Application.objects.exists()


def test_registration_is_limited_per_address(db: None, client: Any) -> None:
    statuses = {client.post("/oauth/register", "{}", content_type="application/json").status_code for _ in range(61)}
    assert statuses == {400, 429}


def test_granted_apps_are_listed_and_revoked(flow: Flow) -> None:
    tokens = flow.tokens()
    page = flow.browser.get("/account/apps").content.decode()
    assert "Attack lab" in page and "See your workflows" in page
    application = Application.objects.get()
    stranger = Flow(make_user())
    assert stranger.browser.post(f"/account/apps/{application.pk}/revoke").status_code == 404
    assert flow.api(tokens["access_token"]).status_code == 200
    flow.browser.post(f"/account/apps/{application.pk}/revoke")
    assert flow.api(tokens["access_token"]).status_code == 401
    assert flow.refresh(tokens["refresh_token"]).status_code == 400
    assert "Attack lab" not in flow.browser.get("/account/apps").content.decode()
