"""Deployments as resources of OAuth access tokens: live ones only, for members of their workspace."""

from __future__ import annotations

from django.conf import settings

from deployments.models import Deployment
from portal.accounts.models import User
from portal.accounts.oauth.resources import Resource
from portal.accounts.oauth.scopes import MCP_SCOPES
from portal.workspaces.models import Membership


def find_deployment(url: str) -> Resource | None:
    """The live deployment served at exactly this URL."""
    prefix = f"{settings.PUBLIC_URL}/mcp/"
    slug = url.removeprefix(prefix)
    if not url.startswith(prefix) or not slug or "\x00" in slug:
        return None
    deployment = Deployment.objects.filter(slug=slug, state=Deployment.State.LIVE, live_revision__isnull=False).first()
    if deployment is None:
        return None

    def admits(user: User) -> bool:
        return user.is_active and Membership.objects.filter(user=user, workspace_id=deployment.workspace_id).exists()

    return Resource(url, deployment.name, frozenset(MCP_SCOPES), admits, deployment.workspace_id)
