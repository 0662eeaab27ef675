"""Pages that act: review queue, customers, collectors with their legal basis, monitor, import."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.common.errors import PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties import selectors, services
from properties.collectors.tables import read_table
from properties.legal import legal_basis_record, legal_basis_revoke
from properties.models import Collection, LegalBasis, Requirement, ReviewPair
from properties.normalise.codes import Trade
from properties.resolution import pair_decide
from properties.templatetags.listings import word

MAX_TABLE_BYTES = 10 * 1024 * 1024


def _tell(request: HttpRequest, error: PortalError) -> None:
    messages.error(request, error.explain())


@require_GET
@workspace_page(Permission.DATA_READ)
def review(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Pairs of adverts that a person should compare."""
    pairs = ReviewPair.objects.for_workspace(actor.workspace).select_related("one", "other")
    rows = Paginator(pairs, 10).get_page(request.GET.get("page"))
    return render(request, "properties/review.html", {"tab": "review", "rows": rows})


@require_POST
@workspace_page(Permission.DATA_WRITE)
def decide(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep a person's verdict on a pair."""
    try:
        pair_decide(
            actor,
            one_key=request.POST.get("one", ""),
            other_key=request.POST.get("other", ""),
            same=request.POST.get("same") == "1",
        )
    except PortalError as error:
        _tell(request, error)
    else:
        messages.success(request, _("Kept. The decision holds for every later run."))
    return redirect("properties:review")


class RequirementForm(forms.Form):
    """A customer's wishes. Money in 만원."""

    customer = forms.CharField(max_length=80, label=gettext_lazy("Customer"))
    trade = forms.ChoiceField(label=gettext_lazy("Trade"))
    region = forms.CharField(required=False, max_length=60, label=gettext_lazy("Region"))
    price_max = forms.IntegerField(
        required=False, min_value=0, label=gettext_lazy("Price or deposit up to (10,000 won)")
    )
    rent_max = forms.IntegerField(required=False, min_value=0, label=gettext_lazy("Rent up to (10,000 won)"))
    area_min = forms.FloatField(required=False, min_value=0, label=gettext_lazy("Area from (㎡)"))
    floor_min = forms.IntegerField(required=False, label=gettext_lazy("Lowest floor"))
    rooms_min = forms.IntegerField(required=False, min_value=1, label=gettext_lazy("Rooms at least"))
    note = forms.CharField(required=False, max_length=2_000, widget=forms.Textarea, label=gettext_lazy("Note"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trade"].choices = [(item.value, word(item.value)) for item in Trade]

    def clean_region(self) -> str:
        text: str = self.cleaned_data["region"].strip()
        if text:
            try:
                services.region_of(text)
            except PortalError as error:
                raise forms.ValidationError(error.explain()) from None
        return text


@require_GET
@workspace_page(Permission.DATA_READ)
def customers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Customers and the listings that fit them."""
    return _customers(request, actor, RequirementForm())


def _customers(request: HttpRequest, actor: Actor, form: RequirementForm, status: int = 200) -> HttpResponse:
    wishes = list(Requirement.objects.for_workspace(actor.workspace).filter(is_active=True)[:100])
    for wish in wishes:
        wish.shown = list(wish.matches.filter(is_dismissed=False, listing__state="live").select_related("listing")[:6])
        wish.total = wish.matches.filter(is_dismissed=False, listing__state="live").count()
    page = {"tab": "customers", "wishes": wishes, "form": form}
    return render(request, "properties/customers.html", page, status=status)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def customer_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Add a customer's wishes."""
    form = RequirementForm(request.POST)
    if not form.is_valid():
        return _customers(request, actor, form, 422)
    values = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
    region = values.pop("region", "")
    if region:
        values["region_codes"] = [services.region_of(region).code]
    services.requirement_create(actor, **values)
    messages.success(request, _("Added, and matched against what is live."))
    return redirect("properties:customers")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def dismiss(request: HttpRequest, actor: Actor, match_id: UUID) -> HttpResponse:
    """Hide a match."""
    services.match_dismiss(actor, match_id)
    return redirect("properties:customers")


@require_GET
@workspace_page(Permission.DATA_READ)
def collectors(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Platforms, their terms, and the legal basis of each."""
    page = {
        "tab": "collectors",
        "platforms": selectors.platform_states(actor.workspace),
        "grounds": LegalBasis.Ground.values,
        "recent": Collection.objects.for_workspace(actor.workspace)[:15],
    }
    return render(request, "properties/collectors.html", page)


@require_POST
@workspace_page(Permission.WORKSPACE_UPDATE)
def basis_record(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Record a legal basis."""
    try:
        legal_basis_record(
            actor,
            platform=request.POST.get("platform", ""),
            ground=request.POST.get("ground", ""),
            details=request.POST.get("details", ""),
        )
    except PortalError as error:
        _tell(request, error)
    else:
        messages.success(request, _("Recorded. The platform may be collected now."))
    return redirect("properties:collectors")


@require_POST
@workspace_page(Permission.WORKSPACE_UPDATE)
def basis_revoke(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Revoke a legal basis."""
    try:
        legal_basis_revoke(actor, platform=request.POST.get("platform", ""))
    except PortalError as error:
        _tell(request, error)
    else:
        messages.success(request, _("Revoked. The platform is off."))
    return redirect("properties:collectors")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def collection_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Queue a collection."""
    try:
        services.collection_start(
            actor, platforms=request.POST.getlist("platform"), areas=[request.POST.get("area", "").strip()]
        )
    except PortalError as error:
        _tell(request, error)
        return redirect("properties:collectors")
    return redirect("properties:monitor")


@require_GET
@workspace_page(Permission.DATA_READ)
def monitor(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Collections as they move."""
    page = {"tab": "monitor", "rows": Collection.objects.for_workspace(actor.workspace)[:50]}
    template = "properties/_collections.html" if request.headers.get("HX-Request") else "properties/monitor.html"
    return render(request, template, page)


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.DATA_WRITE)
def table_import(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take listings from a CSV or XLSX file, and say what was understood."""
    page: dict[str, Any] = {"tab": "import"}
    status = 200
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None or file.size is None or file.size > MAX_TABLE_BYTES:
            page["error"] = _("Choose a CSV or XLSX file of at most 10 MB.")
            status = 422
        else:
            table = read_table(file.read(), file.name or "table.csv", source="own")
            page["table"] = table
            if table.adverts:
                page["taken"] = services.adverts_import(actor, table.adverts)
            else:
                status = 422
    return render(request, "properties/import.html", page, status=status)
