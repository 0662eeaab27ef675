"""Oneself over REST: signing in and out, who am I, profile, personal keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts import login, services
from portal.accounts.models import ApiKey
from portal.accounts.oauth.views import Token
from portal.accounts.profile import update_profile
from portal.common.api import body_of
from portal.common.errors import NotFound
from portal.common.rest import ListView, RestView
from portal.workspaces.api import serializers as s
from portal.workspaces.api.people import PersonPermission
from portal.workspaces.models import Membership
from portal.workspaces.permissions import resolve_actor
from portal.workspaces.roles import Permission
from portal.workspaces.services import actor_for

NO_STORE = {"Cache-Control": "no-store"}


class Login(RestView):
    """Exchange e-mail address and password for a token of half a day, where the operator allows it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="auth_login", request=s.LoginInput, responses=s.LoginOutput)
    def post(self, request: Request) -> Response:
        values = body_of(request, s.LoginInput)
        _key, secret = login.login(request._request, values["username"], values["password"])
        answer = {"access_token": secret, "token_type": "bearer", "expires_in": login.LOGIN_SECONDS}
        return Response(answer, headers=NO_STORE)


class OAuthToken(RestView):
    """The token endpoint of OAuth 2.1, under the name of the earlier server; errors are those of RFC 6749."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (FormParser,)

    @extend_schema(
        operation_id="auth_token",
        request={"application/x-www-form-urlencoded": s.TokenInput},
        responses={200: s.TokenOutput, 400: s.OAuthErrorOutput, 401: s.OAuthErrorOutput, 429: s.OAuthErrorOutput},
    )
    def post(self, request: Request) -> Any:
        # The body is left unread here: OAuth's own view reads the form.
        return Token.as_view()(request._request)


class Logout(RestView):
    """End the session, key or token that the request comes with."""

    permission_classes = (PersonPermission,)
    any_proof = True

    @extend_schema(operation_id="auth_logout", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        login.end(request._request, request.auth)
        return Response(status=204)


def _memberships(request: Request) -> Any:
    """The person's memberships, as far as the key or token reaches."""
    found = Membership.objects.filter(user=request.user).select_related("workspace")
    if isinstance(request.auth, ApiKey) and request.auth.workspace_id:
        found = found.filter(workspace_id=request.auth.workspace_id)
    return found


class Me(RestView):
    """Who am I, through what, and what may I do."""

    permission_classes = (PersonPermission,)

    @extend_schema(operation_id="auth_me", responses=s.MeOutput)
    def get(self, request: Request) -> Response:
        proof = request.auth
        try:
            actor = resolve_actor(request)
        except NotFound:
            # Somebody without any workspace still is somebody; a wrong X-Workspace is an error.
            if request.headers.get("X-Workspace"):
                raise
            actor = None
        scopes = None if proof is None else proof.scopes if isinstance(proof, ApiKey) else proof.scope.split()
        return Response(
            {
                "user": s.UserOutput(request.user).data,
                "through": "session" if proof is None else "key" if isinstance(proof, ApiKey) else "oauth",
                "scopes": sorted(scopes) if scopes else None,
                "workspace": str(actor.workspace.pk) if actor else None,
                "role": actor.role if actor else None,
                "permissions": [one.value for one in Permission if actor.may(one)] if actor else [],
                "workspaces": s.WorkspaceOutput(_memberships(request).order_by("id")[:200], many=True).data,
            }
        )


class Profile(RestView):
    """Your own profile."""

    permission_classes = (PersonPermission,)

    @extend_schema(operation_id="users_me_read", responses=s.UserOutput)
    def get(self, request: Request) -> Response:
        """Your profile."""
        return Response(s.UserOutput(request.user).data)

    @extend_schema(operation_id="users_me_update", request=s.ProfilePatch, responses=s.UserOutput)
    def patch(self, request: Request) -> Response:
        """Change your name, language, theme or time zone."""
        user: Any = request.user
        return Response(s.UserOutput(update_profile(user, **body_of(request, s.ProfilePatch))).data)


class PersonalKeys(ListView[ApiKey]):
    """Your own keys."""

    permission_classes = (PersonPermission,)
    serializer_class = s.ApiKeyOutput
    once = frozenset({"post"})

    def rows(self) -> Any:
        return ApiKey.objects.filter(user=self.request.user, role="")

    @extend_schema(operation_id="keys_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your keys, revoked ones included; secrets are never shown again."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="keys_create", request=s.ApiKeyInput, responses={201: s.NewApiKeyOutput})
    def post(self, request: Request) -> Response:
        """Create a personal key; its secret is in this answer only."""
        values, user = body_of(request, s.ApiKeyInput), request.user
        workspace = values.get("workspace")
        if workspace:
            actor_for(user, workspace)  # type: ignore[arg-type]
        key, secret = services.create_api_key(
            user,  # type: ignore[arg-type]
            values["label"],
            workspace_id=workspace,
            scopes=values.get("scopes", []),
            expires_at=values.get("expires_at"),
        )
        return new_key(key, secret)


def new_key(key: ApiKey, secret: str) -> Response:
    """The answer with the secret in it, which nobody keeps."""
    key.key = secret  # type: ignore[attr-defined]
    return Response(s.NewApiKeyOutput(key).data, status=201, headers=NO_STORE)


class PersonalKey(RestView):
    """Revoke one of your keys."""

    permission_classes = (PersonPermission,)

    @extend_schema(operation_id="keys_revoke", responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        services.revoke_api_key(request.user, key_id)  # type: ignore[arg-type]
        return Response(status=204)


class RotatePersonalKey(RestView):
    """A new key like the old one, which works on for a day."""

    permission_classes = (PersonPermission,)
    once = frozenset({"post"})

    @extend_schema(operation_id="keys_rotate", request=None, responses={201: s.NewApiKeyOutput})
    def post(self, request: Request, key_id: UUID) -> Response:
        return new_key(*services.rotate_api_key(request.user, key_id))  # type: ignore[arg-type]
