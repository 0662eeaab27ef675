"""Who may use the routes about oneself: any known person to read, nobody with a narrowed key to write."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.accounts.models import ApiKey
from portal.common.errors import PermissionDenied


def is_whole_person(request: Request) -> bool:
    """Whether the request carries all of a person's rights: a session, or a key without scopes and workspace."""
    proof = request.auth
    if proof is None:
        return True
    return isinstance(proof, ApiKey) and not (proof.role or proof.scopes or proof.workspace_id)


class PersonPermission(BasePermission):
    """Keys of workspaces are nobody's; keys and tokens with scopes read, and hand out nothing further."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if isinstance(request.auth, ApiKey) and request.auth.role:
            raise PermissionDenied(
                "A workspace's key acts for no person.", remedy="Use a personal key or an access token."
            )
        reads = request.method in ("GET", "HEAD", "OPTIONS")
        if not reads and not getattr(view, "any_proof", False) and not is_whole_person(request):
            raise PermissionDenied(
                "A key or token with scopes cannot change this.", remedy="Use a session or a personal key without any."
            )
        return True
