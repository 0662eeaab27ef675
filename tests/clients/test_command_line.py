"""`portal` as a person types it, against the running product."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import ApiKey
from portal.workspaces.services import Actor
from workflows.catalogue import get_template
from workflows.services import create_workflow

ECHO = get_template("echo").tools[0].definition


@pytest.fixture
def portal(
    site: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> Callable[..., tuple[int, str, str]]:
    """Run a command; its status and what it wrote."""
    monkeypatch.setenv("PORTAL_URL", site)
    monkeypatch.setenv("PORTAL_CREDENTIALS", str(tmp_path / "login" / "credentials.json"))
    for name in ("PORTAL_TOKEN", "PORTAL_WORKSPACE", "LC_ALL", "LANG", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        from portal_client.cli import main

        status = main(arguments)
        written = capsys.readouterr()
        return status, written.out, written.err

    return run


@pytest.fixture
def signed_in(portal: Any, monkeypatch: pytest.MonkeyPatch, owner: Actor, key: Callable[..., str]) -> Any:
    monkeypatch.setenv("PORTAL_TOKEN", key())
    return portal


def test_signing_in_by_device_code_keeps_a_token_that_renews_itself(
    portal: Any, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal_client import login as logins

    browser = Client()
    browser.force_login(owner.user)

    def agree(address: str, code: str) -> None:
        page = browser.post("/oauth/device", {"user_code": code})
        assert browser.post(page["Location"], {"action": "accept"}).status_code == 302

    def sign_in(site: str, tell: Callable[[str, str], None]) -> Any:
        def both(address: str, code: str) -> None:
            tell(address, code)
            # As in life, somebody else types the code while the terminal waits.
            thread = threading.Thread(target=agree, args=(address, code))
            thread.start()
            thread.join()

        return real(site, both, sleep=lambda seconds: None)

    real = logins.sign_in
    monkeypatch.setattr("portal_client.cli.sign_in", sign_in)

    status, out, _err = portal("login")
    assert status == 0 and owner.user.email in out and "enter the code" in out
    assert stat.S_IMODE(logins.store_path().stat().st_mode) == 0o600

    before = logins.load()
    assert before is not None and before.refresh_token
    before.expires_at = 0.0
    logins.save(before)
    assert portal("whoami")[1].startswith(f"{owner.user.email} through oauth, owner")
    after = logins.load()
    assert after is not None and after.access_token != before.access_token

    assert portal("logout")[0] == 0
    assert logins.load() is None
    assert portal("whoami")[0] == 2


def test_a_workflow_is_run_by_name_with_typed_inputs(signed_in: Any, owner: Actor) -> None:
    create_workflow(owner, "Echo it", definition=ECHO)

    status, out, _err = signed_in("workflows", "run", "Echo it", "text=hello there")
    assert (status, json.loads(out)) == (0, {"text": "hello there"})
    assert signed_in("workflows", "run", "Echo it")[0] == 2
    assert "No workflow is called" in signed_in("workflows", "run", "Nothing")[2]
    rows = json.loads(signed_in("workflows", "list", "--json")[1])
    assert [(row["name"], row["last_state"]) for row in rows] == [("Echo it", "succeeded")]


def test_logs_follow_a_run_to_its_end(signed_in: Any, owner: Actor) -> None:
    create_workflow(owner, "Echo it", definition=ECHO)
    identifier = signed_in("workflows", "run", "Echo it", "text=x", "--detach")[1].strip()

    status, out, _err = signed_in("logs", "-f", identifier)

    lines = out.splitlines()
    assert status == 0
    assert "run.started" in lines[0] and "run.succeeded" in lines[-1]
    assert "run.succeeded" in signed_in("logs")[1]
    assert "Echo it" in signed_in("runs", "--state", "succeeded")[1]


def test_deploying_shows_address_and_key_once(signed_in: Any, owner: Actor, site: str) -> None:
    create_workflow(owner, "Echo it", definition=ECHO)

    status, out, _err = signed_in("deploy", "Echo it", "--tool", "say", "--json")
    made = json.loads(out)
    assert status == 0 and made["url"] == f"{site}/mcp/{made['slug']}" and made["key"].startswith("mcpk_")
    again = signed_in("deploy", "Echo it", "--server", made["slug"])[1]
    assert "revision 2 is live" in again and "key" not in again
    assert made["slug"] in signed_in("servers")[1]

    new = signed_in("keys", "create", "Laptop", "--server", made["slug"])[1].strip()
    assert new.startswith("mcpk_")
    rows = json.loads(signed_in("keys", "list", "--server", made["slug"], "--json")[1])
    assert {row["label"] for row in rows} == {"First key", "Laptop"}
    status, _out, err = signed_in("keys", "revoke", rows[0]["id"], "--server", made["slug"])
    assert (status, err) == (0, "")


def test_keys_of_the_workspace_are_made_and_revoked(signed_in: Any) -> None:
    assert signed_in("keys", "create", "Robot", "--role", "viewer")[1].startswith("wsk_")
    made = ApiKey.objects.get(label="Robot")
    assert "Robot" in signed_in("keys", "list")[1]
    status, _out, err = signed_in("keys", "revoke", str(made.pk))
    assert (status, err) == (0, "")
    made.refresh_from_db()
    assert made.revoked_at is not None


def test_mistakes_are_told_without_a_trace(portal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "portal login" in portal("workflows", "list")[2]
    monkeypatch.setenv("PORTAL_TOKEN", "pat_wrong")
    assert portal("workflows", "list")[0] == 2
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:9")
    assert "does not answer" in portal("servers")[2]


def test_a_narrow_login_says_what_its_keys_may_do(
    portal: Any, monkeypatch: pytest.MonkeyPatch, owner: Actor, key: Callable[..., str]
) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", key(scopes=["key:manage", "workflow:read"]))

    unsaid = portal("keys", "create", "Robot", "--role", "viewer")
    assert unsaid[0] == 2 and "--scope" in unsaid[2] and "workflow:read" in unsaid[2]
    assert portal("keys", "create", "Reader", "--role", "viewer", "--scope", "workflow:read")[0] == 0
    assert ApiKey.objects.get(label="Reader").scopes == ["workflow:read"]
    refused = portal("keys", "create", "More", "--role", "viewer", "--scope", "workflow:delete")
    assert refused[0] == 2 and "Leave them out" in refused[2]
