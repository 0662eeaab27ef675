"""Workspaces, their members, invitations, keys and audit trail over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import ApiKey
from portal.common.api import body_of
from portal.common.rest import ListView, RestView, whole
from portal.workspaces import key_services, member_services, removal, services
from portal.workspaces.api import serializers as s
from portal.workspaces.api.account_views import NO_STORE, new_key
from portal.workspaces.api.people import PersonPermission
from portal.workspaces.models import AuditEntry, Invitation, Membership
from portal.workspaces.roles import MATRIX, Permission, Role


class Workspaces(ListView[Membership]):
    """The workspaces you are a member of."""

    permission_classes = (PersonPermission,)
    serializer_class = s.WorkspaceOutput
    once = frozenset({"post"})
    orderings = {"joined_at": "id", "name": "workspace__name"}
    default_ordering = "id"

    def rows(self) -> Any:
        found = Membership.objects.filter(user=self.request.user).select_related("workspace")
        proof = self.request.auth
        if isinstance(proof, ApiKey) and proof.workspace_id:
            found = found.filter(workspace_id=proof.workspace_id)
        return found

    @extend_schema(operation_id="workspaces_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The workspaces you are a member of, with your role in each."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="workspaces_create", request=s.WorkspaceInput, responses={201: s.WorkspaceDetail})
    def post(self, request: Request) -> Response:
        """Create a workspace; you become its owner."""
        user: Any = request.user
        made = services.create_workspace(user, body_of(request, s.WorkspaceInput)["name"])
        return Response(s.WorkspaceDetail(made).data, status=201)


class WorkspaceItem(RestView):
    permissions = {
        "get": Permission.MEMBER_READ,
        "patch": Permission.WORKSPACE_UPDATE,
        "delete": Permission.WORKSPACE_DELETE,
    }
    query = {"delete": s.DeletionQuery}

    @extend_schema(operation_id="workspaces_read", responses=s.WorkspaceDetail)
    def get(self, request: Request, workspace_id: UUID) -> Response:
        """One workspace."""
        return Response(s.WorkspaceDetail(request.actor.workspace).data)  # type: ignore[attr-defined]

    @extend_schema(operation_id="workspaces_update", request=s.WorkspacePatch, responses=s.WorkspaceDetail)
    def patch(self, request: Request, workspace_id: UUID) -> Response:
        """Rename a workspace, or set which hosts its actions may reach."""
        values, actor = body_of(request, s.WorkspacePatch), request.actor  # type: ignore[attr-defined]
        changed = member_services.update_workspace(
            actor,
            name=values.get("name", actor.workspace.name),
            egress_hosts=values.get("egress_hosts", actor.workspace.egress_hosts),
        )
        return Response(s.WorkspaceDetail(changed).data)

    @extend_schema(operation_id="workspaces_delete", responses={204: None})
    def delete(self, request: Request, workspace_id: UUID) -> Response:
        """Delete a workspace with everything in it; only the audit trail stays."""
        removal.delete_workspace(request.actor, self.asked["confirm"])  # type: ignore[attr-defined]
        return Response(status=204)


class Transfer(RestView):
    """Make another member the owner; you stay as admin."""

    permissions = {"post": Permission.WORKSPACE_DELETE}

    @extend_schema(operation_id="workspaces_transfer", request=s.TransferInput, responses=s.MemberOutput)
    def post(self, request: Request, workspace_id: UUID) -> Response:
        heir = body_of(request, s.TransferInput)["member"]
        return Response(s.MemberOutput(member_services.transfer_workspace(request.actor, heir)).data)  # type: ignore[attr-defined]


class Roles(RestView):
    """The roles and what each may do."""

    permissions = {"get": Permission.MEMBER_READ}

    @extend_schema(operation_id="workspaces_roles", responses=s.RolesOutput)
    def get(self, request: Request, workspace_id: UUID) -> Response:
        rows = [
            {"role": role.value, "permissions": [one.value for one in Permission if one in MATRIX[role]]}
            for role in Role
        ]
        return Response(whole(rows))


@extend_schema_view(get=extend_schema(operation_id="workspaces_members_list"))
class Members(ListView[Membership]):
    """Who belongs to the workspace."""

    permissions = {"get": Permission.MEMBER_READ}
    serializer_class = s.MemberOutput
    query = {"get": s.MemberQuery}
    orderings = {"joined_at": "id", "email": "user__email"}
    default_ordering = "id"

    def rows(self) -> Any:
        found = Membership.objects.filter(workspace=self.request.actor.workspace).select_related("user")  # type: ignore[attr-defined]
        if role := self.asked.get("role"):
            found = found.filter(role=role)
        if search := self.asked.get("search"):
            found = found.filter(Q(user__email__icontains=search) | Q(user__name__icontains=search))
        return found


class MemberItem(RestView):
    permissions = {"patch": Permission.MEMBER_MANAGE, "delete": Permission.MEMBER_READ}

    @extend_schema(operation_id="workspaces_members_update", request=s.MemberPatch, responses=s.MemberOutput)
    def patch(self, request: Request, workspace_id: UUID, membership_id: UUID) -> Response:
        """Change a member's role or auditor right."""
        values, actor = body_of(request, s.MemberPatch), request.actor  # type: ignore[attr-defined]
        return Response(s.MemberOutput(member_services.change_member(actor, membership_id, **values)).data)

    @extend_schema(operation_id="workspaces_members_remove", responses={204: None})
    def delete(self, request: Request, workspace_id: UUID, membership_id: UUID) -> Response:
        """Take a member out; everybody may take themselves out."""
        member_services.remove_member(request.actor, membership_id)  # type: ignore[attr-defined]
        return Response(status=204)


