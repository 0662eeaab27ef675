"""Headers, brute force, uploads, cross-site requests, production settings: what every door of the site keeps to."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from portal.accounts.adapter import AccountAdapter
from portal.workspaces.services import Actor
from tests.pages.conftest import client_of
from tests.people import make_owner, make_user

ROOT = Path(__file__).resolve().parents[2]
LOGIN = "/accounts/login/"
RIGHT, WRONG = "correct horse battery", "wrong horse battery"


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


def try_to_sign_in(email: str, password: str, address: str = "192.0.2.1") -> Any:
    return Client(REMOTE_ADDR=address).post(LOGIN, {"login": email, "password": password})


def words_of(answer: Any, email: str) -> str:
    """The page without what differs by chance."""
    text = re.sub(r'(name="csrfmiddlewaretoken" value|nonce|X-CSRFToken.{0,20})="[^"]*"', "", answer.content.decode())
    text = re.sub(r'"X-CSRFToken": "[^"]*"', "", text)
    return re.sub(r"csrfmiddlewaretoken[^>]*>", "", text).replace(email, "")


def test_wrong_passwords_lock_out_without_telling_who_exists(db: None) -> None:
    person = make_user()
    answers: dict[str, list[Any]] = {}
    for email in (person.email, "nobody@example.com"):
        answers[email] = [try_to_sign_in(email, WRONG, f"192.0.2.{10 + n}") for n in range(7)]

    for known, unknown in zip(answers[person.email], answers["nobody@example.com"], strict=True):
        assert known.status_code == unknown.status_code
        assert words_of(known, person.email) == words_of(unknown, "nobody@example.com")
    assert words_of(answers[person.email][0], person.email) != words_of(answers[person.email][6], person.email)
    # Even the right password opens nothing while the account is locked, from any address.
    locked = try_to_sign_in(person.email, RIGHT, "198.51.100.1")
    assert "sessionid" not in locked.cookies


def test_the_reset_of_a_password_does_not_tell_who_exists(db: None, mailoutbox: list[Any]) -> None:
    person = make_user()
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}) for email in (person.email, "no@example.com")
    ]

    assert [(answer.status_code, answer.get("Location")) for answer in answers] == [
        (302, "/accounts/password/reset/done/")
    ] * 2


def test_limits_count_by_the_caller_behind_the_proxies(rf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.settings.env import env

    monkeypatch.setattr(env(), "trusted_proxies", 1)
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "203.0.113.66, 198.51.100.7"})

    assert AccountAdapter().get_client_ip(request) == "198.51.100.7", "what a caller puts in front is not believed"


def test_every_page_carries_the_policy(owner: Actor) -> None:
    client = client_of(owner)
    for path in ("/", "/members", LOGIN, "/settings", "/nothing-here"):
        answer = (client if path != LOGIN else Client()).get(path)
        policy = answer["Content-Security-Policy"]
        script = re.search(r"script-src ([^;]*)", policy)
        assert script is not None and "unsafe" not in script.group(1), path
        assert "frame-ancestors 'none'" in policy and "object-src 'none'" in policy and "base-uri 'self'" in policy
        assert answer["X-Frame-Options"] == "DENY" and answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin" and answer["Cross-Origin-Opener-Policy"] == "same-origin"
        inline = re.findall(
            r"<script(?![^>]*\bsrc=)(?![^>]*application/json)(?![^>]*\bnonce=)[^>]*>", answer.content.decode()
        )
        assert inline == [], path
        assert not re.search(r"<[^>]+\son(?:click|load|error|submit|change)=", answer.content.decode()), path


def test_another_site_gets_no_cors_and_no_write(owner: Actor) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")  # type: ignore[arg-type]
    evil = {"Origin": "https://evil.example"}

    for path in ("/api/v1/workflows", "/"):
        answer = client.get(path, headers=evil)
        assert "Access-Control-Allow-Origin" not in answer.headers, path
    preflight = client.options("/api/v1/workflows", headers={**evil, "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in preflight.headers
    for path in ("/api/v1/workflows", "/members/invite", "/account/keys"):
        assert client.post(path, {"name": "x"}, headers=evil).status_code == 403, path


def test_a_body_over_the_limit_is_refused(owner: Actor, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2048
    big = b'{"name": "' + b"x" * 4096 + b'"}'

    answer = client_of(owner).post("/api/v1/workflows", data=big, content_type="application/json")

    assert 400 <= answer.status_code < 500
    form = client_of(owner).post("/settings", {"name": "x" * 4096})
    assert form.status_code in (400, 413)


def test_security_txt_says_where_to_report(client: Client) -> None:
    answer = client.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())

    assert answer["Content-Type"].startswith("text/plain")
    assert fields["Contact"].startswith(("mailto:", "https://"))
    assert fields["Canonical"] == f"{django_settings.PUBLIC_URL}/.well-known/security.txt"
    expires = datetime.fromisoformat(fields["Expires"])
    assert 0 < (expires - timezone.now()).days < 365


PRODUCTION = """
import django; django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import RequestFactory
from django.middleware.security import SecurityMiddleware
from django.http import HttpResponse
call_command("check", deploy=True, tags=["security"], fail_level="WARNING")
answer = SecurityMiddleware(lambda request: HttpResponse())(RequestFactory().get("/", secure=True))
print(answer["Strict-Transport-Security"], settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.DEBUG)
plain = SecurityMiddleware(lambda request: HttpResponse())(RequestFactory().get("/"))
print(plain.status_code, plain["Location"])
"""


def test_production_passes_the_deployment_check_and_speaks_https_only() -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings.production",
        "SECRET_KEY": "k" * 20 + "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
        "ROOT_KEY": base64.b64encode(os.urandom(32)).decode(),
        "UPSTREAMS": "live",
        "PUBLIC_URL": "https://portal.example.com",
        "ALLOWED_HOSTS": "testserver",
    }
    done = subprocess.run(
        [sys.executable, "-c", PRODUCTION], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    hsts, redirect = done.stdout.splitlines()[-2:]
    assert hsts == "max-age=31536000; includeSubDomains; preload True True False"
    assert redirect == "301 https://testserver/"
