"""Signing in from a terminal by device code (RFC 8628), and keeping the tokens in a file that only you can read."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2

from portal_client.errors import ApiError, from_response

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
#: What the command line asks for; the person sees each one, and the role still bounds them all.
SCOPES = (
    "workflow:read", "workflow:create", "workflow:update", "workflow:delete", "workflow:execute", "execution:read",
    "execution:payload", "deployment:read", "deployment:manage", "connection:read", "data:read", "key:manage",
)  # fmt: skip
#: A token is renewed when it has less than this left.
MARGIN_SECONDS = 60


@dataclass
class Login:
    """What one site gave us."""

    site: str
    client_id: str = ""
    access_token: str = ""
    refresh_token: str = ""
    expires_at: float = 0.0
    workspace: str = ""


def store_path() -> Path:
    """The file with the logins: `PORTAL_CREDENTIALS`, or one in the person's configuration folder."""
    if named := os.environ.get("PORTAL_CREDENTIALS"):
        return Path(named)
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "mcp-portal" / "credentials.json"


def load() -> Login | None:
    """The login in use; None before the first one."""
    try:
        return Login(**json.loads(store_path().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def save(login: Login) -> None:
    path = store_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    # Created for its owner only, before anything is in it.
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(login), file)
    temporary.replace(path)


def forget() -> None:
    store_path().unlink(missing_ok=True)


def _post(http: httpx2.Client, url: str, **body: Any) -> httpx2.Response:
    return http.post(url, **body)


def _checked(response: httpx2.Response) -> dict[str, Any]:
    if response.status_code >= 400:
        raise from_response(response)
    found: dict[str, Any] = response.json()
    return found


def sign_in(
    site: str,
    tell: Callable[[str, str], None],
    *,
    http: httpx2.Client | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Login:
    """Ask for a code, show it by `tell(address, code)`, and wait until the person agrees."""
    site = site.rstrip("/")
    with http or httpx2.Client(timeout=20) as web:
        server = _checked(web.get(f"{site}/.well-known/oauth-authorization-server"))
        resource = _checked(web.get(f"{site}/.well-known/oauth-protected-resource/api"))
        client = _checked(
            _post(
                web,
                server["registration_endpoint"],
                json={
                    "client_name": "Portal command line",
                    "grant_types": [DEVICE_CODE, "refresh_token"],
                    "token_endpoint_auth_method": "none",
                },
            )
        )["client_id"]
        scopes = [scope for scope in SCOPES if scope in resource["scopes_supported"]]
        asked = {"client_id": client, "scope": " ".join(scopes)}
        codes = _checked(_post(web, server["device_authorization_endpoint"], data=asked))
        tell(codes.get("verification_uri_complete") or codes["verification_uri"], codes["user_code"])
        tokens = _wait(web, server["token_endpoint"], client, codes, sleep)
    return _keep(Login(site=site, client_id=client), tokens)


def _wait(
    http: httpx2.Client, endpoint: str, client: str, codes: dict[str, Any], sleep: Callable[[float], None]
) -> dict[str, Any]:
    interval, waited = float(codes.get("interval", 5)), 0.0
    while waited < float(codes.get("expires_in", 600)):
        sleep(interval)
        waited += interval
        data = {"grant_type": DEVICE_CODE, "device_code": codes["device_code"], "client_id": client}
        response = _post(http, endpoint, data=data)
        if response.status_code == 200:
            return _checked(response)
        error = from_response(response)
        if error.code == "slow_down":
            interval += 5
        elif error.code != "authorization_pending":
            raise error
    raise ApiError(400, "expired_token", "The code was not entered in time.", "Start again.")


def _keep(login: Login, tokens: dict[str, Any]) -> Login:
    login.access_token = tokens["access_token"]
    login.refresh_token = tokens.get("refresh_token", login.refresh_token)
    login.expires_at = time.time() + float(tokens.get("expires_in", 900))
    return login


class Renewing:
    """The access token of a login, renewed and kept when it runs out."""

    def __init__(self, login: Login, http: httpx2.Client | None = None) -> None:
        self.login, self._http = login, http

    def __call__(self) -> str:
        if self.login.expires_at - time.time() < MARGIN_SECONDS and self.login.refresh_token:
            data = {
                "grant_type": "refresh_token",
                "refresh_token": self.login.refresh_token,
                "client_id": self.login.client_id,
            }
            with self._http or httpx2.Client(timeout=20) as http:
                tokens = _checked(_post(http, f"{self.login.site}/oauth/token", data=data))
            # Kept at once: the old refresh token is used up.
            save(_keep(self.login, tokens))
        return self.login.access_token
