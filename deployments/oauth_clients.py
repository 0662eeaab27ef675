"""The OAuth clients that hold tokens for one server: who let them in, what they may, and how to end it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from deployments.models import Deployment
from deployments.selectors import calls_of
from portal.accounts.oauth.scopes import SCOPES
from portal.common.errors import NotFound
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit


@dataclass
class OAuthClient:
    """One client acting for one person (or for itself) at one server."""

    application_id: int
    user_id: UUID | None
    name: str
    person: str
    since: datetime
    last_call: datetime | None = None
    scopes: set[str] = field(default_factory=set)

    def scope_texts(self) -> list[Any]:
        return [SCOPES.get(scope, scope) for scope in sorted(self.scopes)]


def _for(deployment: Deployment, model: Any) -> list[Any]:
    """The tokens that name exactly this server; the audience is compared as the endpoint does."""
    return list(model.objects.filter(resource=[deployment.url]).select_related("application", "user"))


def clients_of_server(deployment: Deployment) -> list[OAuthClient]:
    """Every client with a live access or refresh token for the server, by name."""
    now = timezone.now()
    live = [token for token in _for(deployment, get_access_token_model()) if token.expires > now]
    live += [token for token in _for(deployment, get_refresh_token_model()) if token.revoked is None]
    found: dict[tuple[int, Any], OAuthClient] = {}
    for token in live:
        application = token.application
        if application is None:
            continue
        client = found.setdefault(
            (application.pk, token.user_id),
            OAuthClient(
                application.pk,
                token.user_id,
                application.name or application.client_id,
                token.user.email if token.user else "",
                token.created,
            ),
        )
        client.since = min(client.since, token.created)
        client.scopes |= set(getattr(token, "scope", "").split())
    last = dict(
        calls_of(deployment)
        .filter(caller__kind="oauth")
        .values_list("user_id")
        .annotate(last=Max("created_at"))
        .order_by()
    )
    for client in found.values():
        client.last_call = last.get(client.user_id)
    return sorted(found.values(), key=lambda client: (client.name, client.person))


@transaction.atomic
def revoke_client(actor: Actor, deployment: Deployment, application_id: int, user_id: UUID | None) -> int:
    """End what a client holds for this server; its tokens for other servers stay. The number of tokens that died."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    if deployment.workspace_id != actor.workspace.pk:
        raise NotFound("There is no such server.")
    ended = 0
    for model in (get_refresh_token_model(), get_access_token_model(), get_grant_model()):
        mine = [
            token.pk
            for token in _for(deployment, model)
            if token.application_id == application_id and token.user_id == user_id
        ]
        rows = model.objects.filter(pk__in=mine)
        if model is get_refresh_token_model():
            ended += rows.filter(revoked=None).update(revoked=timezone.now())
        else:
            ended += rows.delete()[0]
    if not ended:
        raise NotFound("This client holds nothing for this server any more.")
    audit(actor, "deployment.client_revoked", deployment, after={"application": application_id})
    return ended
