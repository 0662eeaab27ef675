"""Money, areas and words of listings."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import json_script
from django.utils.translation import get_language, override, pgettext_lazy

from properties.normalise.areas import to_pyeong

register = template.Library()

WORDS: dict[str, Any] = {
    "sale": pgettext_lazy("trade", "Sale"),
    "jeonse": pgettext_lazy("trade", "Jeonse"),
    "monthly": pgettext_lazy("trade", "Monthly rent"),
    "short": pgettext_lazy("trade", "Short let"),
    "apartment": pgettext_lazy("property", "Apartment"),
    "officetel": pgettext_lazy("property", "Officetel"),
    "presale": pgettext_lazy("property", "Pre-sale right"),
    "redevelopment": pgettext_lazy("property", "Redevelopment"),
    "villa": pgettext_lazy("property", "Villa"),
    "one_room": pgettext_lazy("property", "Studio"),
    "house": pgettext_lazy("property", "House"),
    "mixed": pgettext_lazy("property", "Shop with flat"),
    "shop": pgettext_lazy("property", "Shop"),
    "office": pgettext_lazy("property", "Office"),
    "building": pgettext_lazy("property", "Building"),
    "factory": pgettext_lazy("property", "Factory"),
    "land": pgettext_lazy("property", "Land"),
    "knowledge_centre": pgettext_lazy("property", "Knowledge centre"),
    "S": pgettext_lazy("direction", "South"),
    "E": pgettext_lazy("direction", "East"),
    "W": pgettext_lazy("direction", "West"),
    "N": pgettext_lazy("direction", "North"),
    "SE": pgettext_lazy("direction", "South-east"),
    "SW": pgettext_lazy("direction", "South-west"),
    "NE": pgettext_lazy("direction", "North-east"),
    "NW": pgettext_lazy("direction", "North-west"),
    "low": pgettext_lazy("floor", "low"),
    "mid": pgettext_lazy("floor", "middle"),
    "high": pgettext_lazy("floor", "high"),
    "complete": pgettext_lazy("outcome", "Complete"),
    "partial": pgettext_lazy("outcome", "Partial"),
    "blocked": pgettext_lazy("outcome", "Blocked"),
    "refused": pgettext_lazy("outcome", "Refused"),
    "own_listings": pgettext_lazy("ground", "Own listings"),
    "written_permission": pgettext_lazy("ground", "Written permission"),
    "licensed_feed": pgettext_lazy("ground", "Licensed feed"),
    "other": pgettext_lazy("ground", "Other ground"),
    # What a match or a comparison names.
    "trade": pgettext_lazy("reason", "Trade"),
    "property_type": pgettext_lazy("reason", "Type"),
    "region": pgettext_lazy("reason", "Region"),
    "distance": pgettext_lazy("reason", "Distance"),
    "drawn_area": pgettext_lazy("reason", "Drawn area"),
    "price": pgettext_lazy("reason", "Price"),
    "rent": pgettext_lazy("reason", "Rent"),
    "area": pgettext_lazy("reason", "Area"),
    "floor": pgettext_lazy("reason", "Floor"),
    "rooms": pgettext_lazy("reason", "Rooms"),
    "direction": pgettext_lazy("reason", "Direction"),
    "place": pgettext_lazy("reason", "Place"),
    "commute": pgettext_lazy("reason", "Way to work"),
    "school": pgettext_lazy("reason", "Way to school"),
    "sunny": pgettext_lazy("reason", "Facing the sun"),
    "prior": pgettext_lazy("reason", "Starting point"),
    "floor_equal": pgettext_lazy("reason", "Same floor"),
    "floor_in_band": pgettext_lazy("reason", "Floor fits the masked one"),
    "floor_band_equal": pgettext_lazy("reason", "Same masked floor"),
    "floor_band_edge": pgettext_lazy("reason", "Floor at the edge of the masked one"),
    "building_equal": pgettext_lazy("reason", "Same building"),
    "direction_equal": pgettext_lazy("reason", "Same direction"),
    "direction_near": pgettext_lazy("reason", "Direction differs a little"),
    "storeys_equal": pgettext_lazy("reason", "Same number of storeys"),
    "storeys_differ": pgettext_lazy("reason", "Storeys differ by one"),
    "rooms_equal": pgettext_lazy("reason", "Same number of rooms"),
    "rooms_differ": pgettext_lazy("reason", "Rooms differ"),
    "area_exact": pgettext_lazy("reason", "Same area to two digits"),
    "area_plan_differs": pgettext_lazy("reason", "Another plan of this size"),
    "area_close": pgettext_lazy("reason", "Area close"),
    "supply_exact": pgettext_lazy("reason", "Same supply area"),
    "supply_differs": pgettext_lazy("reason", "Supply area differs"),
    "price_equal": pgettext_lazy("reason", "Same price"),
    "price_close": pgettext_lazy("reason", "Price within 2 %"),
    "price_near": pgettext_lazy("reason", "Price within 4.5 %"),
    "price_far": pgettext_lazy("reason", "Price within 9 %"),
    "price_very_far": pgettext_lazy("reason", "Price far apart"),
    "rent_equal": pgettext_lazy("reason", "Same rent"),
    "name_equal": pgettext_lazy("reason", "Same name"),
    "name_similar": pgettext_lazy("reason", "Similar name"),
    "name_number_missing": pgettext_lazy("reason", "One name lacks its number"),
    "same_spot": pgettext_lazy("reason", "Same spot"),
    "near": pgettext_lazy("reason", "Nearby"),
    "photos_equal": pgettext_lazy("reason", "Same photos"),
    "text_equal": pgettext_lazy("reason", "Same text"),
    "platform_keeps_apart": pgettext_lazy("reason", "The platform keeps them apart"),
}


def is_korean() -> bool:
    """Whether the page is in Korean."""
    return (get_language() or "en").startswith("ko")


@register.filter
def manwon(value: Any) -> str:
    """An amount in 만원 the way people write it: "12억 3,000만" in Korean, "₩1,230M" in English."""
    if value in (None, ""):
        return "–"
    amount = int(value)
    if not is_korean():
        return f"₩{amount / 100:,.1f}M".replace(".0M", "M")
    eok, rest = divmod(abs(amount), 10_000)
    parts = ([f"{eok:,}억"] if eok else []) + ([f"{rest:,}만"] if rest or not eok else [])
    return ("-" if amount < 0 else "") + " ".join(parts)


@register.filter
def word(value: Any) -> str:
    """A code of the listing manager in the page's language; unknown ones as they are."""
    text = str(value or "")
    if text.endswith("_unknown") and text[:-8] in WORDS:
        return f"{WORDS[text[:-8]]} ?"
    return str(WORDS.get(text, text))


