"""Signing in with other services: hidden until configured, at the addresses that are configured, and only there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from starlette.testclient import TestClient

from portal.accounts import sandbox, sign_in_services
from portal.accounts.models import User
from portal.accounts.sandbox import CLIENT, SERVICES
from tests.people import make_user

BASE = "http://stand-in.example"
#: Of what the library gives its HTTP session, the part that makes the request.
SENT = ("data", "params", "headers")


@pytest.fixture
def configured(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The services behind the library's own HTTP session, each at its configured address."""
    app = {"APPS": [{"client_id": CLIENT[0], "secret": CLIENT[1]}]}
    settings.SOCIALACCOUNT_PROVIDERS = dict.fromkeys(SERVICES, app)
    for name, adapter in sign_in_services.ADAPTERS.items():
        for field in ("authorize_url", "access_token_url", "profile_url", "emails_url", "identity_url"):
            if hasattr(adapter, field):
                monkeypatch.setattr(adapter, field, getattr(adapter, field))
        sign_in_services.move(name, f"{BASE}/{name}")
    web = TestClient(sandbox.app, base_url=BASE, follow_redirects=False)

    class Session:
        """What `requests.Session` is to the library."""

        def __enter__(self) -> Session:
            return self

        def __exit__(self, *_: Any) -> None: ...

        def request(self, method: str, url: str, **options: Any) -> Any:
            known = {name: value for name, value in options.items() if name in SENT and value}
            return Answer(web.request(method, url, **known))

        def get(self, url: str, **options: Any) -> Any:
            return self.request("GET", url, **options)

    class Answer:
        def __init__(self, answer: Any) -> None:
            self._answer, self.ok = answer, answer.status_code < 400

        def __getattr__(self, name: str) -> Any:
            return getattr(self._answer, name)

    monkeypatch.setattr(
        "allauth.socialaccount.adapter.DefaultSocialAccountAdapter.get_requests_session", lambda self: Session()
    )
    yield web


def begin(browser: Client, service: str) -> str:
    """Where the button of the sign-in page leads."""
    answer = browser.post(f"/accounts/{service}/login/")
    assert answer.status_code == 302
    return str(answer["Location"])


def agree(web: TestClient, url: str, email: str, decision: str = "allow") -> str:
    """The address that the service sends the browser back to, without our origin."""
    answer = web.post(url, data={"decision": decision, "email": email})
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}"


def test_nothing_is_offered_until_it_is_configured(db: None, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}

    page = Client().get("/accounts/login/").content.decode()

    assert not re.search(r"/accounts/(google|github|naver|kakao)/login", page)


@pytest.mark.parametrize("service", list(SERVICES))
def test_a_person_comes_in_and_is_the_same_one_the_next_time(db: None, configured: TestClient, service: str) -> None:
    for _ in range(2):
        browser = Client()
        assert f"/accounts/{service}/login/" in browser.get("/accounts/login/").content.decode()
        url = begin(browser, service)
        assert url.startswith(f"{BASE}/{service}/")
        query = parse_qs(urlsplit(url).query)
        assert query["client_id"] == [CLIENT[0]] and query["response_type"] == ["code"] and query["state"][0]
        done = browser.get(agree(configured, url, "person@example.org"))
        assert done.status_code == 302 and "sessionid" in browser.cookies

    account = SocialAccount.objects.get(provider=service)
    assert account.user.email == "person@example.org" and User.objects.count() == 1
    assert EmailAddress.objects.get(user=account.user, primary=True).verified


@pytest.mark.parametrize("service", list(SERVICES))
def test_a_refusal_and_a_forged_answer_open_nothing(db: None, configured: TestClient, service: str) -> None:
    browser = Client()
    refused = browser.get(agree(configured, begin(browser, service), "person@example.org", "deny"), follow=True)
    assert refused.status_code == 200
    back = agree(configured, begin(browser, service), "person@example.org")
    elsewhere = Client().get(back)
    assert elsewhere.status_code < 500, "the state belongs to the browser that began"
    browser.get(back)
    again = Client()
    begin(again, service)
    again.get(back)

    assert User.objects.count() == 1
    assert not again.session.get("_auth_user_id")


def test_an_address_of_somebody_with_a_password_is_not_taken_over(db: None, configured: TestClient) -> None:
    victim = make_user()
    EmailAddress.objects.create(user=victim, email=victim.email, verified=True, primary=True)
    for service in SERVICES:
        browser = Client()
        browser.get(agree(configured, begin(browser, service), victim.email), follow=True)

        assert not browser.session.get("_auth_user_id"), service
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("service", list(SERVICES))
def test_the_form_may_lead_to_the_service_and_nowhere_else(db: None, configured: TestClient, service: str) -> None:
    def targets(path: str) -> str:
        policy = Client().get(path)["Content-Security-Policy"]
        found = re.search(r"form-action ([^;]*)", policy)
        assert found is not None
        return found.group(1)

    assert targets(f"/accounts/{service}/login/") == f"'self' {BASE}"
    assert targets("/accounts/login/") == "'self'"


def test_live_addresses_stay_as_the_library_knows_them() -> None:
    assert sign_in_services.origin_of("google") == "https://accounts.google.com"
    assert sign_in_services.origin_of("kakao") == "https://kauth.kakao.com"
