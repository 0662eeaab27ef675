"""Charts as plotly figures: plain data, drawn by the page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from procurement.models import KINDS


def price_history(months: list[dict[str, Any]]) -> dict[str, Any]:
    """Median unit price per month with the span from lowest to highest, and quantities below."""
    x = [point["month"] for point in months]
    band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    return {
        "data": [
            {"x": x, "y": [point["highest"] for point in months], **band},
            {
                "x": x,
                "y": [point["lowest"] for point in months],
                **band,
                "fill": "tonexty",
                "fillcolor": "rgba(120,140,180,0.18)",
            },
            {
                "x": x,
                "y": [point["median"] for point in months],
                "mode": "lines+markers",
                "name": _("Median unit price (won)"),
                "line": {"width": 2, "color": "var(--series-1)"},
                "hovertemplate": "%{x}: %{y:,} ₩<extra></extra>",
            },
            {
                "x": x,
                "y": [float(point["quantity"]) for point in months],
                "type": "bar",
                "name": _("Quantity"),
                "yaxis": "y2",
                "opacity": 0.35,
                "marker": {"color": "var(--series-2)"},
            },
        ],
        "layout": {
            "height": 320,
            "yaxis": {"title": {"text": _("won")}, "tickformat": ",", "rangemode": "tozero"},
            "yaxis2": {
                "overlaying": "y",
                "side": "right",
                "showgrid": False,
                "rangemode": "tozero",
                "tickformat": ",d",
            },
            "xaxis": {"type": "category"},
        },
    }


def award_rates(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Average award rate per month, one line per kind of purchase."""
    names = {"Thng": _("goods"), "Servc": _("services"), "Cnstwk": _("works"), "Frgcpt": _("foreign")}
    data = []
    for kind, _word in KINDS:
        own = [row for row in rows if row["kind"] == kind]
        if own:
            data.append(
                {
                    "x": [f"{row['month']:%Y-%m}" for row in own],
                    "y": [round(float(row["rate"]), 2) for row in own],
                    "customdata": [row["number"] for row in own],
                    "mode": "lines+markers",
                    "name": names.get(kind, kind),
                    "hovertemplate": "%{x}: %{y} % (%{customdata})<extra></extra>",
                }
            )
    return {
        "data": data,
        "layout": {
            "height": 260,
            "xaxis": {"type": "category"},
            "yaxis": {"title": {"text": _("Award rate, percent")}},
        },
    }
