"""Pages of the market room. Each asks the same tools that MCP clients call; a failing upstream is told on the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_time
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.sdk import ConnectorError
from markets import figures, selectors, services
from markets.flows import Investor
from portal.common.errors import Invalid, NotFound, PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

MARKETS = ("ALL", "KOSPI", "KOSDAQ")
COUNTS = ("20", "30", "50", "100")
VENUES = ("KRX", "NXT")
SORTS = {
    "value": ("get_volume_ranking", {}),
    "change": ("get_volume_change_ranking", {}),
    "cap": ("get_market_cap_ranking", {}),
}


def choice(query: QueryDict, name: str, allowed: tuple[str, ...] | Mapping[str, Any], default: str) -> str:
    """A query value if it is one of the allowed ones."""
    value = query.get(name, default)
    return value if value in allowed else default


def ask(actor: Actor, tool: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's answer prepared for a template, or `{"error": …}` with the words for the reader."""
    try:
        answer = services.ask_now(actor, tool, params, language=(get_language() or "en")[:2])
    except ConnectorError as error:
        return {"error": {"message": error.message, "remedy": error.remedy, "code": error.error_code}, "rows": []}
    return answer | {"as_of": datetime.fromisoformat(answer["as_of"]), "completeness_text": completeness_text(answer)}


def completeness_text(answer: Mapping[str, Any]) -> str:
    """How complete a list is, in the reader's language."""
    facts = answer.get("completeness")
    if not facts:
        return ""
    if facts["complete"]:
        return _("%(rows)s rows, complete") % {"rows": facts["returned"]}
    if facts["candidates"] is not None:
        return _("%(rows)s rows from %(candidates)s candidates") % {
            "rows": facts["returned"],
            "candidates": facts["candidates"],
        }
    return _("%(rows)s rows, certain to rank %(rank)s") % {
        "rows": facts["returned"],
        "rank": facts["certain_to_rank"],
    }


def board_choice(request: HttpRequest) -> dict[str, str]:
    query = request.GET
    return {
        "sort": choice(query, "sort", SORTS, "value"),
        "market": choice(query, "market", MARKETS, "ALL"),
        "count": choice(query, "count", COUNTS, "20"),
        "venue": choice(query, "venue", VENUES, "KRX"),
        "funds": "1" if query.get("funds") else "",
        "sector": query.get("sector", "") if query.get("sector", "").isdigit() else "",
    }


def board_answer(actor: Actor, chosen: Mapping[str, str]) -> dict[str, Any]:
    tool, extra = SORTS[chosen["sort"]]
    params: dict[str, Any] = {"market": chosen["market"], "count": int(chosen["count"]), "venue": chosen["venue"]}
    if chosen["funds"]:
        params["exclude"] = []
    if chosen["sector"]:
        params["sector"] = chosen["sector"]
    return ask(actor, tool, params | extra)


