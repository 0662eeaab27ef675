"""The tools of a server: switched off and on, as other clients see them, and OAuth clients shown the door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_application_model, get_refresh_token_model

from deployments import probe, services
from deployments.client_profiles import PROFILES, profile_of, seen_by
from deployments.contracts import Contract
from deployments.models import Deployment
from deployments.oauth_clients import clients_of_server
from tests.pages.conftest import World, client_of
from tests.people import make_owner


@pytest.fixture(autouse=True)
def _no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe reads through a connection of its own, which cannot see this test's transaction."""
    monkeypatch.setattr(services, "probe_now", lambda slug, revision: ["seen"])
    assert probe.probe_now is not services.probe_now


def live_names(world: World) -> list[str]:
    deployment = Deployment.objects.select_related("live_revision").get(pk=world.deployment.pk)
    assert deployment.live_revision is not None
    return [tool.name for tool in deployment.live_revision.tools.all()]


def test_a_tool_is_switched_off_and_on_as_it_was(world: World) -> None:
    client, address = client_of(world.owner), f"/servers/{world.deployment.slug}"
    client.post(f"{address}/tools", {"action": "text.upper"})
    assert live_names(world) == ["echo", "upper"]
    before = Deployment.objects.get(pk=world.deployment.pk).live_revision.tools.get(name="echo")

    client.post(f"{address}/tools/echo/switch")
    off = client.get(address).content.decode()
    assert live_names(world) == ["upper"]
    assert 'aria-checked="false"' in off and "Turning it on makes a new revision." in off

    client.post(f"{address}/tools/echo/switch")
    again = Deployment.objects.get(pk=world.deployment.pk).live_revision.tools.get(name="echo")
    assert live_names(world) == ["upper", "echo"]
    assert (again.description, again.version_id) == (before.description, before.version_id)
    assert client.post(f"{address}/tools/nothing/switch").status_code == 404
    assert client_of(world.viewer).post(f"{address}/tools/echo/switch").status_code == 403


def test_the_last_tool_cannot_be_switched_off(world: World) -> None:
    page = client_of(world.owner).post(f"/servers/{world.deployment.slug}/tools/echo/switch", follow=True)

    assert live_names(world) == ["echo"]
    assert "at least one tool" in page.content.decode()


def test_a_second_workflow_is_served_beside_the_first(world: World) -> None:
    from workflows.services import create_from_template

    other = create_from_template(world.owner, "echo")[0]
    client, address = client_of(world.owner), f"/servers/{world.deployment.slug}"
    other.name = "Second words"
    other.template = ""
    other.save()
    assert "Second words" in client.get(f"{address}/tools/choices").content.decode()

    client.post(f"{address}/tools", {"action": f"workflow:{other.pk}"})

    assert live_names(world) == ["echo", "second_words"]
    stranger = client_of(make_owner())
    assert stranger.post(f"{address}/tools", {"action": f"workflow:{other.pk}"}).status_code == 404
    assert client.post(f"{address}/tools", {"action": "workflow:nonsense"}).status_code == 404


def contract(name: str, **more: Any) -> Contract:
    return Contract(name, name, "Says something.", {"properties": {}}, {"properties": {}}, {}, **more)


def test_clients_leave_out_what_they_cannot_name() -> None:
    long_name = "a_name_of_more_than_forty_characters_in_all_x"
    cursor, claude, plain = (profile_of(name) for name in ("cursor", "claude", "plain"))

    at_cursor = seen_by(cursor, "a-server-of-some-length", [contract("short"), contract(long_name)])
    at_claude = seen_by(claude, "s", [contract(long_name)])

    assert [row.is_offered for row in at_cursor] == [True, False]
    assert at_cursor[0].name == "a_server_of_some_length_short"
    assert at_claude[0].is_offered and at_claude[0].name == f"mcp__s__{long_name}"
    assert len(seen_by(plain, "s", [contract("slow")])[0].notes) == 2


def test_a_client_takes_only_so_many_tools() -> None:
    rows = seen_by(profile_of("vscode"), "s", [contract(f"t{n}") for n in range(130)])

    assert [row.is_offered for row in rows].count(True) == 128
    assert profile_of("nonsense") is PROFILES[0]


def test_the_page_shows_a_list_for_each_client(world: World) -> None:
    client = client_of(world.viewer)

    for profile in PROFILES:
        text = client.get(f"/servers/{world.deployment.slug}/view-as", {"client": profile.id}).content.decode()
        assert profile.prefix.format(server=world.deployment.slug.replace("-", "_"), tool="echo") in text
    assert client_of(make_owner()).get(f"/servers/{world.deployment.slug}/view-as").status_code == 404


def make_grant(world: World, resource: str) -> Any:
    application = get_application_model().objects.create(
        name="Claude",
        client_type="public",
        authorization_grant_type="authorization-code",
        redirect_uris="https://x.example",
    )
    access = get_access_token_model().objects.create(
        user=world.owner.user,
        application=application,
        token=f"token-{application.pk}",
        expires=timezone.now() + timedelta(minutes=5),
        scope="mcp:call",
        resource=[resource],
    )
    get_refresh_token_model().objects.create(
        user=world.owner.user,
        application=application,
        token=f"refresh-{application.pk}",
        access_token=access,
        resource=[resource],
    )
    return application


def test_an_oauth_client_is_shown_and_loses_this_server_only(world: World) -> None:
    application, url = make_grant(world, world.deployment.url), f"/servers/{world.deployment.slug}"
    elsewhere = make_grant(world, world.deployment.url + "-other")

    (shown,) = clients_of_server(world.deployment)
    assert (shown.name, shown.person, shown.scopes) == ("Claude", world.owner.user.email, {"mcp:call"})
    assert "Claude" in client_of(world.viewer).get(url).content.decode()

    address = f"{url}/clients/{application.pk}/revoke"
    body = {"user": str(world.owner.user.pk)}
    assert client_of(world.viewer).post(address, body).status_code == 403
    assert client_of(make_owner()).post(address, body).status_code == 404
    assert client_of(world.owner).post(address, body).status_code == 302

    assert clients_of_server(world.deployment) == []
    assert get_access_token_model().objects.filter(application=elsewhere).exists()
    assert client_of(world.owner).post(address, body).status_code == 404


def test_a_revision_is_tried_and_the_trial_ended_from_the_page(world: World) -> None:
    client, address = client_of(world.owner), f"/servers/{world.deployment.slug}"
    deployment = Deployment.objects.get(pk=world.deployment.pk)
    services.deploy(world.owner, deployment, services.contracts_of(deployment.live_revision), note="again")

    client.post(f"{address}/revisions/1/try", {"percent": "25"})
    page = client.get(address).content.decode()
    assert "Revision 1 is on trial with 25 % of the calls" in page and "0 of 0 calls failed" in page
    assert client_of(world.viewer).post(f"{address}/trial/stop").status_code == 403

    client.post(f"{address}/trial/stop")
    deployment.refresh_from_db()
    assert deployment.canary_revision_id is None and deployment.live_revision.number == 2
    refused = client.post(f"{address}/revisions/2/try", {"percent": "25"}, follow=True)
    assert "This revision is live" in refused.content.decode()
