"""Charts of the market pages as plotly figures in plain data; colours are the design's tokens, read in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any

Rows = Sequence[Mapping[str, Any]]
UP, DOWN, FLAT = "var(--danger)", "var(--info)", "var(--line-strong)"
HUNDRED_MILLION = 100_000_000


def change_of(rows: Rows) -> dict[str, float] | None:
    """Change of the last close against the one before, in won and per cent."""
    closes = [row["close"] for row in rows if row["close"]]
    if len(closes) < 2:
        return None
    return {"won": closes[-1] - closes[-2], "percent": round((closes[-1] / closes[-2] - 1) * 100, 2)}


def prices(rows: Rows) -> dict[str, Any]:
    """Daily candles with the 20-session mean and its Bollinger bands; halted days are gaps."""
    traded = [row for row in rows if not row["halted"]]
    days = [row["date"] for row in traded]
    closes = [row["close"] for row in traded]
    middle, upper, lower = bands(closes)
    line = {"width": 1}
    data: list[dict[str, Any]] = [
        {"type": "scatter", "x": days, "y": upper, "mode": "lines", "name": "+2σ", "line": line | {"color": FLAT},
         "hoverinfo": "skip", "showlegend": False},
        {"type": "scatter", "x": days, "y": lower, "mode": "lines", "name": "Bollinger 20, 2σ", "fill": "tonexty",
         "line": line | {"color": FLAT}, "fillcolor": "rgba(148,163,184,0.12)", "hoverinfo": "skip"},
        {"type": "candlestick", "x": days, "open": [row["open"] for row in traded],
         "high": [row["high"] for row in traded], "low": [row["low"] for row in traded], "close": closes, "name": "KRW",
         "increasing": {"line": {"color": UP}, "fillcolor": UP},
         "decreasing": {"line": {"color": DOWN}, "fillcolor": DOWN}},
        {"type": "scatter", "x": days, "y": middle, "mode": "lines", "name": "MA 20", "line": {"width": 1.5}},
    ]  # fmt: skip
    layout = {
        "xaxis": {"type": "category", "rangeslider": {"visible": False}, "nticks": 8},
        "yaxis": {"tickformat": ",", "side": "right"},
        "height": 340,
    }
    return {"data": data, "layout": layout}


def trading_values(rows: Rows) -> dict[str, Any]:
    """Trading value in 100 million won with its mean, upper band and marked unusual days."""
    traded = [row for row in rows if row["trading_value"]]
    days = [row["date"] for row in traded]
    values = [row["trading_value"] / HUNDRED_MILLION for row in traded]
    middle, upper, _ = bands(values)
    odd = [
        (row["date"], row["trading_value"] / HUNDRED_MILLION, f"{row['unusual_score']:.1f}")
        for row in traded
        if row["unusual_kind"] in {"unexplained", "with_price_move"}
    ]
    colours = [UP if row["close"] >= row["open"] else DOWN for row in traded]
    data: list[dict[str, Any]] = [
        {"type": "bar", "x": days, "y": values, "marker": {"color": colours, "opacity": 0.75}, "name": "억원"},
        {"type": "scatter", "x": days, "y": middle, "mode": "lines", "name": "MA 20", "line": {"width": 1.5}},
        {"type": "scatter", "x": days, "y": upper, "mode": "lines", "name": "+2σ",
         "line": {"width": 1, "dash": "dot", "color": "var(--ink-faint)"}},
        {"type": "scatter", "x": [item[0] for item in odd], "y": [item[1] for item in odd], "mode": "markers+text",
         "text": [item[2] for item in odd], "textposition": "top center", "name": "score", "cliponaxis": False,
         "marker": {"symbol": "diamond", "size": 9, "color": "var(--state-waiting)"}},
    ]  # fmt: skip
    layout = {
        "xaxis": {"type": "category", "nticks": 8},
        "yaxis": {"tickformat": ",", "side": "right"},
        "height": 260,
        "bargap": 0.25,
    }
    return {"data": data, "layout": layout}


def bands(
    values: Sequence[float], window: int = 20
) -> tuple[list[float | None], list[float | None], list[float | None]]:
    """Moving mean and two spreads above and below; None until the window is full."""
    middle: list[float | None] = []
    upper: list[float | None] = []
    lower: list[float | None] = []
    for number in range(len(values)):
        part = values[max(0, number - window + 1) : number + 1]
        if len(part) < window:
            middle.append(None)
            upper.append(None)
            lower.append(None)
            continue
        mean, spread = fmean(part), pstdev(part)
        middle.append(round(mean, 2))
        upper.append(round(mean + 2 * spread, 2))
        lower.append(round(mean - 2 * spread, 2))
    return middle, upper, lower


def treemap(rows: Rows) -> dict[str, Any]:
    """Industries by trading value inside their board, coloured by change."""
    boards = sorted({row["market"] for row in rows})
    labels = [*boards, *(row["name"] for row in rows)]
    ids = [*boards, *(f"{row['code']}{row['name']}" for row in rows)]
    parents = [*("" for _ in boards), *(row["market"] for row in rows)]
    values = [
        *(sum(row["trading_value"] for row in rows if row["market"] == board) for board in boards),
        *(row["trading_value"] for row in rows),
    ]
    changes = [*(0 for _ in boards), *(row["change_percent"] or 0 for row in rows)]
    texts = [*("" for _ in boards), *(_sector_text(row) for row in rows)]
    trace = {
        "type": "treemap", "ids": ids, "labels": labels, "parents": parents, "values": values, "text": texts,
        "branchvalues": "total", "textinfo": "label+text", "hovertemplate": "%{label}<br>%{text}<extra></extra>",
        "marker": {"colors": changes, "cmin": -3, "cmid": 0, "cmax": 3,
                   "colorscale": [[0, DOWN], [0.5, "var(--surface-sunken)"], [1, UP]],
                   "line": {"width": 1, "color": "var(--surface)"}},
        "root": {"color": "rgba(0,0,0,0)"}, "pathbar": {"visible": False}, "tiling": {"pad": 2},
    }  # fmt: skip
    return {"data": [trace], "layout": {"height": 460, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}}


def _sector_text(row: Mapping[str, Any]) -> str:
    change = "" if row["change_percent"] is None else f" · {row['change_percent']:+.2f} %"
    return f"{row['trading_value'] / HUNDRED_MILLION:,.0f} 억{change}"


def flows(bought: Rows, sold: Rows) -> dict[str, Any]:
    """The strongest net buys and sells as one bar chart, in 100 million won."""
    picked = [*list(bought)[:10], *reversed(list(sold)[:10])]
    picked = [row for row in picked if row["net_amount"] is not None]
    values = [row["net_amount"] / HUNDRED_MILLION for row in picked]
    trace = {
        "type": "bar", "orientation": "h", "y": [row["name"] for row in picked], "x": values,
        "marker": {"color": [UP if value > 0 else DOWN for value in values]},
        "hovertemplate": "%{y}: %{x:,.0f} 억<extra></extra>",
    }  # fmt: skip
    layout = {"height": 480, "yaxis": {"autorange": "reversed"}, "xaxis": {"tickformat": ",", "ticksuffix": "억"}}
    return {"data": [trace], "layout": layout}
