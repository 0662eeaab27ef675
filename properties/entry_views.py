"""Pages that take listings in: a table, or one listing by hand with the link of its advert."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.common.ids import uuid7
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties import services
from properties.addressing import AddressReport, complete_addresses
from properties.collectors.links import read_link
from properties.collectors.tables import read_table
from properties.images import ocr
from properties.models import Advert
from properties.normalise import RawAdvert, normalise_advert
from properties.normalise.codes import Direction, PropertyType, Trade
from properties.templatetags.listings import word

MAX_TABLE_BYTES = 10 * 1024 * 1024


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.DATA_WRITE)
def table_import(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take listings from a CSV or XLSX file, and say what was understood."""
    page: dict[str, Any] = {"tab": "import", "ocr_is_here": ocr.is_available()}
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
                adverts, page["addresses"] = complete_addresses(actor, table.adverts)
                page["taken"] = services.adverts_import(actor, adverts)
            else:
                status = 422
    return render(request, "properties/import.html", page, status=status)


class ListingForm(forms.Form):
    """One listing as a person writes it down. The price is read as in an advert: 12억 3,000 or 5000/60."""

    link = forms.CharField(
        required=False,
        max_length=500,
        label=gettext_lazy("Link of the advert"),
        help_text=gettext_lazy("Naver, Zigbang, Dabang and others; nothing is fetched, the link is only kept."),
    )
    trade = forms.ChoiceField(label=gettext_lazy("Trade"))
    property_type = forms.ChoiceField(label=gettext_lazy("Type"))
    price_text = forms.CharField(
        max_length=40,
        label=gettext_lazy("Price, or deposit and rent"),
        help_text=gettext_lazy("As in an advert: 12억 3,000, or 5000/60 for a monthly rent (10,000 won)."),
    )
    address = forms.CharField(
        max_length=120,
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Lot or road address. One that names no dong is looked up."),
    )
    complex_name = forms.CharField(required=False, max_length=80, label=gettext_lazy("Complex or building"))
    building_dong = forms.CharField(required=False, max_length=12, label=gettext_lazy("Block"))
    floor = forms.CharField(required=False, max_length=10, label=gettext_lazy("Floor"))
    floor_total = forms.IntegerField(required=False, min_value=1, max_value=150, label=gettext_lazy("Storeys"))
    exclusive = forms.FloatField(
        required=False, min_value=1, max_value=100_000, label=gettext_lazy("Exclusive area (㎡)")
    )
    supply = forms.FloatField(required=False, min_value=1, max_value=100_000, label=gettext_lazy("Supply area (㎡)"))
    direction = forms.ChoiceField(required=False, label=gettext_lazy("Direction"))
    rooms = forms.IntegerField(required=False, min_value=1, max_value=99, label=gettext_lazy("Rooms"))
    description = forms.CharField(required=False, max_length=2_000, widget=forms.Textarea, label=gettext_lazy("Note"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trade"].choices = [(item.value, word(item.value)) for item in Trade]
        self.fields["property_type"].choices = [
            (item.value, word(item.value)) for item in PropertyType if item is not PropertyType.OTHER
        ]
        self.fields["direction"].choices = [
            ("", _("Not known")),
            *((item.value, word(item.value)) for item in Direction),
        ]

    def clean_link(self) -> str:
        text: str = self.cleaned_data["link"].strip()
        if text and read_link(text) is None:
            raise forms.ValidationError(
                _("No known platform uses such links. Leave it empty to enter your own listing.")
            )
        return text

    def advert(self) -> RawAdvert:
        """What was written, under the advert of the link or as a listing of one's own."""
        values = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        linked = read_link(values.pop("link", ""))
        if linked is None:
            return RawAdvert("own", str(uuid7()), values, location_precision="exact")
        return RawAdvert(linked.platform, linked.advert_id, {**values, "url": linked.url}, location_precision="exact")


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.DATA_WRITE)
def listing_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Enter one listing by hand."""
    form = ListingForm(request.POST if request.method == "POST" else None)
    report = AddressReport()
    if request.method == "POST" and form.is_valid():
        adverts, report = complete_addresses(actor, [form.advert()])
        read = normalise_advert(adverts[0])
        if read.amount is None:
            form.add_error("price_text", _("This is not understood as a price."))
        if read.region_code is None or report.unclear or report.reason:
            form.add_error("address", report.reason or _("The dong is not clear. Name district, dong and lot number."))
        if not form.errors:
            services.adverts_import(actor, adverts, source="manual")
            stored = Advert.objects.for_workspace(actor.workspace).get(
                platform=read.platform, platform_id=read.platform_id
            )
            messages.success(request, _("Added."))
            return redirect("properties:listing-detail", stored.listing_id)
    page = {"tab": "import", "form": form}
    return render(request, "properties/listing_new.html", page, status=422 if form.errors else 200)
