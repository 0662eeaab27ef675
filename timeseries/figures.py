"""Job results and previews as plotly figures; colours are names of the page's design tokens."""

from __future__ import annotations

from typing import Any

Figure = dict[str, Any]
LINE = "var(--series-1)"
OTHER = "var(--series-2)"
ALARM = "var(--series-4)"
NUMBERS = {"type": "linear"}


def dataset_figure(preview: dict[str, Any], labels: list[dict[str, Any]]) -> Figure:
    """Every column as a line; planted anomalies as shaded stretches."""
    data = [
        {"x": preview["x"], "y": values, "type": "scatter", "mode": "lines", "name": name, "line": {"width": 1.5}}
        for name, values in preview.get("columns", {}).items()
    ]
    shapes = [_band(_place(preview, label["start"]), _place(preview, label["end"])) for label in labels]
    return {"data": data, "layout": {"shapes": shapes, "hovermode": "x unified", "yaxis": NUMBERS}}


def _place(preview: dict[str, Any], row: int) -> Any:
    """Where a row stands on the chart: the nearest kept point."""
    rows = preview["rows"]
    nearest = min(range(len(rows)), key=lambda index: abs(rows[index] - row))
    return preview["x"][nearest]


def _band(start: Any, end: Any) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": start,
        "x1": end,
        "y0": 0,
        "y1": 1,
        "fillcolor": ALARM,
        "opacity": 0.18,
        "line": {"width": 1, "color": ALARM},
    }


def forecast_figure(result: dict[str, Any], words: dict[str, str]) -> Figure:
    """History, forecast and its interval; members of an ensemble as thin lines."""
    history = result["history"]
    target = next(iter(history["columns"].values()))
    ahead = [row[0] for row in result["predictions"]]
    x = result["timestamps"] or list(range(history["total"], history["total"] + len(ahead)))
    level = f"{result['confidence_level']:.0%}"
    data: list[dict[str, Any]] = [
        {"x": history["x"], "y": target, "mode": "lines", "name": words["history"], "line": {"color": LINE}},
        {
            "x": [*x, *reversed(x)],
            "y": [*result["upper"], *reversed(result["lower"])],
            "fill": "toself",
            "mode": "lines",
            "line": {"width": 0, "color": OTHER},
            "opacity": 0.35,
            "hoverinfo": "skip",
            "name": f"{words['interval']} {level}",
        },
        {"x": x, "y": ahead, "mode": "lines", "name": words["forecast"], "line": {"color": OTHER, "width": 2}},
    ]
    for member in result.get("members", []):
        name = f"{member['model']} ({member['weight']:.0%})"
        data.append(
            {"x": x, "y": member["predictions"], "mode": "lines", "name": name, "line": {"width": 1, "dash": "dot"}}
        )
    return {"data": data, "layout": {"hovermode": "x unified", "yaxis": NUMBERS}}


def anomaly_figure(result: dict[str, Any], words: dict[str, str]) -> Figure:
    """The rows with their events shaded, and below them the scores with the threshold."""
    chart = result["chart"]
    target = next(iter(chart["columns"].values()))
    scores = [result["scores"][row] for row in chart["rows"]]
    x = chart["x"]
    events = result["anomalies"]
    data = [
        {"x": x, "y": target, "mode": "lines", "name": words["observed"], "line": {"color": LINE, "width": 1.5}},
        {
            "x": [_place(chart, event["peak"]) for event in events],
            "y": [event["actual"] for event in events],
            "mode": "markers",
            "name": words["event"],
            "marker": {"color": ALARM, "size": 9},
        },
        {
            "x": x,
            "y": scores,
            "mode": "lines",
            "name": words["score"],
            "yaxis": "y2",
            "line": {"color": OTHER, "width": 1},
        },
    ]
    shapes = [_band(_place(chart, event["start"]), _place(chart, event["end"])) for event in events]
    shapes.append(
        {
            "type": "line",
            "xref": "paper",
            "yref": "y2",
            "x0": 0,
            "x1": 1,
            "y0": result["threshold"],
            "y1": result["threshold"],
            "line": {"color": ALARM, "dash": "dash", "width": 1},
        }
    )
    layout = {
        "shapes": shapes,
        "yaxis": {**NUMBERS, "domain": [0.36, 1]},
        "yaxis2": {**NUMBERS, "domain": [0, 0.28], "title": words["score"]},
        "xaxis": {"anchor": "y2"},
        "hovermode": "x unified",
    }
    return {"data": data, "layout": layout}


def loss_figure(losses: list[list[float | None]], words: dict[str, str]) -> Figure:
    """Training and validation loss by epoch."""
    steps = list(range(1, len(losses) + 1))
    data = [{"x": steps, "y": [pair[0] for pair in losses], "mode": "lines", "name": words["loss"]}]
    if any(pair[1] is not None for pair in losses):
        data.append({"x": steps, "y": [pair[1] for pair in losses], "mode": "lines", "name": words["validation"]})
    return {"data": data, "layout": {"xaxis": {"title": words["epoch"]}, "yaxis": NUMBERS}}