@require_GET
@workspace_page(Permission.DATA_READ)
def board(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The live ranking board."""
    chosen = board_choice(request)
    page = {
        "tab": "board",
        "chosen": chosen,
        "markets": MARKETS,
        "counts": COUNTS,
        "venues": VENUES,
        "answer": board_answer(actor, chosen),
        "workspace_id": str(actor.workspace.pk),
    }
    return render(request, "markets/board.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def board_rows(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The board's table alone, for live updates."""
    chosen = board_choice(request)
    return render(request, "markets/_board_rows.html", {"chosen": chosen, "answer": board_answer(actor, chosen)})


@require_GET
@workspace_page(Permission.DATA_READ)
def board_sparks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Trading values of twenty sessions for the codes of the board, as JSON."""
    codes = [code for code in request.GET.get("codes", "").split(",") if code.isalnum() and 6 <= len(code) <= 9][:100]
    if not codes:
        return JsonResponse({"values": {}})
    try:
        return JsonResponse({"values": services.sparks(actor, codes)})
    except ConnectorError as error:
        return JsonResponse({"values": {}, "message": error.message}, status=503)


@require_GET
@workspace_page(Permission.DATA_READ)
def symbol_search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Find a stock; a text that fits one code exactly opens it."""
    text = request.GET.get("q", "").strip()[:60]
    answer = ask(actor, "find_symbol", {"query": text, "count": 30}) if text else {"rows": []}
    rows = answer["rows"]
    if rows and (len(rows) == 1 or rows[0]["match"] in {"code", "name"}):
        return redirect("markets:symbol-detail", rows[0]["code"])
    return render(request, "markets/symbol_search.html", {"tab": "symbols", "query": text, "answer": answer})


@require_GET
@workspace_page(Permission.DATA_READ)
def symbol(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """One stock: price, trading value with its bands, unusual days."""
    if not code.isalnum() or not 6 <= len(code) <= 7:
        raise NotFound("There is no such stock.")
    answer = ask(actor, "get_price_history", {"code": code, "sessions": 65})
    if answer.get("error", {}).get("code") in {"unknown_symbol", "invalid_params"}:
        raise NotFound("There is no such stock.")
    rows = answer["rows"]
    page = {
        "tab": "symbols",
        "answer": answer,
        "code": code,
        "last": rows[-1] if rows else None,
        "change": figures.change_of(rows),
        "events": [row for row in reversed(rows) if row["unusual_kind"] in {"unexplained", "with_price_move"}],
        "price_figure": figures.prices(rows),
        "value_figure": figures.trading_values(rows),
    }
    return render(request, "markets/symbol.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def sectors(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Sectors as a treemap and a table."""
    market = choice(request.GET, "market", MARKETS, "ALL")
    answer = ask(actor, "get_sector_volume_ranking", {"market": market, "count": 100})
    page = {"tab": "sectors", "market": market, "markets": MARKETS, "answer": answer}
    return render(request, "markets/sectors.html", page | {"figure": figures.treemap(answer["rows"])})


@require_GET
@workspace_page(Permission.DATA_READ)
def flows(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who bought and who sold."""
    investor = choice(request.GET, "investor", tuple(Investor), "foreign")
    market = choice(request.GET, "market", MARKETS, "ALL")
    params = {"investor": investor, "market": market, "count": 15}
    bought = ask(actor, "get_investor_ranking", params)
    sold = ask(actor, "get_investor_ranking", params | {"side": "net_sell"})
    page = {
        "tab": "flows",
        "investor": investor,
        "investors": [
            ("foreign", _("Foreign")),
            ("institution", _("Institutions")),
            ("individual", _("Individuals")),
            ("program", _("Programs")),
        ],
        "market": market,
        "markets": MARKETS,
        "bought": bought,
        "sold": sold,
        "figure": figures.flows(bought["rows"], sold["rows"]),
    }
    return render(request, "markets/flows.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def unusual(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The feed of unusual trading."""
    market = choice(request.GET, "market", MARKETS, "ALL")
    only = bool(request.GET.get("unexplained"))
    answer = ask(actor, "get_unusual_volume", {"market": market, "count": 30, "with_price_moves": not only})
    page = {"tab": "unusual", "market": market, "markets": MARKETS, "only": only, "answer": answer}
    return render(request, "markets/unusual.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def alerts(request: HttpRequest, actor: Actor, error: PortalError | None = None) -> HttpResponse:
    """Alert rules and what they reported."""
    page = {
        "tab": "alerts",
        "rules": selectors.rules_of(actor.workspace),
        "alerts": selectors.alerts_of(actor.workspace)[:50],
        "tools": services.RULE_FIELDS,
        "fields": sorted({field for fields in services.RULE_FIELDS.values() for field in fields}),
        "markets": MARKETS,
    }
    return render(request, "markets/alerts.html", page)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def rule_create(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a rule from the form; problems are shown as messages."""
    form = request.POST
    try:
        threshold = float(form["threshold"]) if form.get("threshold", "").strip() else None
    except ValueError:
        messages.error(request, _("The threshold must be a number."))
        return redirect("markets:alerts")
    try:
        cooldown = int(form.get("cooldown_minutes") or 30)
        services.rule_create(
            actor,
            name=form.get("name", ""),
            tool=form.get("tool", ""),
            params={"market": form.get("market", "ALL")},
            condition=form.get("condition", ""),
            field=form.get("field", ""),
            threshold=threshold,
            cooldown_minutes=min(max(cooldown, 0), 10_080),
            quiet_from=parse_time(form.get("quiet_from", "")),
            quiet_to=parse_time(form.get("quiet_to", "")),
        )
    except Invalid as error:
        for problem in error.problems:
            messages.error(request, str(problem))
    except ValueError:
        messages.error(request, _("The pause must be a whole number of minutes, and quiet hours must be times."))
    except PortalError as error:
        messages.error(request, error.explain())
    else:
        messages.success(request, _("The rule watches from the next minute on."))
    return redirect("markets:alerts")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def rule_switch(request: HttpRequest, actor: Actor, rule_id: UUID) -> HttpResponse:
    """Turn a rule on or off."""
    services.rule_switch(actor, rule_id, request.POST.get("active") == "1")
    return redirect("markets:alerts")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def rule_delete(request: HttpRequest, actor: Actor, rule_id: UUID) -> HttpResponse:
    """Remove a rule."""
    services.rule_delete(actor, rule_id)
    return redirect("markets:alerts")


@require_GET
@workspace_page(Permission.DATA_READ)
def health(request: HttpRequest, actor: Actor) -> HttpResponse:
    """State of the upstream and the cache."""
    answer = ask(actor, "health", {})
    return render(request, "markets/health.html", {"tab": "health", "answer": answer})
