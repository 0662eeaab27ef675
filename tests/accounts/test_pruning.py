"""What is spent goes each night; what somebody may still need stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, DeviceGrant, Grant, RefreshToken

from portal.accounts.models import SignInLink, SpentCode
from portal.accounts.oauth import pruning
from portal.accounts.oauth.pruning import prune
from portal.accounts.services import create_sign_in_link
from portal.workspaces.services import Actor
from tests.accounts.flow import Flow


def _ago(**time: float) -> Any:
    return timezone.now() - timedelta(**time)


def test_living_tokens_stay(flow: Flow) -> None:
    tokens = flow.tokens()
    prune()
    assert flow.api(tokens["access_token"]).status_code == 200
    # An access token that has expired stays as long as its refresh token lives.
    AccessToken.objects.update(expires=_ago(days=20))
    prune()
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


def test_the_dead_go(flow: Flow, owner: Actor) -> None:
    flow.consent()
    flow.tokens()
    assert owner.user is not None
    create_sign_in_link(owner.user)
    Grant.objects.update(expires=_ago(seconds=1))
    AccessToken.objects.update(expires=_ago(days=31))
    DeviceGrant.objects.create(
        client_id="x", device_code="d", user_code="u", expires=_ago(seconds=1), scope="", interval=5
    )
    SignInLink.objects.update(expires_at=_ago(days=2))

    gone = prune()

    for model in (Grant, AccessToken, RefreshToken, DeviceGrant, SignInLink):
        assert not model.objects.exists(), model
    assert gone["device codes"] == gone["sign-in links"] == 1
    # The code was spent; should it turn up again, it is still known. The client may come back.
    assert SpentCode.objects.count() == 1 and Application.objects.count() == 1


def test_reuse_of_an_old_refresh_token_is_still_noticed(flow: Flow) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    RefreshToken.objects.filter(revoked__isnull=False).update(revoked=_ago(days=2))
    prune()
    assert flow.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert flow.api(second["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("was_used", "source", "days", "stays"),
    [
        (False, "dcr", 6, True),
        (False, "dcr", 8, False),
        (False, "cimd", 8, False),
        (False, "manual", 999, True),
        (True, "dcr", 179, True),
        (True, "dcr", 181, False),
    ],
)
def test_clients_nobody_uses_go(flow: Flow, was_used: bool, source: str, days: int, stays: bool) -> None:
    if was_used:
        SpentCode.objects.create(code_hash="x", client_id=flow.client["client_id"], access_checksum="y")
    Application.objects.update(created=_ago(days=days), registration_source=source)
    assert prune()["clients"] == (0 if stays else 1)
    assert Application.objects.exists() == stays


def test_a_client_with_a_token_stays(flow: Flow) -> None:
    flow.tokens()
    Application.objects.update(created=_ago(days=400))
    SpentCode.objects.update(created_at=_ago(days=400))
    prune()
    assert Application.objects.exists() and not SpentCode.objects.exists()
    assert pruning.UNUSED_CLIENT < pruning.IDLE_CLIENT
