"""Keys of people and of workspaces on their pages and against the REST API; limits and meters."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import ApiKey
from portal.accounts.services import create_api_key, rotate_api_key
from portal.common.errors import Conflict, Invalid, PermissionDenied
from portal.workspaces import key_services
from portal.workspaces.models import AuditEntry, Membership, Plan
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from portal.workspaces.usage import read_meters
from tests.pages.conftest import client_of
from tests.people import join, make_owner


def ask(secret: str, path: str = "/api/v1/workflows", method: str = "get", **extra: Any) -> Any:
    return getattr(Client(), method)(path, headers={"Authorization": f"Bearer {secret}"}, **extra)


def secret_on(page: Any) -> str:
    found = re.search(r'data-copy="((?:pat|wsk)_[^"]+)"', page.content.decode())
    assert found is not None and page["Cache-Control"] == "no-store"
    return found.group(1)


def test_a_workspace_key_is_made_used_rotated_and_revoked(owner: Actor) -> None:
    client = client_of(owner)
    page = client.post(reverse("workspace-key-add"), {"label": "CI", "role": "viewer", "days": "30"})
    secret = secret_on(page)
    key = ApiKey.objects.get()
    assert secret.startswith("wsk_") and key.prefix == secret[:10] and secret not in str(vars(key))

    assert ask(secret).status_code == 200
    assert ask(secret, method="post", data={"name": "x"}, content_type="application/json").status_code == 403
    key.refresh_from_db()
    assert key.last_used_at is not None

    second = secret_on(client.post(reverse("workspace-key-rotate", args=[key.pk])))
    assert ask(secret).status_code == 200 and ask(second).status_code == 200, "the old key works on for a while"
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
    assert ask(secret).status_code == 401 and ask(second).status_code == 200

    newest = ApiKey.objects.exclude(pk=key.pk).get()
    client.post(reverse("workspace-key-revoke", args=[newest.pk]))
    assert ask(second).status_code == 401
    verbs = AuditEntry.objects.filter(target_type="apikey").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["key.created", "key.rotated", "key.revoked"]


def test_a_workspace_key_outlives_the_membership_of_its_maker_and_opens_one_workspace(owner: Actor) -> None:
    admin = join(owner.workspace, Role.ADMIN)
    elsewhere = make_owner("elsewhere")
    _key, secret = key_services.create_workspace_key(admin, "Job", "editor")
    Membership.objects.filter(workspace=owner.workspace, user=admin.user).delete()

    assert ask(secret).status_code == 200
    made = ask(secret, method="post", data={"name": "By a machine"}, content_type="application/json")
    assert made.status_code == 201
    assert AuditEntry.objects.filter(actor_label__endswith="(key Job)").exists()
    other = Client().get(
        "/api/v1/workflows",
        headers={"Authorization": f"Bearer {secret}", "X-Workspace": str(elsewhere.workspace.pk)},
    )
    assert other.status_code == 404


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_only_admins_make_keys_of_the_workspace(owner: Actor, role: Role) -> None:
    member = join(owner.workspace, role)

    with pytest.raises(PermissionDenied):
        key_services.create_workspace_key(member, "Mine", "viewer")
    assert client_of(member).get(reverse("workspace-keys")).status_code == 403


def test_a_key_has_no_more_than_its_role_and_is_never_an_owner(owner: Actor) -> None:
    with pytest.raises(Invalid, match="not have this role"):
        key_services.create_workspace_key(owner, "Root", "owner")
    with pytest.raises(Invalid, match="more than its role"):
        key_services.create_workspace_key(owner, "Wide", "viewer", scopes=["workflow:delete"])
    page = client_of(owner).post(
        reverse("workspace-key-add"), {"label": "W", "role": "viewer", "days": "30", "scopes": ["workflow:delete"]}
    )
    assert page.status_code == 422 and "does not hold workflow:delete" in page.content.decode()


def test_a_scope_narrows_a_key(owner: Actor) -> None:
    _key, secret = key_services.create_workspace_key(owner, "Reader", "editor", scopes=["deployment:read"])

    assert ask(secret, "/api/v1/deployments").status_code == 200
    assert ask(secret).status_code == 403


def test_a_personal_key_is_rotated_with_overlap(owner: Actor) -> None:
    assert owner.user is not None
    old, secret = create_api_key(
        owner.user, "Script", workspace_id=owner.workspace.pk, expires_at=timezone.now() + timedelta(days=90)
    )
    fresh = secret_on(client_of(owner).post(reverse("account-key-rotate", args=[old.pk])))

    assert ask(secret).status_code == 200 and ask(fresh).status_code == 200
    old.refresh_from_db()
    assert old.expires_at is not None and old.expires_at < timezone.now() + timedelta(hours=25)
    assert ApiKey.objects.exclude(pk=old.pk).get().expires_at > timezone.now() + timedelta(days=89)
    ApiKey.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    with pytest.raises(Conflict):
        rotate_api_key(owner.user, old.pk)


def test_nobody_rotates_or_revokes_the_key_of_another(owner: Actor) -> None:
    stranger = make_owner("stranger")
    key, secret = create_api_key(owner.user, "Mine")  # type: ignore[arg-type]
    shared, _ = key_services.create_workspace_key(owner, "Ours", "viewer")

    for name, target in (("account-key-rotate", key), ("account-key-revoke", key), ("workspace-key-rotate", shared),
                         ("workspace-key-revoke", shared)):  # fmt: skip
        assert client_of(stranger).post(reverse(name, args=[target.pk])).status_code == 404
    # A workspace's key is nobody's own, not even its maker's.
    assert client_of(owner).post(reverse("account-key-revoke", args=[shared.pk])).status_code == 404
    assert ask(secret).status_code == 200


def put_on_plan(actor: Actor, **limits: int) -> None:
    actor.workspace.plan = Plan.objects.create(name=f"plan of {actor.workspace.pk}", **limits)
    actor.workspace.save()


def test_the_rest_api_tells_its_limits_and_stops_at_them(owner: Actor) -> None:
    put_on_plan(owner, workspace_per_minute=100, key_per_minute=2)
    _key, secret = create_api_key(owner.user, "Script")  # type: ignore[arg-type]

    answers = [ask(secret) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"workspace";q=100;w=60, "key";q=2;w=60'
    assert answers[0]["RateLimit"] == '"workspace";r=99;t=1, "key";r=1;t=30'
    problem = answers[2].json()
    assert problem["code"] == "limit_reached" and problem["remedy"] and answers[2]["Retry-After"] == "30"
    assert answers[2]["Content-Type"] == "application/problem+json"


def test_a_run_started_through_rest_counts_and_the_quota_ends_it(owner: Actor) -> None:
    put_on_plan(owner, daily_calls=1)
    _key, secret = create_api_key(owner.user, "Script", monthly_calls=50)  # type: ignore[arg-type]
    made = ask(secret, method="post", data={"name": "x"}, content_type="application/json").json()
    path = f"/api/v1/workflows/{made['id']}/run"

    first, second = (ask(secret, path, "post", data={}, content_type="application/json") for _ in range(2))

    assert first.status_code != 429 and '"day";r=0;' in first["RateLimit"] and '"key-month";r=49;' in first["RateLimit"]
    assert second.status_code == 429 and second.json()["code"] == "quota_reached"
    assert int(second["Retry-After"]) > 1
    assert read_meters(owner.workspace)[0].used == 1
    assert ask(secret).status_code == 200, "reading goes on"
    page = client_of(owner).get(reverse("usage")).content.decode()
    assert "used up" in page and "Script" in page
    assert "calls are used up" in client_of(owner).get("/members").content.decode(), "every page warns"


def test_pages_warn_from_eighty_percent_on(owner: Actor, _redis_client: Any) -> None:
    from portal.workspaces.usage import counter_key, periods

    put_on_plan(owner, monthly_calls=100)
    key = counter_key(owner.workspace.pk, periods()[1])
    for used, level in ((79, ""), (80, "warning"), (100, "danger")):
        _redis_client.hset(key, "calls", used)
        assert read_meters(owner.workspace)[1].level == level
        shown = f"notice-{level} flash" in client_of(owner).get("/members").content.decode() if level else True
        assert shown
