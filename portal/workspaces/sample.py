"""The sample workspace of `make run`: one person, one workspace, credentials where the environment gives them."""

from __future__ import annotations

from django.db import transaction

from portal.accounts.models import User
from portal.workspaces.models import Workspace
from portal.workspaces.services import Actor, actor_for, create_workspace

EMAIL = "demo@localhost.localdomain"
SLUG = "sample"


@transaction.atomic
def ensure_sample() -> Actor:
    """The sample person in the sample workspace, made when they do not exist. The account has no password."""
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        user = User.objects.create_user(EMAIL, None, name="Demo", is_staff=True, is_superuser=True)
    workspace = Workspace.objects.filter(slug=SLUG, is_sample=True).first()
    if workspace is None:
        workspace = create_workspace(user, "Sample workspace", slug=SLUG, is_sample=True)
    return actor_for(user, workspace)
