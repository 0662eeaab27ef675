"""Access tokens: whoever holds our public keys can read and check them; whoever forges one gets nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from deployments.models import Deployment
from deployments.services import deploy_template
from portal.accounts.models import SigningKey
from portal.accounts.oauth import keys
from portal.accounts.oauth.resources import api_url
from portal.workspaces.roles import MATRIX, Role
from portal.workspaces.services import Actor
from tests.accounts.flow import Flow
from tests.deployments.client import BOTH, http, in_loop, request
from tests.people import join, make_owner
from tests.running import worker_in_process


def _check(token: str, audience: str) -> dict[str, Any]:
    """The claims, checked as a stranger would: with what discovery offers."""
    web = Client()
    document = web.get("/.well-known/oauth-authorization-server").json()
    published = jwt.PyJWKSet.from_dict(web.get(document["jwks_uri"].removeprefix(settings.PUBLIC_URL)).json())
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "at+jwt" and header["alg"] == "RS256"
    return jwt.decode(
        token,
        published[header["kid"]],
        algorithms=["RS256"],
        audience=audience,
        issuer=document["issuer"],
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"], "strict_aud": True},
    )


def test_a_token_says_who_may_do_what_for_how_long(flow: Flow, owner: Actor) -> None:
    make_owner("elsewhere")
    assert owner.user is not None
    token = flow.tokens(scope="workflow:read workflow:delete markets:read")["access_token"]

    claims = _check(token, api_url())

    assert claims["sub"] == str(owner.user.pk) and claims["client_id"] == flow.client["client_id"]
    assert set(claims["scope"].split()) == {"workflow:read", "workflow:delete", "markets:read"}
    assert claims["workspaces"] == [str(owner.workspace.pk)]
    assert claims["permissions"] == ["workflow:delete", "workflow:read"]
    assert claims["exp"] - claims["iat"] == 900 and abs(claims["iat"] - time.time()) < 60


def test_permissions_are_those_of_the_role(owner: Actor) -> None:
    viewer = join(owner.workspace, Role.VIEWER)
    assert viewer.user is not None
    token = Flow(viewer.user).tokens(scope="workflow:read workflow:delete")["access_token"]
    assert _check(token, api_url())["permissions"] == ["workflow:read"]
    assert "workflow:delete" not in MATRIX[Role.VIEWER]


def test_of_a_machine_the_client_itself_is_the_subject(owner: Actor) -> None:
    machine = Application(
        user=owner.user, client_type="confidential", authorization_grant_type="client-credentials", name="machine"
    )
    secret = machine.client_secret
    machine.save()
    data = {"grant_type": "client_credentials", "client_id": machine.client_id, "client_secret": secret}
    token = Client().post("/oauth/token", {**data, "scope": "workflow:read"}).json()["access_token"]
    claims = _check(token, api_url())
    assert claims["sub"] == claims["client_id"] == machine.client_id
    assert claims["workspaces"] == [str(owner.workspace.pk)]


def test_every_token_is_another_one_and_refresh_tokens_are_opaque(flow: Flow) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    assert _check(first["access_token"], api_url())["jti"] != _check(second["access_token"], api_url())["jti"]
    assert first["refresh_token"].count(".") == second["refresh_token"].count(".") == 0


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, claims, signature = token.split(".")

    def unpack(text: str) -> Any:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))

    return unpack(header), unpack(claims), signature


def _pack(*parts: dict[str, Any]) -> str:
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)


def _public_pem() -> bytes:
    _, private = keys.signing_key()
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _by_public_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """The old trick: our public key as the secret of an HMAC."""
    text = _pack({**header, "alg": "HS256"}, claims)
    made = hmac.new(_public_pem(), text.encode(), hashlib.sha256).digest()
    return text + "." + base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _signed(header: dict[str, Any], claims: dict[str, Any], key: Any = None) -> str:
    return jwt.encode(claims, key or keys.signing_key()[1], "RS256", headers={k: header[k] for k in ("typ", "kid")})


#: Name → what is made of the header, the claims and the signature of a real token.
FORGERIES: dict[str, Callable[[dict[str, Any], dict[str, Any], str], str]] = {
    "alg=none": lambda h, c, s: _pack({**h, "alg": "none"}, c) + ".",
    "alg=none with the old signature": lambda h, c, s: _pack({**h, "alg": "none"}, c) + "." + s,
    "no signature": lambda h, c, s: _pack(h, c) + ".",
    "public key as HMAC secret": lambda h, c, s: _by_public_key(h, c),
    "more scope": lambda h, c, s: _pack(h, {**c, "scope": "workflow:read workflow:delete"}) + "." + s,
    "longer life": lambda h, c, s: _pack(h, {**c, "exp": c["exp"] + 86_400}) + "." + s,
    "another person": lambda h, c, s: _pack(h, {**c, "sub": "somebody"}) + "." + s,
    "another audience": lambda h, c, s: _pack(h, {**c, "aud": settings.PUBLIC_URL}) + "." + s,
    "foreign key": lambda h, c, s: _signed(h, c, generate_private_key(65537, 2048)),
    # The next ones carry our own, valid signature, as if the signing key had leaked: still nothing was issued.
    "never issued": lambda h, c, s: _signed(h, {**c, "jti": "made-up"}),
    "wrong type": lambda h, c, s: _signed({**h, "typ": "JWT"}, c),
    "an ID token": lambda h, c, s: _signed({**h, "typ": "JWT"}, {**c, "aud": c["client_id"]}),
    "no audience": lambda h, c, s: _signed(h, {k: v for k, v in c.items() if k != "aud"}),
    "bare origin": lambda h, c, s: _signed(h, {**c, "aud": settings.PUBLIC_URL}),
    "several audiences": lambda h, c, s: _signed(h, {**c, "aud": [c["aud"], "https://evil.example"]}),
    "key by address": lambda h, c, s: _pack({**h, "jku": "https://evil.example/jwks"}, c) + "." + s,
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_tokens_open_nothing(flow: Flow, name: str) -> None:
    token = flow.tokens()["access_token"]
    forged = FORGERIES[name](*_parts(token))
    assert forged != token
    answer = flow.api(forged)
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Bearer ")
    assert flow.api(token).status_code == 200


def test_a_token_lives_and_dies_by_its_row(flow: Flow) -> None:
    token = flow.tokens()["access_token"]
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert flow.api(token).status_code == 401
    AccessToken.objects.update(expires=timezone.now() + timedelta(seconds=60))
    assert flow.api(token).status_code == 200
    AccessToken.objects.all().delete()
    assert flow.api(token).status_code == 401


def test_opaque_tokens_of_before_go_on_until_they_expire(flow: Flow) -> None:
    flow.tokens()
    row = AccessToken.objects.get()
    row.token_checksum = row.token = "opaque-token-of-before"
    row.save()
    assert flow.api("opaque-token-of-before").status_code == 200


def test_what_a_client_posts_cannot_switch_checks_off(flow: Flow) -> None:
    code = flow.consent()["code"]
    answer = flow.exchange(code, checked_resource="x", resource=f"{settings.PUBLIC_URL}/mcp/x")
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_target"


def test_a_new_key_is_published_before_it_signs(flow: Flow) -> None:
    before = flow.tokens()["access_token"]
    (old,) = SigningKey.objects.all()
    assert keys.rotate() == 0

    assert keys.rotate(now=True) == 1
    new = SigningKey.objects.exclude(pk=old.pk).get()
    assert {key["kid"] for key in Client().get("/oauth/jwks").json()["keys"]} == {old.kid, new.kid}
    assert jwt.get_unverified_header(flow.tokens()["access_token"])["kid"] == old.kid

    SigningKey.objects.update(created_at=timezone.now() - keys.PUBLISHED_FIRST)
    after = flow.tokens()["access_token"]
    assert jwt.get_unverified_header(after)["kid"] == new.kid
    assert _check(before, api_url()) and _check(after, api_url())

    SigningKey.objects.update(created_at=timezone.now() - keys.KEPT_AFTER)
    assert keys.rotate() == 1
    assert [key["kid"] for key in keys.published_keys()] == [new.kid]
    SigningKey.objects.update(created_at=timezone.now() - keys.ROTATE_AFTER)
    assert keys.rotate() == 1 and SigningKey.objects.count() == 2


def test_the_jwks_holds_public_numbers_only(flow: Flow) -> None:
    flow.tokens()
    (key,) = Client().get("/oauth/jwks").json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
    packed = bytes(SigningKey.objects.get().wrapped)
    assert b"PRIVATE" not in packed and base64.urlsafe_b64decode(key["n"] + "==") not in packed


@pytest.fixture
def deployment(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Actor, Deployment]]:
    owner = make_owner()
    with worker_in_process(monkeypatch):
        yield owner, deploy_template(owner, "echo")[0]


def test_forged_tokens_open_no_mcp_server(deployment: tuple[Actor, Deployment]) -> None:
    owner, server = deployment
    assert owner.user is not None
    url = f"{settings.PUBLIC_URL}/mcp/{server.slug}"
    flow = Flow(owner.user)
    token = flow.tokens(resource=url, scope="mcp:call")["access_token"]
    claims = _check(token, url)
    assert claims["aud"] == url and claims["workspaces"] == [str(owner.workspace.pk)] and claims["permissions"] == []
    forged = {name: make(*_parts(token)) for name, make in FORGERIES.items()}
    body = request("tools/call", {"name": "echo", "arguments": {"text": "x"}})

    async def ask() -> dict[str, int]:
        async with http(BOTH) as web:
            found = {}
            for name, value in {**forged, "genuine": token}.items():
                answer = await web.post(f"/mcp/{server.slug}", json=body, headers={"authorization": f"Bearer {value}"})
                found[name] = answer.status_code
            found["for the API"] = (
                await web.post(f"/mcp/{server.slug}", json=body, headers={"authorization": f"Bearer {api_token}"})
            ).status_code
            return found

    api_token = flow.tokens()["access_token"]
    assert in_loop(ask) == {**dict.fromkeys(forged, 401), "genuine": 200, "for the API": 401}
