"""Oneself, workspaces, members, invitations and keys over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from portal.accounts.models import ApiKey
from portal.workspaces.models import Membership
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner, make_user

Api = Callable[..., APIClient]
PASSWORD = "correct horse battery"


def test_who_am_i_names_person_role_and_reach(owner: Actor, api: Api) -> None:
    me = api(owner, scopes=["workflow:read"]).get("/api/v1/auth/me").json()

    assert me["user"]["email"] == owner.user.email
    assert (me["through"], me["scopes"], me["role"]) == ("key", ["workflow:read"], "owner")
    assert me["permissions"] == ["workflow:read"]
    assert [one["id"] for one in me["workspaces"]] == [str(owner.workspace.pk)]
    assert APIClient().get("/api/v1/auth/me").status_code == 401


def test_logging_out_ends_the_key_that_was_used(owner: Actor, api: Api) -> None:
    client = api(owner)
    assert client.post("/api/v1/auth/logout").status_code == 204
    assert client.get("/api/v1/auth/me").status_code == 401


def test_a_password_login_is_off_until_an_operator_allows_it(db: None) -> None:
    body = {"username": make_user().email, "password": PASSWORD}
    answer = APIClient().post("/auth/login", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "password_login_off")


@pytest.fixture
def passwords(settings: Any) -> None:
    grants = [*settings.OAUTH2_PROVIDER["OAUTH2_GRANT_TYPES_SUPPORTED"], "password"]
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OAUTH2_GRANT_TYPES_SUPPORTED": grants}


def test_a_login_gives_a_token_that_opens_the_api(owner: Actor, passwords: None) -> None:
    body = {"username": owner.user.email, "password": PASSWORD}

    answer = APIClient().post("/auth/login", body, format="json")
    client = APIClient(headers={"Authorization": f"Bearer {answer.json()['access_token']}"})

    assert client.get("/auth/me").json()["user"]["email"] == owner.user.email
    assert ApiKey.objects.get().expires_at is not None


def test_wrong_passwords_and_unknown_people_look_alike_and_are_slowed_down(owner: Actor, passwords: None) -> None:
    def attempt(email: str) -> Any:
        return APIClient().post("/api/v1/auth/login", {"username": email, "password": "wrong"}, format="json")

    known, unknown = attempt(owner.user.email), attempt("nobody@example.com")
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert known.json()["message"] == unknown.json()["message"]
    for _try in range(9):
        attempt(owner.user.email)
    assert attempt(owner.user.email).status_code == 429


def test_the_profile_is_changed_and_checked(owner: Actor, api: Api) -> None:
    client = api(owner)
    changed = client.patch("/api/v1/users/me", {"name": "Minji", "time_zone": "Europe/Berlin"}, format="json")
    assert (changed.json()["name"], changed.json()["time_zone"]) == ("Minji", "Europe/Berlin")
    wrong = client.patch("/api/v1/users/me", {"time_zone": "Mars/Base"}, format="json")
    assert wrong.status_code == 422 and wrong.json()["problems"][0]["field"] == "time_zone"


def test_a_workspace_from_its_creation_to_its_end(owner: Actor, api: Api) -> None:
    client = api(owner)
    made = client.post("/api/v1/workspaces", {"name": "Second"}, format="json").json()
    url = f"/api/v1/workspaces/{made['id']}"

    renamed = client.patch(url, {"name": "Renamed", "egress_hosts": ["api.example.com"]}, format="json")
    assert (renamed.json()["name"], renamed.json()["egress_hosts"]) == ("Renamed", ["api.example.com"])
    assert {one["name"] for one in client.get("/api/v1/workspaces").json()["results"]} >= {"Renamed"}
    verbs = [row["verb"] for row in client.get(f"{url}/audit?verb=workspace").json()["results"]]
    assert verbs == ["workspace.updated", "workspace.created"]

    assert client.delete(url).status_code == 422
    assert client.delete(f"{url}?confirm=Other").status_code == 422
    assert client.delete(f"{url}?confirm=Renamed").status_code == 204
    assert client.get(url).status_code == 404


def test_members_come_by_invitation_and_go(owner: Actor, api: Api) -> None:
    client, url = api(owner), f"/api/v1/workspaces/{owner.workspace.pk}"
    invited = client.post(f"{url}/invitations", {"email": "new@example.com", "role": "viewer"}, format="json")
    assert invited.status_code == 201
    guest = make_owner("guest")
    token = invited.json()["link"].rpartition("/")[2]

    joined = api(guest).post("/api/v1/invitations/accept", {"token": token}, format="json")
    member = f"{url}/members/{joined.json()['id']}"
    assert joined.json()["role"] == "viewer"
    assert client.patch(member, {"role": "editor", "is_auditor": True}, format="json").json()["is_auditor"] is True
    assert [one["role"] for one in client.get(f"{url}/members?role=editor").json()["results"]] == ["editor"]

    handed = client.post(f"{url}/transfer", {"member": joined.json()["id"]}, format="json")
    assert handed.json()["role"] == "owner"
    assert Membership.objects.get(workspace=owner.workspace, user=owner.user).role == Role.ADMIN
    assert client.delete(member).status_code == 409


def test_roles_are_told_as_the_matrix(owner: Actor, api: Api) -> None:
    rows = api(owner).get(f"/api/v1/workspaces/{owner.workspace.pk}/roles").json()["results"]
    held = {row["role"]: set(row["permissions"]) for row in rows}
    assert list(held) == ["owner", "admin", "editor", "viewer"]
    assert "workflow:create" in held["editor"] and "workflow:create" not in held["viewer"]


def test_keys_are_made_rotated_and_revoked(owner: Actor, api: Api) -> None:
    client = api(owner)
    made = client.post("/api/v1/keys", {"label": "Nightly", "scopes": ["workflow:read"]}, format="json").json()
    narrow = APIClient(headers={"Authorization": f"Bearer {made['key']}"})
    assert narrow.get("/api/v1/workflows").status_code == 200

    assert narrow.post("/api/v1/keys", {"label": "Wider"}, format="json").status_code == 403
    rotated = client.post(f"/api/v1/keys/{made['id']}/rotate").json()
    assert rotated["key"] != made["key"] and rotated["scopes"] == ["workflow:read"]
    assert client.delete(f"/api/v1/keys/{made['id']}").status_code == 204
    assert narrow.get("/api/v1/workflows").status_code == 401
    assert all("key" not in row for row in client.get("/api/v1/keys").json()["results"])


def test_a_workspace_key_has_its_own_role(owner: Actor, api: Api) -> None:
    client, url = api(owner), f"/api/v1/workspaces/{owner.workspace.pk}/keys"
    made = client.post(url, {"label": "Robot", "role": "viewer"}, format="json").json()
    robot = APIClient(headers={"Authorization": f"Bearer {made['key']}"})

    assert robot.get("/api/v1/workflows").status_code == 200
    assert robot.post("/api/v1/workflows", {"name": "x"}, format="json").status_code == 403
    assert robot.get("/api/v1/users/me").status_code == 403
    assert client.post(f"{url}/{made['id']}/rotate").status_code == 201


def test_viewers_and_strangers_meet_the_walls(owner: Actor, api: Api) -> None:
    viewer, stranger = api(join(owner.workspace, Role.VIEWER)), api(make_owner("stranger"))
    url = f"/api/v1/workspaces/{owner.workspace.pk}"
    for part in ("", "/members", "/roles"):
        assert (viewer.get(url + part).status_code, stranger.get(url + part).status_code) == (200, 404)
    for part in ("/audit", "/keys", "/invitations"):
        assert (viewer.get(url + part).status_code, stranger.get(url + part).status_code) == (403, 404)


def test_monitoring_tells_load_and_use(owner: Actor, api: Api) -> None:
    client = api(owner)
    assert {row["name"] for row in client.get("/api/v1/monitoring/queues").json()["results"]} >= {"interactive"}
    assert client.get("/api/v1/monitoring/workers").json()["results"][0] == {"name": "interactive", "alive": False}
    usage = client.get("/api/v1/monitoring/usage?hours=2").json()
    assert (usage["executions"], usage["success_rate"], usage["hours"]) == (0, None, 2)
    assert [quota["period"] for quota in usage["quotas"]] == ["day", "month"]
