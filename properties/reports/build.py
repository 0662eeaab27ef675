"""What stands in each report. Customers' names stay out of an owner's report, other owners' out of a buyer's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.common.errors import FieldProblem, Invalid, NotFound
from portal.common.sentences import say
from portal.workspaces.models import Workspace
from properties import selectors
from properties.models import Listing, ListingState, Match, Requirement
from properties.normalise.regions import regions
from properties.reports.deals import Deals, ask_ministry
from properties.reports.document import CellKind, Chart, Column, Document, Fact, ReportRequest, Section, Table
from properties.templatetags.listings import area, floor_of, manwon, word

#: Reads the ministry's deals; replaced in tests.
Ministry = Callable[[Workspace, str, dict[str, Any]], Deals]
LIKE_SIZE = 0.12
SHOWN_MATCHES = 30


def check_request(workspace: Workspace, wish: ReportRequest) -> str:
    """The title of the report; `Invalid` or `NotFound` when what it is about is missing."""
    with translation.override(wish.language):
        if wish.kind == "owner":
            return _("Report for the owner: %(name)s") % {"name": str(_listing(workspace, wish))}
        if wish.kind == "buyer":
            return _("Report for the buyer: %(name)s") % {"name": _requirement(workspace, wish).customer}
        return _("Market report: %(name)s") % {"name": _region(wish).name}


def build_document(workspace: Workspace, wish: ReportRequest, ministry: Ministry = ask_ministry) -> Document:
    """The whole report in its own language; what an outside source did not give stands in its notes."""
    with translation.override(wish.language):
        title = check_request(workspace, wish)
        document = Document(
            title=title,
            subtitle=" · ".join(part for part in (wish.office, f"{timezone.localtime():%Y-%m-%d}") if part),
            language=wish.language,
            made_at=timezone.now(),
            as_of=selectors.data_time(workspace),
            sources=[_("listings of this workspace")],
            sections=[],
        )
        fill = {"owner": _owner, "buyer": _buyer, "market": _market}[wish.kind]
        fill(document, workspace, wish, ministry)
        return document


def _missing(field: str, message: str, remedy: str) -> Invalid:
    return Invalid(_("The report is not complete."), problems=[FieldProblem(field, message, remedy)])


def _listing(workspace: Workspace, wish: ReportRequest) -> Listing:
    try:
        return selectors.listing_get(workspace, UUID(wish.listing_id))
    except ValueError:
        raise _missing("listing_id", _("No listing was named."), _("Open a listing and ask for its report.")) from None


def _requirement(workspace: Workspace, wish: ReportRequest) -> Requirement:
    try:
        wanted = UUID(wish.requirement_id)
    except ValueError:
        raise _missing("requirement_id", _("No customer was named."), _("Choose a customer.")) from None
    found: Requirement | None = Requirement.objects.for_workspace(workspace).filter(pk=wanted).first()
    if found is None:
        raise NotFound("There is no such customer.", remedy="Add the customer's wishes first.")
    return found


def _region(wish: ReportRequest) -> Any:
    from properties.services import region_of

    if not wish.region.strip():
        raise _missing("region", _("No region was named."), _("Name a district, such as 강남구."))
    table = regions()
    hits = [hit for hit in table.search(wish.region, 30) if hit.level == "sgg" and hit.leaf == wish.region.strip()]
    return table.find(wish.region) or (hits[0] if len(hits) == 1 else region_of(wish.region))


def _price(row: Listing) -> str:
    return manwon(row.price) + (f" / {manwon(row.rent)}" if row.rent else "")


def _per_m2(row: Listing) -> float | None:
    return round(row.price / row.exclusive_m2, 1) if row.price and row.exclusive_m2 else None


def _listing_table(rows: list[Listing], empty: str) -> Table:
    return Table(
        columns=[
            Column(label=_("Listing"), width=2.4),
            Column(label=_("Price or deposit"), kind=CellKind.MONEY, width=1.5),
            Column(label=_("Rent"), kind=CellKind.MONEY),
            Column(label=_("Exclusive area"), kind=CellKind.AREA, width=1.5),
            Column(label=_("Per ㎡"), kind=CellKind.MONEY, width=1.1),
            Column(label=_("Floor")),
            Column(label=_("Days on market"), kind=CellKind.NUMBER, width=0.9),
        ],
        rows=[
            [
                " ".join(part for part in (row.title or row.address, row.building_dong) if part),
                row.price,
                row.rent,
                row.exclusive_m2,
                _per_m2(row),
                floor_of(row),
                selectors.days_on_market(row),
            ]
            for row in rows
        ],
        empty=empty,
    )


def _facts_of(row: Listing) -> list[Fact]:
    pairs = [
        (_("Trade"), word(row.trade)),
        (_("Price or deposit"), _price(row)),
        (_("Exclusive area"), area(row.exclusive_m2)),
        (_("Supply area"), area(row.supply_m2)),
        (_("Floor"), floor_of(row)),
        (_("Direction"), word(row.direction) or "–"),
        (_("Region"), row.address or "–"),
        (_("First seen"), f"{timezone.localtime(row.first_seen):%Y-%m-%d}"),
    ]
    return [Fact(label=label, value=value) for label, value in pairs]


def _like(workspace: Workspace, home: Listing) -> list[Listing]:
    """Live offers of the same trade and about the same size: of the complex, or of the dong when it has too few."""
    rows = Listing.objects.for_workspace(workspace).filter(state=ListingState.LIVE, trade=home.trade, price__gt=0)
    rows = rows.exclude(pk=home.pk)
    if home.exclusive_m2:
        rows = rows.filter(
            exclusive_m2__range=(home.exclusive_m2 * (1 - LIKE_SIZE), home.exclusive_m2 * (1 + LIKE_SIZE))
        )
    if home.complex_id:
        same = list(rows.filter(complex=home.complex_id).order_by("price", "id")[:60])
        if len(same) >= 3:
            return same
    return list(rows.filter(region_code=home.region_code).order_by("price", "id")[:60])


def _owner(document: Document, workspace: Workspace, wish: ReportRequest, ministry: Ministry) -> None:
    home = _listing(workspace, wish)
    document.sections.append(Section(heading=_("Your home"), facts=_facts_of(home)))
    like = _like(workspace, home)
    prices = [row.price for row in like if row.price]
    words = []
    if home.price and len(prices) >= 3:
        middle = int(median(prices))
        words.append(
            _("%(count)s like homes are on offer; their median is %(median)s. Yours asks %(percent)s %% of it.")
            % {"count": len(prices), "median": manwon(middle), "percent": f"{100 * home.price / middle:.1f}"}
        )
        cheaper = sum(price < home.price for price in prices)
        words.append(_("%(count)s of them ask less.") % {"count": cheaper})
    else:
        words.append(_("Fewer than three like homes are on offer, so there is no median."))
    document.sections.append(
        Section(
            heading=_("Like homes on offer"),
            paragraphs=words,
            table=_listing_table(like[:25], _("No like home is on offer.")),
        )
    )
    points = selectors.price_history(home)
    document.sections.append(
        Section(
            heading=_("How the price moved"),
            paragraphs=[
                _("On the market for %(days)s days, shown on %(adverts)s adverts.")
                % {"days": selectors.days_on_market(home), "adverts": home.adverts_count}
            ],
            table=Table(
                columns=[
                    Column(label=_("Date")),
                    Column(label=_("Platform")),
                    Column(label=_("Price or deposit"), kind=CellKind.MONEY),
                    Column(label=_("Rent"), kind=CellKind.MONEY),
                ],
                rows=[
                    [f"{timezone.localtime(point['at']):%Y-%m-%d}", point["platform"], point["price"], point["rent"]]
                    for point in points
                ],
                empty=_("No price is known."),
            ),
        )
    )
    waiting = Match.objects.for_workspace(workspace).filter(listing=home, is_dismissed=False)
    document.sections.append(
        Section(
            heading=_("Interest"),
            paragraphs=[
                _("%(count)s of our customers look for a home like this.")
                % {"count": waiting.values("requirement_id").distinct().count()}
            ],
        )
    )
    _add_deals(document, workspace, wish, ministry, region=home.region_code, name=home.title, size=home.exclusive_m2)


def _add_deals(
    document: Document,
    workspace: Workspace,
    wish: ReportRequest,
    ministry: Ministry,
    *,
    region: str,
    name: str,
    size: float | None,
) -> None:
    place = regions().get(region) if region else None
    if place is None or not name:
        return
    params: dict[str, Any] = {"region": place.name, "complex_name": name, "months": wish.months, "rows": 20}
    if size:
        params |= {"area_min": round(size - 3, 1), "area_max": round(size + 3, 1)}
    found = ministry(workspace, "list_transactions", params)
    section = Section(heading=_("Reported sales of like homes"))
    if found.problem:
        document.notes.append(_("Reported sales could not be read: %(why)s") % {"why": say(found.problem)})
        return
    answer = found.answer
    _cite(document, answer)
    section.table = Table(
        columns=[
            Column(label=_("Date")),
            Column(label=_("Complex"), width=1.8),
            Column(label=_("Exclusive area"), kind=CellKind.AREA, width=1.4),
            Column(label=_("Floor"), kind=CellKind.NUMBER, width=0.7),
            Column(label=_("Price"), kind=CellKind.MONEY, width=1.3),
        ],
        rows=[
            [item["dealt_on"], item["name"], item["exclusive_m2"], item["floor"], item["price_manwon"]]
            for item in answer["items"]
        ],
        empty=say(answer.get("empty_reason", "")),
    )
    document.sections.append(section)


def _cite(document: Document, answer: dict[str, Any]) -> None:
    if answer["source"] not in document.sources:
        document.sources.append(answer["source"])
    if answer.get("mode") == "sandbox":
        document.notes.append(_("The ministry's figures are sample data of the local stand-in, not for decisions."))
    document.notes.extend(say(note) for note in answer.get("unapplied", ()))


def _buyer(document: Document, workspace: Workspace, wish: ReportRequest, ministry: Ministry) -> None:
    customer = _requirement(workspace, wish)
    document.sections.append(Section(heading=_("What was looked for"), facts=_wishes(customer)))
    matches = list(
        Match.objects.for_workspace(workspace)
        .filter(requirement=customer, is_dismissed=False, listing__state=ListingState.LIVE)
        .select_related("listing")[:SHOWN_MATCHES]
    )
    document.sections.append(
        Section(
            heading=_("Homes that fit"),
            paragraphs=[_("%(count)s homes fit; the best fit comes first.") % {"count": len(matches)}],
            table=Table(
                columns=[
                    Column(label=_("Listing"), width=2.0),
                    Column(label=_("Price or deposit"), kind=CellKind.MONEY, width=1.4),
                    Column(label=_("Rent"), kind=CellKind.MONEY, width=0.9),
                    Column(label=_("Exclusive area"), kind=CellKind.AREA, width=1.6),
                    Column(label=_("Score"), kind=CellKind.NUMBER, width=0.6),
                    Column(label=_("Why it matched"), width=1.9),
                    Column(label=_("To be asked"), width=1.3),
                ],
                rows=[
                    [
                        " ".join(
                            part for part in (match.listing.title or match.listing.address, floor_of(match.listing))
                        ),
                        match.listing.price,
                        match.listing.rent,
                        match.listing.exclusive_m2,
                        round(match.score),
                        ", ".join(word(reason) for reason in match.reasons),
                        ", ".join(word(miss) for miss in match.misses),
                    ]
                    for match in matches
                ],
                empty=_("No live listing meets all of these conditions."),
            ),
        )
    )
    if matches:
        best = matches[0].listing
        _add_deals(
            document, workspace, wish, ministry, region=best.region_code, name=best.title, size=best.exclusive_m2
        )


def _wishes(customer: Requirement) -> list[Fact]:
    table = regions()
    places = [region.name for code in customer.region_codes if (region := table.get(code))]
    pairs = [
        (_("Trade"), word(customer.trade)),
        (_("Type"), ", ".join(word(kind) for kind in customer.property_types)),
        (_("Region"), ", ".join(places)),
        (_("Price or deposit up to"), manwon(customer.price_max) if customer.price_max is not None else ""),
        (_("Rent up to"), manwon(customer.rent_max) if customer.rent_max is not None else ""),
        (_("Area from"), area(customer.area_min) if customer.area_min else ""),
        (_("Lowest floor"), str(customer.floor_min) if customer.floor_min is not None else ""),
        (_("Rooms at least"), str(customer.rooms_min) if customer.rooms_min else ""),
        (_("Direction"), ", ".join(word(side) for side in customer.directions)),
        (_("Move-in by"), customer.move_in_by.isoformat() if customer.move_in_by else ""),
    ]
    return [Fact(label=label, value=value) for label, value in pairs if value]


def _market(document: Document, workspace: Workspace, wish: ReportRequest, ministry: Ministry) -> None:
    place = _region(wish)
    found = ministry(
        workspace, "market_report", {"region": place.name, "months": wish.months, "kind": wish.property_type}
    )
    if found.problem:
        document.notes.append(_("Reported sales could not be read: %(why)s") % {"why": say(found.problem)})
    else:
        _market_deals(document, found.answer)
    rows = Listing.objects.for_workspace(workspace).filter(state=ListingState.LIVE)
    rows = rows.filter(selectors.region_filter(place.code))
    since = timezone.now() - timedelta(days=30)
    lines: list[list[Any]] = []
    for trade in ("sale", "jeonse", "monthly"):
        offers = rows.filter(trade=trade, price__gt=0)
        prices = list(offers.values_list("price", "exclusive_m2").order_by("price")[:20_000])
        if prices:
            per_m2 = [price / size for price, size in prices if size]
            lines.append(
                [
                    word(trade),
                    len(prices),
                    offers.filter(first_seen__gte=since).count(),
                    offers.filter(price_changed_at__gte=since).count(),
                    int(median(price for price, _size in prices)),
                    round(median(per_m2), 1) if per_m2 else None,
                ]
            )
    document.sections.append(
        Section(
            heading=_("What is on offer"),
            table=Table(
                columns=[
                    Column(label=_("Trade")),
                    Column(label=_("Listings"), kind=CellKind.NUMBER),
                    Column(label=_("New in 30 days"), kind=CellKind.NUMBER),
                    Column(label=_("Price changed in 30 days"), kind=CellKind.NUMBER),
                    Column(label=_("Median asking price"), kind=CellKind.MONEY, width=1.4),
                    Column(label=_("Median per ㎡"), kind=CellKind.MONEY, width=1.2),
                ],
                rows=lines,
                empty=_("This workspace has no live listing in this region."),
            ),
        )
    )


def _market_deals(document: Document, answer: dict[str, Any]) -> None:
    _cite(document, answer)
    document.notes.extend(say(note) for note in answer["notes"])
    facts = []
    if answer["change_percent"] is not None:
        facts.append(Fact(label=_("Change over the period"), value=f"{answer['change_percent']:+.1f} %"))
    if answer["jeonse_ratio"] is not None:
        facts.append(Fact(label=_("Jeonse ratio"), value=f"{100 * answer['jeonse_ratio']:.1f} %"))
    months = answer["months"]
    document.sections.append(
        Section(
            heading=_("Reported sales by month"),
            paragraphs=[say(answer["empty_reason"])] if answer.get("empty_reason") else [],
            facts=facts,
            chart=Chart(
                label=_("Median per ㎡, 10,000 won"),
                names=[row["month"][2:] for row in months],
                values=[row["median_per_m2_manwon"] for row in months],
            )
            if months
            else None,
            table=Table(
                columns=[
                    Column(label=_("Month")),
                    Column(label=_("Deals"), kind=CellKind.NUMBER),
                    Column(label=_("Median price"), kind=CellKind.MONEY),
                    Column(label=_("Median per ㎡"), kind=CellKind.MONEY),
                ],
                rows=[
                    [row["month"], row["deals"], row["median_price_manwon"], row["median_per_m2_manwon"]]
                    for row in months
                ],
                empty=say(answer.get("empty_reason", "")),
            ),
        )
    )
    for heading, key in ((_("By dong"), "dongs"), (_("Most traded complexes"), "complexes"), (_("By size"), "sizes")):
        if answer[key]:
            document.sections.append(Section(heading=heading, table=_groups(answer[key])))
    if answer["forecast"]:
        document.sections.append(
            Section(
                heading=_("Forecast"),
                paragraphs=[_("Damped trend over the months above; the interval holds four out of five times.")],
                table=Table(
                    columns=[
                        Column(label=_("Months ahead"), kind=CellKind.NUMBER),
                        Column(label=_("Per ㎡"), kind=CellKind.MONEY),
                        Column(label=_("Low"), kind=CellKind.MONEY),
                        Column(label=_("High"), kind=CellKind.MONEY),
                    ],
                    rows=[
                        [row["months_ahead"], row["per_m2_manwon"], row["low"], row["high"]]
                        for row in answer["forecast"]
                    ],
                ),
            )
        )


def _groups(rows: list[dict[str, Any]]) -> Table:
    return Table(
        columns=[
            Column(label=_("Name"), width=2.0),
            Column(label=_("Deals"), kind=CellKind.NUMBER),
            Column(label=_("Median price"), kind=CellKind.MONEY),
            Column(label=_("Median per ㎡"), kind=CellKind.MONEY),
        ],
        rows=[[row["name"], row["deals"], row["median_price_manwon"], row["median_per_m2_manwon"]] for row in rows],
    )
