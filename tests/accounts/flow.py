"""An OAuth client made of bare requests, so that tests can get every single step wrong."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

from portal.accounts.models import User
from portal.accounts.oauth.resources import api_url

REDIRECT = "http://127.0.0.1:7777/callback"


class Flow:
    """One public client and the browser of one signed-in person."""

    def __init__(self, user: User, **registration: Any) -> None:
        self.web = Client(enforce_csrf_checks=True)
        self.browser = Client()
        self.browser.force_login(user)
        body = {
            "client_name": "Attack lab",
            "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            **registration,
        }
        self.client = self.web.post("/oauth/register", body, content_type="application/json").json()
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def question(self, **changes: Any) -> dict[str, Any]:
        """The parameters of an authorization request; None drops one."""
        asked = {
            "response_type": "code",
            "client_id": self.client["client_id"],
            "redirect_uri": REDIRECT,
            "scope": "workflow:read",
            "state": "state-1",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "resource": api_url(),
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def ask(self, **changes: Any) -> Any:
        return self.browser.get("/oauth/authorize", self.question(**changes))

    def consent(self, allow: bool = True, **changes: Any) -> dict[str, str]:
        """Answer the page as it was shown; the parameters that the client is sent back with."""
        page = self.ask(**changes)
        assert page.status_code == 200, (page.status_code, page.headers.get("Location"))
        hidden = {name: value for name, value in page.context["form"].initial.items() if value is not None}
        answer = self.browser.post("/oauth/authorize", {**hidden, **({"allow": "1"} if allow else {})})
        assert answer.status_code == 302, answer.content
        return query(answer["Location"])

    def exchange(self, code: str, **changes: Any) -> Any:
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client["client_id"],
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
            **changes,
        }
        return self.web.post("/oauth/token", {name: value for name, value in data.items() if value is not None})

    def tokens(self, **changes: Any) -> dict[str, Any]:
        answer = self.exchange(self.consent(**changes)["code"])
        assert answer.status_code == 200, answer.content
        return answer.json()  # type: ignore[no-any-return]

    def refresh(self, token: str, **changes: Any) -> Any:
        data = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client["client_id"], **changes}
        return self.web.post("/oauth/token", data)

    def api(self, token: str, path: str = "/api/v1/workflows", **headers: str) -> Any:
        return self.web.get(path, headers={"Authorization": f"Bearer {token}", **headers})


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
