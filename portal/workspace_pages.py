"""Members, invitations, settings and the audit trail of a workspace."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.common.errors import Invalid, PermissionDenied, PortalError
from portal.workspaces import emptying, invitation_mail, removal
from portal.workspaces import member_services as services
from portal.workspaces.models import Invitation, Membership
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

ROLES = {
    "owner": (pgettext_lazy("role", "Owner"), gettext_lazy("Everything, and deleting the workspace.")),
    "admin": (pgettext_lazy("role", "Admin"), gettext_lazy("Everything, and managing people.")),
    "editor": (pgettext_lazy("role", "Editor"), gettext_lazy("Builds, runs and deploys.")),
    "viewer": (pgettext_lazy("role", "Viewer"), gettext_lazy("Looks, and changes nothing.")),
}


def _members_page(request: HttpRequest, actor: Actor, *, link: str = "", invited: str = "") -> HttpResponse:
    members = Membership.objects.filter(workspace=actor.workspace).select_related("user").order_by("created_at")
    invitations = Invitation.objects.for_workspace(actor.workspace).filter(
        accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
    page = {
        "members": members,
        "invitations": invitations if actor.may(Permission.MEMBER_MANAGE) else [],
        "roles": [(value, name, text) for value, (name, text) in ROLES.items()],
        "grantable": [
            (value, name) for value, (name, _text) in ROLES.items() if value != "owner" or actor.role == "owner"
        ],
        "link": link,
        "invited": invited,
    }
    response = render(request, "portal/members.html", page)
    if link:
        response["Cache-Control"] = "no-store"
    return response


@require_GET
@workspace_page(Permission.MEMBER_READ)
def members(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _members_page(request, actor)


@require_POST
@workspace_page(Permission.MEMBER_MANAGE)
def member_invite(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Invite by address; the link is in this answer only."""
    try:
        invitation, token = services.invite(actor, request.POST.get("email", ""), request.POST.get("role", ""))
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect("members")
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    if request.POST.get("send") == "mail":
        try:
            invitation_mail.send(invitation, link)
        except OSError:
            messages.error(request, _("The mail could not be sent. Copy the link instead."))
        else:
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": invitation.email})
            return redirect("members")
    return _members_page(request, actor, link=link, invited=invitation.email)


@require_POST
@workspace_page(Permission.MEMBER_MANAGE)
def invitation_revoke(request: HttpRequest, actor: Actor, invitation_id: UUID) -> HttpResponse:
    services.revoke_invitation(actor, invitation_id)
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("members")


@require_POST
@workspace_page(Permission.MEMBER_MANAGE)
def member_role(request: HttpRequest, actor: Actor, membership_id: UUID) -> HttpResponse:
    try:
        services.change_role(actor, membership_id, request.POST.get("role", ""))
    except PortalError as error:
        messages.error(request, error.explain())
    return redirect("members")


@require_POST
@workspace_page(Permission.MEMBER_READ)
def member_remove(request: HttpRequest, actor: Actor, membership_id: UUID) -> HttpResponse:
    try:
        services.remove_member(actor, membership_id)
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect("members")
    messages.success(request, _("The member is removed."))
    return redirect("members")


@login_required
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; a POST joins."""
    if request.method == "POST":
        services.accept_invitation(request.user, token)  # type: ignore[arg-type]
        return redirect("dashboard")
    return render(request, "portal/invitation.html", {"invitation": services.find_invitation(token), "roles": ROLES})


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.WORKFLOW_READ)
def settings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Name and reach of the workspace; handing it over, leaving and deleting it."""
    if request.method == "POST":
        try:
            services.update_workspace(
                actor, name=request.POST.get("name", ""), egress_hosts=request.POST.get("egress_hosts", "").split()
            )
        except PortalError as error:
            messages.error(request, error.explain())
        else:
            messages.success(request, _("The settings are saved."))
        return redirect("settings")
    page = {
        "workspace": actor.workspace,
        "egress": "\n".join(actor.workspace.egress_hosts),
        "may_update": actor.may(Permission.WORKSPACE_UPDATE),
        "own": Membership.objects.filter(workspace=actor.workspace, user=actor.user).first(),
    }
    if actor.role == "owner":
        others = Membership.objects.filter(workspace=actor.workspace).exclude(user=actor.user)
        page["heirs"] = list(others.select_related("user").order_by("created_at"))
    return render(request, "portal/settings.html", page)


@require_POST
@workspace_page(Permission.WORKSPACE_DELETE)
def transfer(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Hand the workspace to another member."""
    try:
        heir = services.transfer_workspace(actor, _member_id(request))
    except PortalError as error:
        messages.error(request, error.explain())
    else:
        messages.success(request, _("%(name)s owns the workspace now; you are an admin.") % {"name": heir.user})
    return redirect("settings")


def _member_id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("member", ""))
    except ValueError:
        raise Invalid(_("Choose a member.")) from None


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.WORKSPACE_DELETE)
def delete(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Says what goes along; a POST with the typed name closes the workspace and shows the deletion."""
    problem = ""
    if request.method == "POST":
        try:
            begun = removal.delete_workspace(actor, request.POST.get("name", ""))
        except PortalError as error:
            problem = error.explain()
        else:
            return redirect("workspace-removal", begun.pk)
    page = {"workspace": actor.workspace, "losses": removal.losses(actor.workspace), "problem": problem}
    return render(request, "portal/workspace_delete.html", page, status=422 if problem else 200)


@require_GET
@login_required
def removal_page(request: HttpRequest, removal_id: UUID) -> HttpResponse:
    """How far a deletion is, for whoever asked for it; the fragment asks again while it runs."""
    page = {"removal": emptying.find_removal(request.user, removal_id)}  # type: ignore[arg-type]
    template = "portal/_removal.html" if request.headers.get("HX-Request") else "portal/workspace_removal.html"
    return render(request, template, page)


@require_POST
@login_required
def removal_again(request: HttpRequest, removal_id: UUID) -> HttpResponse:
    """Go on with a deletion that stopped."""
    emptying.try_again(request.user, removal_id)  # type: ignore[arg-type]
    return redirect("workspace-removal", removal_id)


@require_POST
@workspace_page(Permission.MEMBER_READ)
def member_auditor(request: HttpRequest, actor: Actor, membership_id: UUID) -> HttpResponse:
    """Give or take the auditor right."""
    wanted = request.POST.get("auditor") == "yes"
    try:
        services.set_auditor(actor, membership_id, is_auditor=wanted)
    except PermissionDenied:
        raise
    except PortalError as error:
        messages.error(request, error.explain())
    return redirect("members")
