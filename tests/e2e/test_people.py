"""Coming in and staying safe, in a real browser: mail, second factors, passkeys, other services' sign-in, sessions."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from portal.accounts.sandbox import CLIENT, SERVICES
from portal.stack.layout import free_port
from tests.e2e.inbox import Inbox
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
PATIENCE = 60_000
PASSWORD, NEW_PASSWORD = "correct horse battery", "battery staple correct"


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, inbox: Inbox) -> Iterator[Product]:
    """A product that sends mail and whose sign-in services are the stand-ins of its own sandbox."""
    sandbox = f"http://127.0.0.1:{free_port()}"
    environment = {"SANDBOX_URL": sandbox, "EMAIL_URL": inbox.url}
    for name in SERVICES:
        at = name.upper()
        environment |= {f"{at}_CLIENT_ID": CLIENT[0], f"{at}_CLIENT_SECRET": CLIENT[1]}
        environment[f"{at}_SIGN_IN_URL"] = f"{sandbox}/sign-in/{name}"
    product = Product(tmp_path_factory.mktemp("people"), **environment)
    try:
        product.wait_until_ready()
        yield product
    finally:
        product.stop()


@pytest.fixture
def context(browser: Browser, site: Product) -> Iterator[BrowserContext]:
    context = new_context(browser, site)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def new_context(browser: Browser, site: Product) -> BrowserContext:
    """Another browser, in English."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": "django_language", "value": "en", "url": site.base}])
    return context


def submit(page: Page) -> None:
    page.locator("main form button[type=submit]").first.click()


def sign_up(page: Page, site: Product, address: str) -> None:
    page.goto(f"{site.base}/accounts/signup/")
    page.locator("input[name=email]").fill(address)
    page.locator("input[name=password1]").fill(PASSWORD)
    submit(page)
    page.wait_for_url(lambda url: "/signup" not in url)


def verified(page: Page, site: Product, inbox: Inbox, address: str) -> None:
    """A new person with a confirmed address, signed in, in a workspace of their own."""
    sign_up(page, site, address)
    page.goto(inbox.link_for(address, "/confirm-email/"))
    submit(page)
    page.wait_for_url(lambda url: "/confirm-email/" not in url)
    page.goto(f"{site.base}/")
    if "/welcome" in page.url:
        page.locator("#workspace-name").fill(f"Room of {address}")
        submit(page)
        page.wait_for_url(lambda url: "/welcome" not in url)


def sign_out(page: Page, site: Product) -> None:
    page.goto(f"{site.base}/accounts/logout/")
    submit(page)
    page.wait_for_url(lambda url: "/logout" not in url)


def sign_in(page: Page, site: Product, address: str, password: str = PASSWORD) -> None:
    page.goto(f"{site.base}/accounts/login/")
    page.locator("input[name=login]").fill(address)
    page.locator("input[name=password]").fill(password)
    submit(page)
    page.wait_for_url(lambda url: "/accounts/login" not in url)


def confirm_password(page: Page) -> None:
    """The question that comes before changes of second factors, when the last answer is old."""
    if "/reauthenticate/" in page.url:
        page.locator("input[name=password]").fill(PASSWORD)
        submit(page)
        page.wait_for_url(lambda url: "/reauthenticate/" not in url)


def is_in(page: Page, site: Product) -> bool:
    page.goto(f"{site.base}/account")
    return page.url == f"{site.base}/account"


