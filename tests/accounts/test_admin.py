"""The administration: only with a second factor, every model, searchable, history read-only, no secrets."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import create_api_key
from portal.admin_site import EDITABLE, LEFT_OUT, SECRETS
from portal.workspaces.models import AuditEntry, Plan, Workspace
from tests.people import make_owner, make_user
from workflows.models import Execution, ExecutionEvent, NodeRun


def staff(*, with_factor: bool = True) -> User:
    user = make_user("operator")
    user.is_staff = user.is_superuser = True
    user.save()
    if with_factor:
        TOTP.activate(user, generate_totp_secret())
    return user


def browser(user: User, *, showed: bool = True, seconds_ago: float = 0) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    if showed:
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time() - seconds_ago, "id": 1}]
        session["_account_authentication_methods_user" if False else "account_authentication_methods_user"] = str(
            user.pk
        )
        session.save()
    return client


@pytest.fixture
def operator(db: None) -> Client:
    """An operator who came in the real way: over the page that asks for a code of the authenticator."""
    user = staff()
    client = browser(user, showed=False)
    secret = decrypt(Authenticator.objects.get(user=user, type="totp").data["secret"])
    counter = next(iter(auth.yield_hotp_counters_from_time()))
    code = auth.format_hotp_value(auth.hotp_value(secret, counter))
    answer = client.post(reverse("mfa_reauthenticate") + "?next=/admin/", {"code": code})
    assert answer.status_code == 302 and answer["Location"] == "/admin/"
    return client


def test_nobody_is_asked_to_sign_in_and_a_person_is_refused(db: None) -> None:
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    assert browser(make_user()).get("/admin/", follow=True).status_code == 403


def test_an_operator_without_second_factor_is_led_to_the_enrolment(db: None) -> None:
    for page in ("/admin/", "/admin/accounts/user/"):
        answer = browser(staff(with_factor=False), showed=False).get(page, follow=True)
        last = answer.redirect_chain[-1][0]
        # An account with a password confirms it first, then enrols.
        assert "/accounts/reauthenticate/" in last or "/accounts/2fa/totp/activate/" in last


def test_the_sample_person_enrols_without_a_password(db: None) -> None:
    from portal.workspaces.sample import ensure_sample

    person = ensure_sample().user
    assert person is not None
    answer = browser(person, showed=False).get("/admin/", follow=True)
    assert answer.status_code == 200 and answer.redirect_chain[-1][0] == reverse("mfa_activate_totp")
    assert "Set one up first" in answer.content.decode()


def test_a_session_must_have_shown_the_factor_and_not_long_ago(db: None) -> None:
    user = staff()
    for client in (browser(user, showed=False), browser(user, seconds_ago=13 * 3600)):
        answer = client.get("/admin/accounts/user/", follow=True)
        assert answer.redirect_chain[-1][0].startswith(reverse("mfa_reauthenticate"))


def test_the_way_back_stays_in_the_admin(operator: Client) -> None:
    assert operator.get("/admin/login/?next=https://evil.example/")["Location"] == "/admin/"


def test_every_model_of_ours_has_a_page_and_a_search(operator: Client) -> None:
    registered = admin.site._registry
    missing = {model._meta.label_lower for model in apps.get_models() if model not in registered}
    assert missing == LEFT_OUT
    ours = Path(__file__).resolve().parents[2]
    assert not [model for model in apps.get_models() if model not in registered and _is_ours(model, ours)]
    make_owner()
    for model in registered:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert operator.get(url, {"q": "no'thing"}).status_code == 200, url


def _is_ours(model: type[Model], root: Path) -> bool:
    path = Path(apps.get_app_config(model._meta.app_label).path)
    return path.is_relative_to(root) and ".venv" not in path.relative_to(root).parts


def test_events_and_node_runs_are_found_by_their_run_and_show_no_payload(operator: Client) -> None:
    owner = make_owner()
    run, other = (Execution.objects.create(workspace=owner.workspace, source="mcp") for _ in range(2))
    for one in (run, other):
        ExecutionEvent.objects.create(
            execution=one, seq=7, time=timezone.now(), kind="log", node=f"n{one.pk.hex[-6:]}", message="what was sent"
        )
        NodeRun.objects.create(execution=one, path="fetch", node="fetch", action="text.echo", output={"x": "sent"})
    for name in ("executionevent", "noderun"):
        place = reverse(f"admin:workflows_{name}_changelist")
        assert "0 " in operator.get(place).content.decode().split('class="paginator"')[1][:200], "nothing unasked"
        found = operator.get(place, {"q": str(run.pk)}).content.decode()
        assert str(run.pk) in found and str(other.pk) not in found and "sent" not in found
        assert operator.get(f"{place}{run.pk},7/change/").status_code in (302, 404)
        assert operator.get(f"{place}add/").status_code == 403


def test_history_is_looked_at_only(operator: Client) -> None:
    owner = make_owner()
    entry = AuditEntry.objects.filter(workspace_id=owner.workspace.pk).latest("id")
    page = reverse("admin:workspaces_auditentry_change", args=[entry.pk])
    assert operator.get(page).status_code == 200
    assert operator.post(page, {"verb": "nothing"}).status_code == 403
    assert (
        operator.post(reverse("admin:workspaces_auditentry_delete", args=[entry.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert operator.get(reverse("admin:workspaces_auditentry_add")).status_code == 403
    request = operator.get("/admin/").wsgi_request
    editable = {
        m._meta.label_lower for m, entry in admin.site._registry.items() if entry.has_change_permission(request)
    }
    assert editable == EDITABLE


def test_no_page_shows_a_secret(operator: Client) -> None:
    owner = make_owner()
    assert owner.user is not None
    key, secret = create_api_key(owner.user, "Script")
    listing = operator.get(reverse("admin:accounts_apikey_changelist")).content.decode()
    page = operator.get(reverse("admin:accounts_apikey_change", args=[key.pk])).content.decode()
    assert key.prefix in listing and secret not in listing + page and key.token_hash not in listing + page
    factor = Authenticator.objects.filter(type="totp").latest("pk")
    assert (
        factor.data["secret"]
        not in operator.get(reverse("admin:mfa_authenticator_change", args=[factor.pk])).content.decode()
    )
    for entry in admin.site._registry.values():
        fields = set(entry.get_fields(operator.get("/admin/").wsgi_request))
        assert not fields & SECRETS, entry.model._meta.label


def test_an_operator_gives_a_workspace_a_plan(operator: Client) -> None:
    owner = make_owner()
    plan = Plan.objects.create(name="Team", daily_calls=1000)
    page = reverse("admin:workspaces_workspace_change", args=[owner.workspace.pk])

    assert operator.post(page, {"plan": str(plan.pk)}).status_code == 302

    assert Workspace.objects.get(pk=owner.workspace.pk).plan == plan


def test_the_admin_wears_our_clothes_without_inline_script(operator: Client) -> None:
    text = operator.get("/admin/").content.decode()

    assert "css/admin.css" in text and "css/tokens.css" in text
    assert not re.findall(r"<script(?![^>]*src=)(?![^>]*application/json)[^>]*>\s*\S", text)
