"""What goes over the wire for people, workspaces, members, invitations, keys and the audit trail."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from portal.accounts.models import ApiKey, User
from portal.common.api import FutureTime
from portal.common.rest import WholeList
from portal.workspaces.models import ROLE_CHOICES, AuditEntry, Invitation, Membership, Workspace
from portal.workspaces.roles import Permission

KEY_ROLES = [choice for choice in ROLE_CHOICES if choice[0] != "owner"]
PERMISSIONS = [permission.value for permission in Permission]
MOST_CALLS = 2**31 - 1


class LoginInput(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=254, help_text="E-mail address")
    password = serializers.CharField(max_length=4096, trim_whitespace=False)


class LoginOutput(serializers.Serializer[Any]):
    access_token = serializers.CharField(help_text="Send it as: Authorization: Bearer …")
    token_type = serializers.ChoiceField(["bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds")


class TokenInput(serializers.Serializer[Any]):
    """A token request of OAuth 2.1; the fields depend on the grant."""

    grant_type = serializers.CharField()
    client_id = serializers.CharField(required=False)
    client_secret = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    code_verifier = serializers.CharField(required=False)
    redirect_uri = serializers.CharField(required=False)
    refresh_token = serializers.CharField(required=False)
    device_code = serializers.CharField(required=False)
    username = serializers.CharField(required=False)
    password = serializers.CharField(required=False)
    scope = serializers.CharField(required=False)
    resource = serializers.CharField(required=False)


class TokenOutput(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds")
    refresh_token = serializers.CharField(required=False)
    scope = serializers.CharField(required=False)


class OAuthErrorOutput(serializers.Serializer[Any]):
    error = serializers.CharField()
    error_description = serializers.CharField(required=False)


class UserOutput(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "email", "name", "language", "theme", "time_zone", "created_at")


class ProfilePatch(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)
    theme = serializers.ChoiceField(User.Theme.choices, required=False)
    time_zone = serializers.CharField(required=False, max_length=64)


class WorkspaceOutput(serializers.ModelSerializer[Membership]):
    """A workspace and what you are in it."""

    id = serializers.UUIDField(source="workspace.id")
    name = serializers.CharField(source="workspace.name")
    slug = serializers.CharField(source="workspace.slug")
    is_sample = serializers.BooleanField(source="workspace.is_sample")
    egress_hosts = serializers.ListField(child=serializers.CharField(), source="workspace.egress_hosts")
    created_at = serializers.DateTimeField(source="workspace.created_at")

    class Meta:
        model = Membership
        fields = ("id", "name", "slug", "is_sample", "egress_hosts", "role", "is_auditor", "created_at")


class MeOutput(serializers.Serializer[Any]):
    """The person, how they came in, and what they may do in the workspace that is meant."""

    user = UserOutput()
    through = serializers.ChoiceField(["session", "key", "oauth"])
    scopes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Of the key or token; null: no narrowing"
    )
    workspace = serializers.UUIDField(allow_null=True)
    role = serializers.ChoiceField(ROLE_CHOICES, allow_null=True)
    permissions = serializers.ListField(child=serializers.ChoiceField(PERMISSIONS))
    workspaces = WorkspaceOutput(many=True)


class WorkspaceInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)


class WorkspacePatch(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=120)
    egress_hosts = serializers.ListField(
        child=serializers.CharField(max_length=253), required=False, max_length=200,
        help_text="Hosts that actions may reach; empty: any public host",
    )  # fmt: skip


class WorkspaceDetail(serializers.ModelSerializer[Workspace]):
    egress_hosts = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Workspace
        fields = ("id", "name", "slug", "is_sample", "egress_hosts", "created_at")


class DeletionQuery(serializers.Serializer[Any]):
    confirm = serializers.CharField(max_length=120, help_text="The workspace's name, so that no other one goes")


class MemberOutput(serializers.ModelSerializer[Membership]):
    user_id = serializers.UUIDField(read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "user_id", "email", "name", "role", "is_auditor", "created_at")


class MemberQuery(serializers.Serializer[Any]):
    role = serializers.ChoiceField(ROLE_CHOICES, required=False)
    search = serializers.CharField(required=False, max_length=120, help_text="Part of name or address")


class MemberPatch(serializers.Serializer[Any]):
    role = serializers.ChoiceField(ROLE_CHOICES, required=False)
    is_auditor = serializers.BooleanField(required=False, help_text="May open what outside callers sent")


class TransferInput(serializers.Serializer[Any]):
    member = serializers.UUIDField(help_text="Id of the membership that becomes the owner's")


class RoleOutput(serializers.Serializer[Any]):
    role = serializers.ChoiceField(ROLE_CHOICES)
    permissions = serializers.ListField(child=serializers.ChoiceField(PERMISSIONS))


class RolesOutput(WholeList):
    results = RoleOutput(many=True)


class InvitationOutput(serializers.ModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ("id", "email", "role", "expires_at", "accepted_at", "revoked_at", "created_at")


class NewInvitationOutput(InvitationOutput):
    link = serializers.CharField(help_text="Whoever holds it may join once; it is shown this once")

    class Meta(InvitationOutput.Meta):
        fields = (*InvitationOutput.Meta.fields, "link")


class InvitationInput(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(ROLE_CHOICES)


class AcceptInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200, help_text="The last part of the invitation's link")


class AuditOutput(serializers.ModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = (
            "id", "created_at", "actor_id", "actor_label", "verb", "target_type", "target_id", "target_label",
            "address", "before", "after",
        )  # fmt: skip


class AuditQuery(serializers.Serializer[Any]):
    verb = serializers.CharField(required=False, max_length=64, help_text="Whole verb, or its first part: `workflow`")
    actor = serializers.UUIDField(required=False)
    target = serializers.CharField(required=False, max_length=64, help_text="Id of the thing")
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class ApiKeyOutput(serializers.ModelSerializer[ApiKey]):
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ApiKey
        fields = (
            "id", "label", "prefix", "workspace_id", "role", "scopes", "per_minute", "daily_calls", "monthly_calls",
            "expires_at", "last_used_at", "revoked_at", "created_at",
        )  # fmt: skip


class NewApiKeyOutput(ApiKeyOutput):
    key = serializers.CharField(help_text="The secret; it is shown this once")

    class Meta(ApiKeyOutput.Meta):
        fields = (*ApiKeyOutput.Meta.fields, "key")


class ApiKeyInput(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=80)
    workspace = serializers.UUIDField(required=False, allow_null=True, help_text="The only workspace it opens")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(PERMISSIONS), required=False, max_length=40,
        help_text="None: everything that your role allows",
    )  # fmt: skip
    expires_at = FutureTime(required=False, allow_null=True)


class WorkspaceKeyInput(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=80)
    role = serializers.ChoiceField(KEY_ROLES)
    scopes = serializers.ListField(child=serializers.ChoiceField(PERMISSIONS), required=False, max_length=40)
    expires_at = FutureTime(required=False, allow_null=True)
    per_minute = serializers.IntegerField(required=False, min_value=0, max_value=MOST_CALLS, help_text="0: no limit")
    daily_calls = serializers.IntegerField(required=False, min_value=0, max_value=MOST_CALLS, help_text="0: no limit")
    monthly_calls = serializers.IntegerField(required=False, min_value=0, max_value=MOST_CALLS, help_text="0: no limit")
