"""Invitations, roles, leaving; the person's own keys; language and theme; navigation and palette."""

from __future__ import annotations

import re

import pytest
from django.urls import NoReverseMatch, reverse

from portal.accounts.models import ApiKey
from portal.common.errors import Conflict, NotFound
from portal.context import navigation_items
from portal.workspaces import member_services as services
from portal.workspaces.models import Membership
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.pages.conftest import World, client_of
from tests.people import join, make_owner, make_user


def membership(actor: Actor) -> Membership:
    return Membership.objects.get(workspace=actor.workspace, user=actor.user)


def test_an_invitation_works_once(owner: Actor) -> None:
    page = client_of(owner).post(reverse("member-invite"), {"email": "a@example.com", "role": "editor"})
    link = re.search(r"/invitation/([\w-]+)", page.content.decode())
    assert link is not None and page["Cache-Control"] == "no-store"
    guest, late = make_owner("guest"), make_owner("late")

    joined = client_of(guest).post(link.group(0), follow=True)

    assert owner.workspace.name in joined.content.decode()
    assert Membership.objects.get(workspace=owner.workspace, user=guest.user).role == "editor"
    assert client_of(late).get(link.group(0)).status_code == 404


def test_inviting_again_withdraws_the_first_link(owner: Actor) -> None:
    _, first = services.invite(owner, "a@example.com", "viewer")
    _, second = services.invite(owner, "A@example.com", "viewer")

    with pytest.raises(NotFound):
        services.find_invitation(first)
    assert services.find_invitation(second).role == "viewer"


def test_the_last_owner_stays(owner: Actor) -> None:
    with pytest.raises(Conflict):
        services.change_role(owner, membership(owner).pk, "viewer")
    with pytest.raises(Conflict):
        services.remove_member(owner, membership(owner).pk)

    other = join(owner.workspace, Role.EDITOR)
    services.change_role(owner, membership(other).pk, "owner")
    services.remove_member(owner, membership(owner).pk)

    assert not Membership.objects.filter(workspace=owner.workspace, user=owner.user).exists()


def test_an_admin_makes_no_owners_and_removes_none(owner: Actor) -> None:
    admin = join(owner.workspace, Role.ADMIN)

    with pytest.raises(Conflict):
        services.change_role(admin, membership(admin).pk, "owner")
    with pytest.raises(Conflict):
        services.remove_member(admin, membership(owner).pk)
    with pytest.raises(Conflict):
        services.invite(admin, "x@example.com", "owner")


def test_members_of_other_workspaces_are_out_of_reach(owner: Actor) -> None:
    stranger = make_owner("stranger")

    with pytest.raises(NotFound):
        services.remove_member(owner, membership(stranger).pk)


def test_a_viewer_may_leave(owner: Actor) -> None:
    viewer = join(owner.workspace, Role.VIEWER)

    client_of(viewer).post(reverse("member-remove", args=[membership(viewer).pk]))

    assert not Membership.objects.filter(user=viewer.user).exists()


def test_a_personal_key_is_shown_once_and_can_be_revoked(owner: Actor) -> None:
    client = client_of(owner)

    page = client.post(reverse("account-key-add"), {"label": "Script", "days": "30", "scopes": ["workflow:read"]})

    key = ApiKey.objects.get(user=owner.user)
    assert key.scopes == ["workflow:read"] and f'data-copy="{key.prefix}' in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    client.post(reverse("account-key-revoke", args=[key.pk]))
    assert not ApiKey.objects.get(pk=key.pk).is_usable()


def test_switching_needs_membership(owner: Actor) -> None:
    stranger = make_owner("stranger")
    client = client_of(owner)

    assert client.post(reverse("switch-workspace"), {"workspace": stranger.workspace.pk}).status_code == 404
    assert client.post(reverse("switch-workspace"), {"workspace": owner.workspace.pk}).status_code == 302


def test_language_and_theme_are_remembered(owner: Actor) -> None:
    client = client_of(owner)

    client.post(reverse("accounts:save-preferences"), {"language": "ko", "theme": "dark", "next": "/"})
    text = client.get("/").content.decode()

    assert '<html lang="ko" data-theme="dark"' in text


def test_every_navigation_entry_leads_somewhere() -> None:
    missing = []
    for item in navigation_items():
        try:
            reverse(item.url_name)
        except NoReverseMatch:
            missing.append(item.url_name)

    assert missing == []


def test_the_palette_finds_things_pages_and_commands(world: World) -> None:
    client = client_of(world.owner)

    def found(query: str) -> list[str]:
        groups = client.get(reverse("palette"), {"q": query}).json()["groups"]
        return [item.get("url") or item["command"] for group in groups for item in group["items"]]

    assert f"/workflows/{world.workflow.pk}" in found("echo") and f"/servers/{world.deployment.slug}" in found("echo")
    assert found(str(world.runs["failed"].pk)) == [f"/runs/{world.runs['failed'].pk}"]
    assert "theme-dark" in found(">dark") and "/members" in found("memb")
    assert client_of(make_owner("other")).get(reverse("palette"), {"q": "echo"}).json()["groups"] == []


def test_a_stranger_without_workspace_gets_an_empty_palette(db: None) -> None:
    from django.test import Client

    client = Client()
    client.force_login(make_user(), backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(reverse("palette"), {"q": "zzz"}).json() == {"groups": []}
