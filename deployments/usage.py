"""Figures about the calls of a server: totals, latency, by tool and client, and the week by hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, FloatField, Max, Q, QuerySet
from django.db.models.aggregates import Aggregate
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Extract, ExtractHour, ExtractIsoWeekDay, TruncHour
from django.utils import timezone

from deployments.models import Deployment
from deployments.selectors import calls_of
from workflows.models import Execution


class _Percentile(Aggregate):
    """PostgreSQL's percentile_cont; the fraction is written into the statement, so it must be our own constant."""

    name = "percentile"
    template = "percentile_cont(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=float(fraction), **extra)


#: From the call's arrival to its end, in seconds.
_SECONDS: Any = Extract(ExpressionWrapper(F("finished_at") - F("created_at"), output_field=DurationField()), "epoch")


@dataclass(frozen=True, slots=True)
class Totals:
    """Calls of a period; durations in seconds, None without a finished call."""

    calls: int
    errors: int
    p50: float | None
    p95: float | None
    last_call: datetime | None

    @property
    def error_share(self) -> float:
        """Percent of the calls that failed."""
        return 100 * self.errors / self.calls if self.calls else 0.0


def _recent(deployment: Deployment, hours: int) -> QuerySet[Execution]:
    return calls_of(deployment).filter(created_at__gte=timezone.now() - timedelta(hours=hours))


_FAILED = Q(state=Execution.State.FAILED)
_DONE = Q(finished_at__isnull=False)


def totals(deployment: Deployment, hours: int = 24) -> Totals:
    found = _recent(deployment, hours).aggregate(
        calls=Count("id"),
        errors=Count("id", filter=_FAILED),
        p50=_Percentile(_SECONDS, 0.5),
        p95=_Percentile(_SECONDS, 0.95),
    )
    last = calls_of(deployment).values_list("created_at", flat=True).first()
    return Totals(**found, last_call=last)


def by_tool(deployment: Deployment, hours: int = 24) -> dict[str, dict[str, Any]]:
    """Calls, errors, p50, p95 and last use of each tool name."""
    rows = (
        _recent(deployment, hours)
        .values("tool")
        .annotate(
            calls=Count("id"),
            errors=Count("id", filter=_FAILED),
            p50=_Percentile(_SECONDS, 0.5),
            p95=_Percentile(_SECONDS, 0.95),
            last_used=Max("created_at"),
        )
        .order_by()
    )
    return {row["tool"]: row for row in rows}


def by_client(deployment: Deployment, hours: int = 168, limit: int = 12) -> list[dict[str, Any]]:
    """Calls and errors of each key and client program, most active first."""
    return list(
        _recent(deployment, hours)
        .annotate(label=KeyTextTransform("label", "caller"), client=KeyTextTransform("client_name", "caller"))
        .values("label", "client")
        .annotate(calls=Count("id"), errors=Count("id", filter=_FAILED), last_used=Max("created_at"))
        .order_by("-calls")[:limit]
    )


def _series(deployment: Deployment, hours: int) -> list[dict[str, Any]]:
    return list(
        _recent(deployment, hours)
        .annotate(hour=TruncHour("created_at"))
        .values("hour")
        .annotate(calls=Count("id"), errors=Count("id", filter=_FAILED), p95=_Percentile(_SECONDS, 0.95))
        .order_by("hour")
    )


#: Width of an hour's bar in milliseconds of the time axis.
_BAR = 2_880_000


def _period(hours: int) -> dict[str, Any]:
    """A time axis over the whole period, so that one busy hour does not fill the picture."""
    now = timezone.localtime()
    return {
        "type": "date",
        "range": [(now - timedelta(hours=hours)).isoformat(), (now + timedelta(hours=1)).isoformat()],
    }


def calls_figure(deployment: Deployment, words: dict[str, str], hours: int = 168) -> dict[str, Any]:
    """Succeeded and failed calls per hour as a plotly figure; `words` names the series."""
    rows = _series(deployment, hours)
    moments = [row["hour"].isoformat() for row in rows]
    return {
        "data": [
            {
                "type": "bar",
                "name": words["succeeded"],
                "x": moments,
                "y": [row["calls"] - row["errors"] for row in rows],
                "marker": {"color": "var(--series-1)"},
                "width": _BAR,
            },
            {
                "type": "bar",
                "name": words["failed"],
                "x": moments,
                "y": [row["errors"] for row in rows],
                "marker": {"color": "var(--state-failed)"},
                "width": _BAR,
            },
        ],
        "layout": {
            "barmode": "stack",
            "xaxis": _period(hours),
            "yaxis": {"rangemode": "tozero", "tickformat": ",d"},
        },
    }


def latency_figure(deployment: Deployment, words: dict[str, str], hours: int = 168) -> dict[str, Any]:
    """The 95th percentile per hour in milliseconds."""
    rows = [row for row in _series(deployment, hours) if row["p95"] is not None]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": words["p95"],
                "x": [row["hour"].isoformat() for row in rows],
                "y": [round(row["p95"] * 1000, 1) for row in rows],
                "line": {"color": "var(--series-2)", "width": 1.75},
                "marker": {"size": 4},
            }
        ],
        "layout": {
            "xaxis": _period(hours),
            "yaxis": {"rangemode": "tozero", "ticksuffix": " ms"},
            "showlegend": False,
        },
    }


def week_figure(deployment: Deployment, days: list[str], weeks: int = 4) -> dict[str, Any]:
    """Calls by weekday and hour as a heat map; `days` are the names from Monday on."""
    zone = timezone.get_current_timezone()
    rows = (
        _recent(deployment, weeks * 168)
        .annotate(day=ExtractIsoWeekDay("created_at", tzinfo=zone), hour=ExtractHour("created_at", tzinfo=zone))
        .values("day", "hour")
        .annotate(calls=Count("id"))
        .order_by()
    )
    grid = [[0] * 24 for _day in range(7)]
    for row in rows:
        grid[row["day"] - 1][row["hour"]] = row["calls"]
    return {
        "data": [
            {
                "type": "heatmap",
                "z": grid,
                "x": [f"{hour:02d}" for hour in range(24)],
                "y": days,
                "colorscale": [[0, "var(--surface-sunken)"], [1, "var(--accent)"]],
                "showscale": False,
                "xgap": 2,
                "ygap": 2,
            }
        ],
        "layout": {"yaxis": {"autorange": "reversed"}, "xaxis": {"type": "category"}},
    }
