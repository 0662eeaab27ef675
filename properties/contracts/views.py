"""Pages of contracts: the deals, one checklist, and the checklist on paper."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties.contracts import services
from properties.desk_models import Contract
from properties.models import Listing, Requirement
from properties.templatetags.listings import word

TRADES = ("sale", "jeonse", "monthly")
TYPES = ("apartment", "villa", "officetel", "shop", "land")
LAW_SITE = "https://www.law.go.kr/법령/"


class ContractForm(forms.Form):
    """A deal to begin."""

    listing_id = forms.CharField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(max_length=200, label=gettext_lazy("Listing"))
    trade = forms.ChoiceField(label=gettext_lazy("Trade"))
    property_type = forms.ChoiceField(label=gettext_lazy("Kind of property"))
    customer_id = forms.ChoiceField(required=False, label=gettext_lazy("Customer"))
    signing_on = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label=gettext_lazy("Signing")
    )
    handover_on = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label=gettext_lazy("Handover")
    )

    def __init__(self, *args: Any, workspace: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trade"].choices = [(trade, word(trade)) for trade in TRADES]
        self.fields["property_type"].choices = [(kind, word(kind)) for kind in TYPES]
        customers = Requirement.objects.for_workspace(workspace).filter(is_active=True)[:300]
        self.fields["customer_id"].choices = [("", "–"), *((str(wish.pk), wish.customer) for wish in customers)]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@require_GET
@workspace_page(Permission.DATA_READ)
def contract_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Deals with how far they are."""
    wanted = _uuid(request.GET.get("listing", ""))
    home = Listing.objects.for_workspace(actor.workspace).filter(pk=wanted).first() if wanted else None
    initial: dict[str, Any] = {}
    if home is not None:
        from properties.contracts.checklist import family_of, trade_of

        initial = {
            "listing_id": str(home.pk),
            "title": " ".join(part for part in (home.title or home.address, home.building_dong) if part),
            "trade": trade_of(home.trade),
            "property_type": family_of(home.property_type).value,
        }
    return _list(request, actor, ContractForm(workspace=actor.workspace, initial=initial))


def _list(request: HttpRequest, actor: Actor, form: ContractForm, status: int = 200) -> HttpResponse:
    rows = Paginator(Contract.objects.for_workspace(actor.workspace).select_related("customer"), 30).get_page(
        request.GET.get("page")
    )
    for row in rows:
        row.done, row.total = services.progress_of(row)
    page = {
        "tab": "contracts",
        "rows": rows,
        "form": form,
        "open_form": status != 200 or "listing" in request.GET,
    }
    return render(request, "properties/contract_list.html", page, status=status)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def contract_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Begin a deal."""
    form = ContractForm(request.POST, workspace=actor.workspace)
    if form.is_valid():
        values = dict(form.cleaned_data)
        listing_id, customer_id = _uuid(values.pop("listing_id")), _uuid(values.pop("customer_id"))
        try:
            contract = services.contract_begin(actor, listing_id=listing_id, customer_id=customer_id, **values)
        except PortalError as error:
            form.add_error(None, error.explain())
        else:
            return redirect("properties:contract-detail", contract.pk)
    return _list(request, actor, form, 422)


def law_links(law: str) -> list[dict[str, str]]:
    """The statutes of a source line with their addresses; an article without a name belongs to the one before."""
    found, name = [], ""
    for part in (part.strip() for part in law.split(",")):
        statute = part.rpartition(" 제")[0]
        if statute in ("시행령", "시행규칙"):
            statute = f"{name.removesuffix(' 시행령').removesuffix(' 시행규칙')} {statute}"
        name = statute or name
        found.append({"text": part, "url": LAW_SITE + quote(name.replace(" ", ""))})
    return found


@require_GET
@workspace_page(Permission.DATA_READ)
def contract_detail(request: HttpRequest, actor: Actor, contract_id: UUID) -> HttpResponse:
    """One deal's checklist."""
    contract = services.contract_of(actor.workspace, contract_id)
    language = get_language() or "en"
    lines = services.lines_of(contract)
    groups = [
        {
            "stage": stage,
            "lines": [
                {
                    "key": line.item.key,
                    "text": line.item.text(language),
                    "laws": law_links(line.item.law),
                    "done": line.done,
                    "by": line.by,
                    "at": timezone.datetime.fromisoformat(line.at) if line.at else None,
                }
                for line in lines
                if line.item.stage == stage
            ],
        }
        for stage in services.STAGES
    ]
    page = {
        "tab": "contracts",
        "contract": contract,
        "groups": groups,
        "done": sum(line.done for line in lines),
        "total": len(lines),
    }
    return render(request, "properties/contract_detail.html", page)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def contract_tick(request: HttpRequest, actor: Actor, contract_id: UUID) -> HttpResponse:
    """Tick or untick an item."""
    try:
        key = request.POST.get("key", "")
        services.contract_tick(actor, contract_id, key=key, done=request.POST.get("done") == "1")
    except (services.Conflict, services.Invalid) as error:
        messages.error(request, error.explain())
        return redirect("properties:contract-detail", contract_id)
    return redirect(f"/properties/contracts/{contract_id}#item-{key}")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def contract_close(request: HttpRequest, actor: Actor, contract_id: UUID) -> HttpResponse:
    """Close a deal, or open it again."""
    services.contract_close(actor, contract_id, closed=request.POST.get("closed") != "0")
    return redirect("properties:contract-detail", contract_id)


@require_GET
@workspace_page(Permission.DATA_READ)
def contract_print(request: HttpRequest, actor: Actor, contract_id: UUID) -> HttpResponse:
    """The checklist as PDF."""
    from properties.contracts.paper import checklist_document
    from properties.reports.pdf import document_pdf

    contract = services.contract_of(actor.workspace, contract_id)
    document = checklist_document(contract, "ko" if (get_language() or "").startswith("ko") else "en")
    headers = {"Content-Disposition": f'inline; filename="checklist-{contract.pk}.pdf"'}
    return HttpResponse(document_pdf(document), content_type="application/pdf", headers=headers)
