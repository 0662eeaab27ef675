from __future__ import annotations

from django.urls import path

from portal.workspaces.api import account_views as account
from portal.workspaces.api import workspace_views as views

ONE = "workspaces/<uuid:workspace_id>"

urlpatterns = [
    path("auth/login", account.Login.as_view()),
    path("auth/token", account.OAuthToken.as_view()),
    path("auth/logout", account.Logout.as_view()),
    path("auth/me", account.Me.as_view()),
    path("users/me", account.Profile.as_view()),
    path("keys", account.PersonalKeys.as_view()),
    path("keys/<uuid:key_id>", account.PersonalKey.as_view()),
    path("keys/<uuid:key_id>/rotate", account.RotatePersonalKey.as_view()),
    path("invitations/accept", views.AcceptInvitation.as_view()),
    path("workspaces", views.Workspaces.as_view()),
    path(ONE, views.WorkspaceItem.as_view()),
    path(f"{ONE}/transfer", views.Transfer.as_view()),
    path(f"{ONE}/roles", views.Roles.as_view()),
    path(f"{ONE}/members", views.Members.as_view()),
    path(f"{ONE}/members/<uuid:membership_id>", views.MemberItem.as_view()),
    path(f"{ONE}/invitations", views.Invitations.as_view()),
    path(f"{ONE}/invitations/<uuid:invitation_id>", views.InvitationItem.as_view()),
    path(f"{ONE}/audit", views.AuditTrail.as_view()),
    path(f"{ONE}/keys", views.WorkspaceKeys.as_view()),
    path(f"{ONE}/keys/<uuid:key_id>", views.WorkspaceKey.as_view()),
    path(f"{ONE}/keys/<uuid:key_id>/rotate", views.RotateWorkspaceKey.as_view()),
]
