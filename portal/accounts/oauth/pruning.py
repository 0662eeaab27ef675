"""Taking away what the authorization server no longer needs: spent codes, dead tokens, clients nobody ever used."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone
from oauth2_provider.models import (
    clear_expired,
    get_access_token_model,
    get_application_model,
    get_device_grant_model,
    get_grant_model,
    get_refresh_token_model,
)

from portal.accounts.models import SignInLink, SpentCode

#: A client that registered itself and never got a token.
UNUSED_CLIENT = timedelta(days=7)
#: A client that once had tokens and holds none any more. Its users must agree again anyway, but it need not register.
#: Just as long a replayed code is recognised as such.
IDLE_CLIENT = timedelta(days=180)
USED_LINK = timedelta(days=1)


def prune() -> dict[str, int]:
    """Delete what is past its time; what kind and how many. Safe to run twice, and beside running requests."""
    now = timezone.now()
    clear_expired()
    devices = get_device_grant_model().objects.filter(expires__lt=now)
    spent = SpentCode.objects.filter(created_at__lt=now - IDLE_CLIENT)
    links = SignInLink.objects.filter(expires_at__lt=now - USED_LINK)
    return {
        "device codes": devices.delete()[0],
        "spent codes": spent.delete()[0],
        "sign-in links": links.delete()[0],
        "clients": _prune_clients(),
    }


def _prune_clients() -> int:
    """Only clients that came by themselves: those an operator registered stay."""
    model = get_application_model()
    now = timezone.now()
    mine = {"application_id": OuterRef("pk")}
    holders = (get_access_token_model(), get_refresh_token_model(), get_grant_model())
    idle = model.objects.exclude(registration_source=model.RegistrationSource.MANUAL)
    for holder in holders:
        idle = idle.exclude(Exists(holder.objects.filter(**mine)))
    was_used = Exists(SpentCode.objects.filter(client_id=OuterRef("client_id")))
    unused = idle.exclude(was_used).filter(created__lt=now - UNUSED_CLIENT)
    old = idle.filter(was_used, created__lt=now - IDLE_CLIENT)
    return int(unused.delete()[0] + old.delete()[0])
