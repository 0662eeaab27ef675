"""Pages of reports: list with history and schedules, one report with its preview and files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import Conflict, NotFound, PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties.desk_models import Report, ReportSchedule
from properties.models import Listing, Requirement
from properties.reports import services
from properties.reports.document import Document, ReportFormat, ReportRequest

MARKET_TYPES = ("apartment", "officetel", "villa", "house", "shop", "land")


class ReportForm(forms.Form):
    """What to make. Which of the three subjects counts depends on the kind."""

    kind = forms.ChoiceField(label=gettext_lazy("Report for"))
    region = forms.CharField(required=False, max_length=60, label=gettext_lazy("Region"))
    property_type = forms.ChoiceField(label=gettext_lazy("Kind of property"), required=False)
    requirement_id = forms.ChoiceField(required=False, label=gettext_lazy("Customer"))
    listing_id = forms.CharField(required=False, widget=forms.HiddenInput)
    months = forms.IntegerField(min_value=1, max_value=36, initial=12, label=gettext_lazy("Months of sales"))
    office = forms.CharField(required=False, max_length=80, label=gettext_lazy("Name of the office"))
    language = forms.ChoiceField(choices=[("ko", "한국어"), ("en", "English")], label=gettext_lazy("Language"))
    repeat = forms.ChoiceField(required=False, label=gettext_lazy("Repeat"))

    def __init__(self, *args: Any, workspace: Any, **kwargs: Any) -> None:
        from properties.templatetags.listings import word

        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("market", _("Market")), ("buyer", _("Buyer")), ("owner", _("Owner"))]
        self.fields["property_type"].choices = [(kind, word(kind)) for kind in MARKET_TYPES]
        customers = Requirement.objects.for_workspace(workspace).filter(is_active=True)[:200]
        self.fields["requirement_id"].choices = [
            ("", "–"),
            *((str(wish.pk), f"{wish.customer} · {word(wish.trade)}") for wish in customers),
        ]
        self.fields["repeat"].choices = [
            ("", _("Once, now")),
            ("daily", _("Every day at 8:00")),
            ("weekly", _("Every Monday at 8:00")),
            ("monthly", _("On the 1st of the month at 8:00")),
        ]

    def request(self) -> ReportRequest:
        """The checked fields as a request; only the subject of the kind is kept."""
        values = self.cleaned_data
        kind = values["kind"]
        return ReportRequest(
            kind=kind,
            listing_id=values["listing_id"] if kind == "owner" else "",
            requirement_id=values["requirement_id"] if kind == "buyer" else "",
            region=values["region"] if kind == "market" else "",
            property_type=values["property_type"] or "apartment",
            months=values["months"],
            office=values["office"],
            language=values["language"],
        )


def _form(request: HttpRequest, actor: Actor) -> tuple[ReportForm, Listing | None]:
    """A form filled with what the address names: `?listing=` or `?customer=`."""
    listing = None
    initial = {"kind": "market", "language": "ko" if (get_language() or "").startswith("ko") else "en", "months": 12}
    initial["office"] = actor.workspace.name
    if wanted := request.GET.get("listing"):
        try:
            listing = Listing.objects.for_workspace(actor.workspace).filter(pk=UUID(wanted)).first()
        except ValueError:
            listing = None
        if listing:
            initial |= {"kind": "owner", "listing_id": str(listing.pk)}
    elif wanted := request.GET.get("customer"):
        initial |= {"kind": "buyer", "requirement_id": wanted}
    return ReportForm(workspace=actor.workspace, initial=initial), listing


@require_GET
@workspace_page(Permission.DATA_READ)
def report_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Reports that were made or wait, and their schedules."""
    form, listing = _form(request, actor)
    return _list(request, actor, form, listing)


def _list(
    request: HttpRequest, actor: Actor, form: ReportForm, listing: Listing | None, status: int = 200
) -> HttpResponse:
    rows = Paginator(Report.objects.for_workspace(actor.workspace).defer("document"), 20)
    page = {
        "tab": "reports",
        "form": form,
        "listing": listing,
        "rows": rows.get_page(request.GET.get("page")),
        "schedules": ReportSchedule.objects.for_workspace(actor.workspace).filter(is_active=True),
        "open_form": status != 200 or "listing" in request.GET or "customer" in request.GET,
    }
    return render(request, "properties/report_list.html", page, status=status)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def report_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Ask for a report, once or by a schedule."""
    form = ReportForm(request.POST, workspace=actor.workspace)
    if form.is_valid():
        try:
            wish = form.request()
            if form.cleaned_data["repeat"]:
                services.schedule_create(actor, wish, rhythm=form.cleaned_data["repeat"])
                messages.success(request, _("Scheduled. Each report is told of by mail."))
                return redirect("properties:report-list")
            report = services.report_request(actor, wish)
        except PortalError as error:
            form.add_error(None, error.explain())
        else:
            return redirect("properties:report-detail", report.pk)
    return _list(request, actor, form, None, 422)


@require_GET
@workspace_page(Permission.DATA_READ)
def report_detail(request: HttpRequest, actor: Actor, report_id: UUID) -> HttpResponse:
    """One report with its preview."""
    report = services.report_of(actor.workspace, report_id)
    page = {
        "tab": "reports",
        "report": report,
        "document": Document.model_validate(report.document) if report.document else None,
    }
    template = "properties/_report_state.html" if request.headers.get("HX-Request") else "properties/report_detail.html"
    return render(request, template, page)


@require_GET
@workspace_page(Permission.DATA_READ)
def report_file(request: HttpRequest, actor: Actor, report_id: UUID, kind: str) -> HttpResponseBase:
    """One file of a report."""
    return file_response(services.report_of(actor.workspace, report_id), kind)


def file_response(report: Report, kind: str) -> FileResponse:
    """The stored file as a download; 404 when the report has no such file."""
    file = report.files.get(kind)
    if file is None:
        raise NotFound("The report has no such file.")
    path = services.path_of(report.workspace_id, file)
    if not default_storage.exists(path):
        raise NotFound("The report has no such file.")
    name = f"{slugify(report.title, allow_unicode=True) or report.kind}-{report.created_at:%Y%m%d}.{kind}"
    return FileResponse(
        default_storage.open(path, "rb"),
        as_attachment=True,
        filename=name,
        content_type=services.TYPES[ReportFormat(kind)],
    )


@require_POST
@workspace_page(Permission.DATA_WRITE)
def report_cancel(request: HttpRequest, actor: Actor, report_id: UUID) -> HttpResponse:
    """Stop a report."""
    try:
        services.report_cancel(actor, report_id)
    except Conflict as error:
        messages.error(request, error.explain())
    return redirect("properties:report-detail", report_id)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def report_delete(request: HttpRequest, actor: Actor, report_id: UUID) -> HttpResponse:
    """Remove a report and its files."""
    try:
        services.report_delete(actor, report_id)
    except Conflict as error:
        messages.error(request, error.explain())
        return redirect("properties:report-detail", report_id)
    return redirect("properties:report-list")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def schedule_delete(request: HttpRequest, actor: Actor, schedule_id: UUID) -> HttpResponse:
    """End a schedule."""
    services.schedule_delete(actor, schedule_id)
    return redirect("properties:report-list")