def code_of(secret: str, later: int = 0) -> str:
    """What an authenticator app shows now, or so many half minutes later (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + later)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    number = struct.unpack(">I", digest[digest[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def test_an_address_is_confirmed_and_a_password_set_anew_by_mail(page: Page, site: Product, inbox: Inbox) -> None:
    address = "reset@example.com"
    verified(page, site, inbox, address)
    page.goto(f"{site.base}/accounts/email/")
    assert "Verified" in page.locator("main").inner_text()
    sign_out(page, site)

    page.goto(f"{site.base}/accounts/password/reset/")
    page.locator("input[name=email]").fill(address)
    submit(page)
    page.wait_for_url("**/password/reset/done/")
    link = inbox.link_for(address, "/password/reset/key/")
    page.goto(link)
    for field in page.locator("main input[type=password]").all():
        field.fill(NEW_PASSWORD)
    submit(page)
    page.wait_for_url("**/done/")

    assert not is_in(page, site)
    page.goto(link)
    assert page.locator("main input[type=password]").count() == 0, "a link works once"
    sign_in(page, site, address, NEW_PASSWORD)
    assert is_in(page, site)


def test_an_app_and_recovery_codes_are_a_second_factor(page: Page, site: Product, inbox: Inbox) -> None:
    address = "totp@example.com"
    verified(page, site, inbox, address)
    page.goto(f"{site.base}/accounts/2fa/totp/activate/")
    confirm_password(page)
    assert page.locator("main img").evaluate("image => image.naturalWidth > 0"), "the code to scan is drawn"
    secret = page.locator("#authenticator_secret").input_value()
    page.locator("main input[name=code]").fill(code_of(secret))
    submit(page)
    page.wait_for_url("**/recovery-codes/**")
    codes = page.locator("#recovery_codes").input_value().split()
    assert len(codes) == 10
    sign_out(page, site)

    sign_in(page, site, address)
    assert "/2fa/authenticate/" in page.url and not is_in(page, site)
    # Whoever still owes the second factor is asked for it, whatever they open.
    assert "/2fa/authenticate/" in page.url
    page.locator("main input[name=code]").fill("000000")
    submit(page)
    page.get_by_text("Incorrect code").wait_for()
    page.locator("main input[name=code]").fill(code_of(secret))
    submit(page)
    page.wait_for_url(lambda url: "/2fa/authenticate" not in url)
    assert is_in(page, site)
    sign_out(page, site)

    for expected in (True, False):
        sign_in(page, site, address)
        page.locator("main input[name=code]").fill(codes[3])
        submit(page)
        page.wait_for_load_state("load")
        assert is_in(page, site) is expected, "a recovery code opens once"
        if expected:
            page.goto(f"{site.base}/accounts/2fa/recovery-codes/")
            confirm_password(page)
            assert "9" in page.locator("main").inner_text()
            sign_out(page, site)


def test_a_passkey_opens_without_a_password_and_serves_as_second_factor(
    context: BrowserContext, page: Page, site: Product, inbox: Inbox
) -> None:
    address = "passkey@example.com"
    keys = context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device = keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    verified(page, site, inbox, address)

    page.goto(f"{site.base}/accounts/2fa/webauthn/add/")
    confirm_password(page)
    page.locator("main input[name=name]").fill("My laptop")
    page.locator("main input[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "/webauthn/add" not in url)
    page.goto(f"{site.base}/accounts/2fa/webauthn/")
    assert "My laptop" in page.locator("main").inner_text()
    (credential,) = keys.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert credential["isResidentCredential"] and credential["rpId"] == "localhost"

    sign_out(page, site)
    page.goto(f"{site.base}/accounts/login/")
    page.locator("#passkey_login").click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    assert is_in(page, site)

    sign_out(page, site)
    sign_in(page, site, address)
    assert "/2fa/authenticate/" in page.url
    page.locator("#mfa_webauthn_authenticate").click()
    page.wait_for_url(lambda url: "/2fa/authenticate" not in url)
    assert is_in(page, site)

    # Another device has no such key.
    sign_out(page, site)
    keys.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    page.goto(f"{site.base}/accounts/login/")
    page.locator("#passkey_login").click()
    page.wait_for_timeout(1000)
    assert not is_in(page, site)


@pytest.mark.parametrize(
    ("service", "title"), [("google", "Google"), ("github", "GitHub"), ("naver", "Naver"), ("kakao", "Kakao")]
)
def test_people_come_in_through_another_service(page: Page, site: Product, service: str, title: str) -> None:
    address = f"{service}.person@example.com"

    def go(decision: str) -> None:
        page.goto(f"{site.base}/accounts/login/")
        page.locator("main").get_by_role("link", name=title, exact=True).click()
        submit(page)
        page.get_by_text("Local stand-in").wait_for()
        page.locator("input[name=email]").fill(address)
        page.locator(f"button[value={decision}]").click()
        page.wait_for_url(f"{site.base}/**")

    go("deny")
    assert "/accounts/" in page.url and not is_in(page, site)
    for _ in range(2):
        go("allow")
        assert is_in(page, site)
        assert address in page.goto(f"{site.base}/accounts/email/").text()  # type: ignore[union-attr]
        sign_out(page, site)
    count = f"from portal.accounts.models import User; print(User.objects.filter(email='{address}').count())"
    assert site.ask(count) == 1, "the second time is the same person"


def test_another_service_does_not_open_an_account_that_has_a_password(page: Page, site: Product, inbox: Inbox) -> None:
    address = "taken@example.com"
    verified(page, site, inbox, address)
    sign_out(page, site)

    page.goto(f"{site.base}/accounts/login/")
    page.locator("main").get_by_role("link", name="Naver", exact=True).click()
    submit(page)
    page.locator("input[name=email]").fill(address)
    page.locator("button[value=allow]").click()
    page.wait_for_url(f"{site.base}/**")

    assert not is_in(page, site)


def test_other_sessions_are_ended_from_the_page(browser: Browser, page: Page, site: Product, inbox: Inbox) -> None:
    address = "sessions@example.com"
    verified(page, site, inbox, address)
    elsewhere = new_context(browser, site)
    other = elsewhere.new_page()
    sign_in(other, site, address)
    assert is_in(other, site)

    page.goto(f"{site.base}/accounts/sessions/")
    assert page.locator("main tbody tr").count() == 2
    page.get_by_role("button", name="End all others").click()
    page.get_by_role("button", name="End all others").wait_for(state="detached")

    assert is_in(page, site) and not is_in(other, site)
    elsewhere.close()


def test_a_workspace_is_joined_by_a_copied_link_handed_over_and_deleted(
    browser: Browser, page: Page, site: Product, inbox: Inbox
) -> None:
    verified(page, site, inbox, "founder@example.com")
    page.goto(f"{site.base}/members")
    page.locator("[data-dialog=invite]").click()
    page.locator("#invite-email").fill("joiner@example.com")
    page.get_by_role("button", name="Make the invitation link").click()
    page.get_by_text("It works once").wait_for()
    link = re.findall(r"https?://[^\s\"<]+/invitation/[\w-]+", page.content())[0]
    elsewhere = new_context(browser, site)
    joiner = elsewhere.new_page()
    verified(joiner, site, inbox, "joiner@example.com")
    joiner.goto(link)
    submit(joiner)
    joiner.goto(f"{site.base}/members")
    assert "founder@example.com" in joiner.locator("main").inner_text()
    assert joiner.goto(link).status == 404, "a link works once"  # type: ignore[union-attr]

    page.goto(f"{site.base}/settings")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#heir").select_option(index=1)
    page.locator("form[action$='/settings/transfer'] button[type=submit]").click()
    page.get_by_text("owns the workspace now").wait_for()

    joiner.goto(f"{site.base}/settings/delete")
    joiner.locator("#delete-name").fill("Room of founder@example.com")
    joiner.locator("main form button[type=submit]").click()
    joiner.wait_for_url("**/workspaces/removals/**")
    joiner.get_by_text("Only the record of what was done stays").wait_for()
    assert "Room of founder" not in (page.goto(f"{site.base}/account") and page.content())
    elsewhere.close()
