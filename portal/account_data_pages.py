"""A person's own data: the export, and the deletion of the account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal import person_export
from portal.accounts.models import PersonExport
from portal.common.callers import client_address
from portal.common.errors import Conflict, NotFound, PortalError
from portal.workspaces.account_removal import delete_account, removal_of


@login_required
@require_GET
def account_data(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    exports = PersonExport.objects.filter(user=user, expires_at__gt=timezone.now())[:5]
    return render(request, "account/data.html", {"exports": exports, "plan": removal_of(user)})


@login_required
@require_POST
def export_start(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    try:
        person_export.ask(user)
    except Conflict as error:
        messages.error(request, error.explain())
    return redirect("account-data")


@login_required
@require_GET
def export_state(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The row of one export, asked for again while it is being made."""
    user: Any = request.user
    return render(request, "account/_export.html", {"export": person_export.find(user, export_id)})


@login_required
@require_GET
def export_file(request: HttpRequest, export_id: UUID) -> FileResponse:
    user: Any = request.user
    export = person_export.find(user, export_id)
    if export.state != PersonExport.State.SUCCEEDED or not default_storage.exists(export.path):
        raise NotFound(_("This export is not ready."))
    name = f"my-data-{timezone.localtime(export.created_at):%Y%m%d}.zip"
    response = FileResponse(default_storage.open(export.path, "rb"), as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required
def account_delete(request: HttpRequest) -> HttpResponse:
    """Says what goes along; a POST with the typed address deletes."""
    user: Any = request.user
    problem = ""
    if request.method == "POST":
        try:
            archives = person_export.archives_of(user)
            delete_account(user, request.POST.get("email", ""), address=client_address(request))
        except PortalError as error:
            problem = error.explain()
        else:
            for path in archives:
                default_storage.delete(path)
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("account_login")
    page = {"plan": removal_of(user), "problem": problem}
    return render(request, "account/delete.html", page, status=422 if problem else 200)
