"""The pages of own connectors: made, chosen, named, read again and deleted by people who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from integrations.connectors.http.sandbox import shop_document
from integrations.models import WorkspaceConnector
from integrations.own import services
from portal.workspaces.roles import Role
from tests.pages.conftest import client_of
from tests.people import join, make_owner


@pytest.fixture
def owner(db: None) -> Any:
    return make_owner()


def test_a_connector_goes_its_whole_way(owner: Any, sandbox: Any) -> None:
    client = client_of(owner)
    made = client.post(reverse("own-connector-create"), {"kind": "openapi", "address": "/http/openapi.yaml"})
    row = WorkspaceConnector.objects.get()
    place = reverse("own-connector", args=[row.pk])
    assert made.url == place
    assert "GET /pets" in client.get(place).content.decode()
    assert "GET /pets" not in client.get(f"{place}?q=delete").content.decode()
    client.post(reverse("own-connector-choose", args=[row.pk]), {"source": ["GET /pets", "GET /report"]})
    words = {"name": "find_pets", "title": "Find <b>pets</b>", "description": "…", "effect": "read"}
    client.post(reverse("own-connector-action", args=[row.pk, "list_pets"]), words)
    client.post(reverse("own-connector-action", args=[row.pk, "get_report"]), {"act": "remove"})
    row.refresh_from_db()
    (action,) = services.spec_of(row).actions
    assert (action.name, action.checks_answer) == ("find_pets", False)
    page = client.get(place).content.decode()
    assert "Find &lt;b&gt;pets" in page and "asks for a sign-in" in page
    client.post(reverse("own-connector-edit", args=[row.pk]), {"title": "Shop", "description": "", "sign_in": "-1"})
    client.post(reverse("own-connector-refresh", args=[row.pk]))
    row.refresh_from_db()
    assert (row.title, services.spec_of(row).sign.kind, row.refresh_error) == ("Shop", "none", "")
    assert "Shop" in client.get(reverse("own-connectors")).content.decode()
    client.post(reverse("own-connector-delete", args=[row.pk]))
    assert not WorkspaceConnector.objects.exists()


def test_a_file_is_taken_and_a_wrong_one_is_told_about(owner: Any) -> None:
    client, create = client_of(owner), reverse("own-connector-create")
    wrong = client.post(create, {"kind": "openapi", "file": SimpleUploadedFile("a.json", b"{}")}, follow=True)
    assert "OpenAPI 3.0 and 3.1 can be read" in wrong.content.decode()
    right = SimpleUploadedFile("shop.json", shop_document().encode())
    page = client.post(create, {"kind": "openapi", "title": "Shop", "file": right}, follow=True)
    assert "no base address" in page.content.decode()
    assert WorkspaceConnector.objects.get().title == "Shop"


def test_a_viewer_sees_but_changes_nothing(owner: Any) -> None:
    row = services.create_from_document(owner, content=shop_document().encode())
    viewer = client_of(join(owner.workspace, Role.VIEWER))
    page = viewer.get(reverse("own-connector", args=[row.pk])).content.decode()
    assert "GET /pets" in page and 'name="source"' not in page and "edit-connector" not in page
    assert viewer.post(reverse("own-connector-delete", args=[row.pk])).status_code == 403
    stranger = client_of(make_owner("stranger"))
    assert stranger.get(reverse("own-connector", args=[row.pk])).status_code == 404
