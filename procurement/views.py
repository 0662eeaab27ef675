"""Pages of procurement: notices, products, awards, saved searches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.common.errors import PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from procurement import figures, live, selectors, watch
from procurement.models import Notice, SavedSearch

PAGE_SIZE = 50
COMPARED = 5
KIND_WORDS = [
    ("", gettext_lazy("All kinds")),
    ("Thng", gettext_lazy("goods")),
    ("Servc", gettext_lazy("services")),
    ("Cnstwk", gettext_lazy("works")),
    ("Frgcpt", gettext_lazy("foreign")),
    ("Etc", gettext_lazy("other")),
]


class SavedSearchForm(forms.Form):
    """A question to keep."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    words = forms.CharField(label=gettext_lazy("Words"), max_length=200, required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KIND_WORDS, required=False)
    price_min = forms.IntegerField(label=gettext_lazy("Estimated price from (won)"), min_value=0, required=False)
    price_max = forms.IntegerField(label=gettext_lazy("to (won)"), min_value=0, required=False)
    is_alerting = forms.BooleanField(label=gettext_lazy("Tell me about new notices"), required=False, initial=True)


def paged(request: HttpRequest, rows: QuerySet[Any]) -> Any:
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


@require_GET
@workspace_page(Permission.DATA_READ)
def notice_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    words, kind = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    still_open = request.GET.get("open") == "1"
    found = selectors.notices(actor.workspace, words, kind=kind, still_open=still_open)
    everything = Notice.objects.for_workspace(actor.workspace)
    page = {
        "tab": "notices",
        "rows": paged(request, found),
        "words": words,
        "kind": kind,
        "kinds": KIND_WORDS,
        "still_open": still_open,
        "has_any": everything.exists(),
        "fresh": selectors.freshness(everything),
        "form": SavedSearchForm(initial={"words": words, "kind": kind, "name": words}),
    }
    return render(request, "procurement/notice_list.html", page)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def collect_now(request: HttpRequest, actor: Actor) -> HttpResponse:
    from procurement.tasks import collect_workspace

    collect_workspace.delay(str(actor.workspace.pk), 7)
    messages.success(request, _("Notices and awards of the last 7 days are being collected; reload in a moment."))
    return redirect("procurement:notice-list")


@require_GET
@workspace_page(Permission.DATA_READ)
def notice_detail(request: HttpRequest, actor: Actor, notice_no: str) -> HttpResponse:
    return render(
        request,
        "procurement/notice_detail.html",
        {"tab": "notices", "notice": selectors.notice_of(actor.workspace, notice_no)},
    )


@require_GET
@workspace_page(Permission.DATA_READ)
def notice_live(request: HttpRequest, actor: Actor, notice_no: str) -> HttpResponse:
    """What only the upstream knows: attachments, changes, limits, opening and award."""
    notice = selectors.notice_of(actor.workspace, notice_no)
    kind = {"Thng": "goods", "Servc": "services", "Cnstwk": "works", "Frgcpt": "foreign"}.get(notice.kind)
    page: dict[str, Any] = {"notice": notice}
    try:
        page["detail"] = live.ask(actor, "get_bid_notice", notice_no=notice_no, kind=kind)
        page["result"] = live.ask(actor, "get_opening_result", notice_no=notice_no, kind=kind)
    except PortalError as error:
        page["error"] = error
    return render(request, "procurement/_notice_live.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def product_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    words, category = request.GET.get("q", "").strip(), request.GET.get("category", "")
    everything = selectors.products(actor.workspace)
    page = {
        "tab": "products",
        "rows": paged(request, selectors.products(actor.workspace, words, category=category)),
        "words": words,
        "category": category,
        "categories": selectors.categories_of(actor.workspace),
        "has_any": everything.exists(),
        "fresh": selectors.freshness(everything),
    }
    return render(request, "procurement/product_list.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def product_detail(request: HttpRequest, actor: Actor, product_id: str) -> HttpResponse:
    lines = selectors.lines_of(actor.workspace, product_id)
    page = {"tab": "products", "product": lines[0], "lines": lines}
    return render(request, "procurement/product_detail.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def product_prices(request: HttpRequest, actor: Actor, product_id: str) -> HttpResponse:
    """Attributes and price history, asked of the upstream while the page is shown already."""
    lines = selectors.lines_of(actor.workspace, product_id)
    page: dict[str, Any] = {"product": lines[0]}
    try:
        page["history"] = live.ask(actor, "get_price_history", product_id=product_id, months=24)
        page["figure"] = figures.price_history(page["history"]["months"])
        page["attributes"] = live.ask(actor, "get_detailed_attributes", product_id=product_id)
    except PortalError as error:
        page["error"] = error
    return render(request, "procurement/_product_prices.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def product_compare(request: HttpRequest, actor: Actor) -> HttpResponse:
    wanted = list(dict.fromkeys(value for value in request.GET.getlist("id") if value.isdigit()))[:COMPARED]
    page: dict[str, Any] = {"tab": "products", "wanted": wanted}
    if len(wanted) < 2:
        messages.info(request, _("Choose two to five products to compare."))
        return redirect("procurement:product-list")
    try:
        page["comparison"] = live.ask(actor, "compare_products", product_ids=wanted)
        page["columns"] = [
            {"id": one, "product": product} for one, product in zip(wanted, page["comparison"]["products"], strict=True)
        ]
    except PortalError as error:
        page["error"] = error
    return render(request, "procurement/product_compare.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def award_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    words, kind = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    everything = selectors.awards(actor.workspace)
    rates = selectors.award_rates(actor.workspace, words)
    page = {
        "tab": "awards",
        "rows": paged(request, selectors.awards(actor.workspace, words, kind=kind)),
        "words": words,
        "kind": kind,
        "kinds": KIND_WORDS,
        "has_any": everything.exists(),
        "fresh": selectors.freshness(everything),
        "figure": figures.award_rates(rates) if rates else None,
    }
    return render(request, "procurement/award_list.html", page)


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.DATA_READ)
def search_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = SavedSearchForm(request.POST or None)
    if request.method == "POST":
        actor.require(Permission.DATA_WRITE)
        if form.is_valid():
            try:
                made = watch.create_search(actor, **form.cleaned_data)
            except PortalError as error:
                form.add_error(None, error.explain())
            else:
                messages.success(request, _("The search is saved; it is asked again with every collection."))
                return redirect("procurement:search-detail", made.pk)
    page = {"tab": "searches", "rows": paged(request, selectors.searches_of(actor.workspace)), "form": form}
    return render(request, "procurement/search_list.html", page, status=422 if form.errors else 200)


@require_GET
@workspace_page(Permission.DATA_READ)
def search_detail(request: HttpRequest, actor: Actor, search_id: UUID) -> HttpResponse:
    found = watch.search_of(actor.workspace, search_id)
    page = {"tab": "searches", "search": found, "rows": paged(request, _matches(found))}
    return render(request, "procurement/search_detail.html", page)


def _matches(found: SavedSearch) -> QuerySet[Any]:
    return found.found.select_related("notice").order_by("-notice__published", "-id")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def search_delete(request: HttpRequest, actor: Actor, search_id: UUID) -> HttpResponse:
    watch.delete_search(actor, watch.search_of(actor.workspace, search_id))
    messages.success(request, _("The saved search is deleted."))
    return redirect("procurement:search-list")
