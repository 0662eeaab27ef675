"""What a viewer sees, what a stranger gets, and where nobody is sent."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.pages.conftest import World, client_of
from tests.people import make_owner

#: Addresses of deeds; none may appear on a viewer's pages.
DEEDS = (
    "/run",
    "/delete",
    "/draft",
    "/versions",
    "/state/",
    "/keys/",
    "/rotate",
    "/revoke",
    "/tools/",
    "/cancel",
    "/resume",
    "/again",
    "/decide",
    "members/invite",
    "/role",
    "connections/new",
    "/workflows/new",
    "/workflows/import",
    "/-/from/",
    "/-/deploy/",
)


def test_a_viewer_reads_everything_and_is_offered_nothing_else(world: World) -> None:
    import re

    client = client_of(world.viewer)
    for address in world.pages():
        if address == "/account":  # One's own keys are nobody else's business.
            continue
        response = client.get(address)
        assert response.status_code == 200, address
        offered = re.findall(r'(?:action|hx-post|hx-get)="([^"]+)"', response.content.decode())
        wrong = [
            url
            for url in offered
            if any(deed in url for deed in DEEDS)
            and not url.startswith(("/account", "/members/"))
            # Reading: the list with its filters, which everybody keeps for themselves, and the comparison.
            and url not in {"/runs/", "/runs/filters", "/runs/compare"}
        ]
        assert wrong == [], (address, wrong)


def test_a_viewer_may_not_do_what_pages_do_not_offer(world: World) -> None:
    client = client_of(world.viewer)
    workflow, slug = world.workflow.pk, world.deployment.slug
    run = world.runs["queued"].pk

    for address in (
        reverse("workflows:workflow-create"),
        reverse("workflows:workflow-save", args=[workflow]),
        reverse("workflows:workflow-run", args=[workflow]),
        reverse("workflows:workflow-delete", args=[workflow]),
        reverse("workflows:version-create", args=[workflow]),
        reverse("workflows:execution-cancel", args=[run]),
        reverse("deployments:deployment-state", args=[slug, "paused"]),
        reverse("deployments:deployment-update", args=[slug]),
        reverse("deployments:key-create", args=[slug]),
        reverse("deployments:key-rotate", args=[slug, world.key.pk]),
        reverse("deployments:playground-key", args=[slug]),
        reverse("deployments:deploy-form", args=[workflow]),
        reverse("deployments:deploy-template", args=["echo"]),
        reverse("deployments:tool-add", args=[slug]),
        reverse("member-invite"),
        reverse("connection-create"),
        reverse("connection-test", args=[world.connection.pk]),
    ):
        assert client.post(address, {}).status_code == 403, address
    for address in world.editor_pages():
        assert client.get(address).status_code == 403, address


def test_a_viewer_sees_that_a_run_ended_but_not_its_data(world: World) -> None:
    text = client_of(world.viewer).get(reverse("workflows:execution-detail", args=[world.runs["succeeded"].pk])).content

    assert "안녕" not in text.decode()
    assert "Succeeded" in text.decode()


def test_a_stranger_learns_nothing(world: World) -> None:
    client = client_of(make_owner("stranger"))
    about_others = [url for url in [*world.pages(), *world.editor_pages()] if url.count("/") > 2 or "-" in url[-14:]]
    about_others.remove("/stores/tables/")  # everybody's own

    assert len(about_others) > 8
    for address in about_others:
        assert client.get(address).status_code == 404, address


@pytest.mark.parametrize("address", ["/", "/workflows/", "/servers/", "/members", "/account"])
def test_nobody_is_sent_to_sign_in(db: None, address: str) -> None:
    response = client_of(None).get(address)

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")