class Invitations(ListView[Invitation]):
    permissions = {"get": Permission.MEMBER_MANAGE, "post": Permission.MEMBER_MANAGE}
    serializer_class = s.InvitationOutput
    once = frozenset({"post"})

    def rows(self) -> Any:
        return Invitation.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]

    @extend_schema(operation_id="workspaces_invitations_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Invitations, newest first, used and revoked ones included."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="workspaces_invitations_create", request=s.InvitationInput, responses={201: s.NewInvitationOutput}
    )
    def post(self, request: Request, workspace_id: UUID) -> Response:
        """Invite somebody; the link is in this answer only."""
        values = body_of(request, s.InvitationInput)
        made, token = member_services.invite(request.actor, values["email"], values["role"])  # type: ignore[attr-defined]
        made.link = f"{settings.PUBLIC_URL}{reverse('invitation', args=[token])}"  # type: ignore[attr-defined]
        return Response(s.NewInvitationOutput(made).data, status=201, headers=NO_STORE)


class InvitationItem(RestView):
    """Withdraw an invitation."""

    permissions = {"delete": Permission.MEMBER_MANAGE}

    @extend_schema(operation_id="workspaces_invitations_revoke", responses={204: None})
    def delete(self, request: Request, workspace_id: UUID, invitation_id: UUID) -> Response:
        member_services.revoke_invitation(request.actor, invitation_id)  # type: ignore[attr-defined]
        return Response(status=204)


class AcceptInvitation(RestView):
    """Join a workspace with an invitation."""

    permission_classes = (PersonPermission,)

    @extend_schema(operation_id="invitations_accept", request=s.AcceptInput, responses={201: s.MemberOutput})
    def post(self, request: Request) -> Response:
        user: Any = request.user
        membership = member_services.accept_invitation(user, body_of(request, s.AcceptInput)["token"])
        return Response(s.MemberOutput(membership).data, status=201)


@extend_schema_view(get=extend_schema(operation_id="workspaces_audit_list"))
class AuditTrail(ListView[AuditEntry]):
    """What members did, newest first."""

    permissions = {"get": Permission.AUDIT_READ}
    serializer_class = s.AuditOutput
    query = {"get": s.AuditQuery}

    def rows(self) -> Any:
        found = AuditEntry.objects.filter(workspace_id=self.request.actor.workspace.pk)  # type: ignore[attr-defined]
        if verb := self.asked.get("verb"):
            found = found.filter(Q(verb=verb) | Q(verb__startswith=f"{verb}."))
        lookups = {
            "actor": "actor_id",
            "target": "target_id",
            "since": "created_at__gte",
            "until": "created_at__lt",
        }
        return found.filter(**{lookups[name]: self.asked[name] for name in lookups if name in self.asked})


class WorkspaceKeys(ListView[ApiKey]):
    permissions = {"get": Permission.KEY_MANAGE, "post": Permission.KEY_MANAGE}
    serializer_class = s.ApiKeyOutput
    once = frozenset({"post"})

    def rows(self) -> Any:
        return key_services.workspace_keys(self.request.actor)  # type: ignore[attr-defined]

    @extend_schema(operation_id="workspaces_keys_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The keys of the workspace, which have a role of their own."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="workspaces_keys_create", request=s.WorkspaceKeyInput, responses={201: s.NewApiKeyOutput}
    )
    def post(self, request: Request, workspace_id: UUID) -> Response:
        """Create a key of the workspace; its secret is in this answer only."""
        values = body_of(request, s.WorkspaceKeyInput)
        label, role = values.pop("label"), values.pop("role")
        return new_key(*key_services.create_workspace_key(request.actor, label, role, **values))  # type: ignore[attr-defined]


class WorkspaceKey(RestView):
    """Revoke a key of the workspace."""

    permissions = {"delete": Permission.KEY_MANAGE}

    @extend_schema(operation_id="workspaces_keys_revoke", responses={204: None})
    def delete(self, request: Request, workspace_id: UUID, key_id: UUID) -> Response:
        key_services.revoke_workspace_key(request.actor, key_id)  # type: ignore[attr-defined]
        return Response(status=204)


class RotateWorkspaceKey(RestView):
    """A new key like the old one, which works on for a day."""

    permissions = {"post": Permission.KEY_MANAGE}
    once = frozenset({"post"})

    @extend_schema(operation_id="workspaces_keys_rotate", request=None, responses={201: s.NewApiKeyOutput})
    def post(self, request: Request, workspace_id: UUID, key_id: UUID) -> Response:
        return new_key(*key_services.rotate_workspace_key(request.actor, key_id))  # type: ignore[attr-defined]
