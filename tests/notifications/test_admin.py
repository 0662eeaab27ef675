"""The admin looks at everything the service wrote, changes nothing, and shows no secret."""

from __future__ import annotations

import pytest
from django.test import Client

from portal import admin_site
from portal.accounts.models import User
from portal.notifications.destinations import destination_create
from portal.notifications.models import Channel, Destination
from portal.notifications.publish import notify
from portal.workspaces.services import Actor
from tests.notifications.conftest import TOPIC


def test_an_operator_looks_and_changes_nothing(owner: Actor, sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # The second factor at the admin's door has tests of its own.
    monkeypatch.setattr(admin_site, "has_second_factor", lambda user: True)
    monkeypatch.setattr(admin_site, "showed_second_factor", lambda request: True)
    values = {"url": "https://hooks.example.com/in?token=very-secret-part"}
    place, secret = destination_create(owner, Channel.WEBHOOK, values, personal=False)
    notify(owner.workspace, TOPIC, "Seen by the operator")
    client = Client()
    operator = User.objects.create_superuser("operator@example.com", "correct horse battery")
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")

    for table in ("event", "notification", "destination", "delivery", "preference", "rhythm"):
        page = client.get(f"/admin/notifications/{table}/")
        assert page.status_code == 200, table
        assert client.get(f"/admin/notifications/{table}/add/").status_code == 403
    detail = client.get(f"/admin/notifications/destination/{place.pk}/change/").content.decode()

    assert "hooks.example.com" in detail
    assert "very-secret-part" not in detail and secret not in detail and "sealed" not in detail.lower()
    client.post(f"/admin/notifications/destination/{place.pk}/change/", {"name": "Mine now"})
    assert Destination.objects.get().name == "hooks.example.com"