@register.filter
def area(value: Any) -> str:
    """An area in ㎡ with its 평."""
    if not value:
        return "–"
    return f"{value:g}㎡ · {to_pyeong(float(value)):.1f}" + ("평" if is_korean() else "py")


@register.filter
def floor_of(listing: Any) -> str:
    """Floor and storeys of a listing: "12/25", "high/25"."""
    if listing.floor is not None:
        shown = f"B{-listing.floor}" if listing.floor < 0 else str(listing.floor)
    else:
        shown = word(listing.floor_band) if listing.floor_band else "–"
    return f"{shown}/{listing.floor_total}" if listing.floor_total else shown


@register.filter
def written_rows(table: Any, language: str) -> list[list[dict[str, Any]]]:
    """The rows of a report's table as people of the report's language read them."""
    from properties.reports.document import CellKind, written

    with override(language):
        return [
            [
                {
                    "text": (text := written(value, column.kind)),
                    "is_number": column.kind is not CellKind.TEXT,
                    "is_short": len(text) <= 10,
                }
                for value, column in zip(row, table.columns, strict=True)
            ]
            for row in table.rows
        ]


@register.filter
def figure_of(chart: Any) -> dict[str, Any] | None:
    """A report's chart for the page; None when it has no line to draw."""
    if sum(value is not None for value in chart.values) < 2:
        return None
    line = {"type": "scatter", "mode": "lines+markers", "x": chart.names, "y": chart.values, "connectgaps": False}
    axis = {"title": {"text": chart.label}, "tickformat": ","}
    return {"data": [line], "layout": {"xaxis": {"type": "category"}, "yaxis": axis, "height": 260}}


@register.filter
def figure_script(figure: dict[str, Any], number: int) -> Any:
    """The figure as data of the page, found by its number."""
    return json_script(figure, f"report-figure-{number}")


@register.filter
def signed(value: Any) -> str:
    """A weight with its sign."""
    return f"{float(value):+.1f}"
