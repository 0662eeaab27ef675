"""How much of its quotas a workspace has used: meters, a picture of the last month, and the keys that used it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from deployments.models import DeploymentKey
from portal.accounts.models import ApiKey
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from portal.workspaces.usage import KeyLimits, Limits, daily_history, limits_of, periods, read_meters, used_by_subject

DAYS = 31
_PERIODS = {"day": gettext_lazy("Today"), "month": gettext_lazy("This month")}
_RATES = (
    ("workspace_per_minute", gettext_lazy("Whole workspace")),
    ("key_per_minute", gettext_lazy("Each key or person")),
    ("client_per_minute", gettext_lazy("Each client program")),
    ("tool_per_minute", gettext_lazy("Each tool")),
)


@require_GET
@workspace_page(Permission.DEPLOYMENT_READ)
def usage(request: HttpRequest, actor: Actor) -> HttpResponse:
    limits = limits_of(actor.workspace)
    meters = read_meters(actor.workspace)
    page = {
        "meters": [{"meter": meter, "title": _PERIODS[meter.period]} for meter in meters],
        "plan": actor.workspace.plan,
        "rates": [(title, getattr(limits, name)) for name, title in _RATES],
        "figure": _figure(actor, limits, meters[0].used),
        "keys": _keys(actor),
    }
    return render(request, "portal/usage.html", page)


def _figure(actor: Actor, limits: Limits, today: int) -> dict[str, Any]:
    """Calls of each day, days without any included, under the line of the daily quota."""
    first = periods()[0].starts_on - timedelta(days=DAYS - 1)
    known = {row.starts_on: (row.calls, row.refused) for row in daily_history(actor.workspace, DAYS)}
    days = [first + timedelta(days=n) for n in range(DAYS)]
    calls = [known.get(day, (0, 0))[0] for day in days[:-1]] + [today]
    refused = [known.get(day, (0, 0))[1] for day in days]
    x = [day.isoformat() for day in days]
    data: list[dict[str, Any]] = [
        {"type": "bar", "name": _("Calls"), "x": x, "y": calls, "marker": {"color": "var(--series-1)"}},
        {"type": "bar", "name": _("Refused calls"), "x": x, "y": refused, "marker": {"color": "var(--state-failed)"}},
    ]
    if limits.daily_calls:
        line = {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"}
        # A quota far above the bars would flatten them; the meter tells it then.
        if max(calls) * 5 >= limits.daily_calls:
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": _("Daily quota"),
                    "x": [x[0], x[-1]],
                    "y": [limits.daily_calls] * 2,
                    "line": line,
                }
            )
    layout = {"barmode": "stack", "xaxis": {"type": "date"}, "yaxis": {"rangemode": "tozero", "tickformat": ",d"}}
    return {"data": data, "layout": layout}


def _keys(actor: Actor) -> list[dict[str, Any]]:
    """What each key and person used this month, most first; with its own quota where it has one."""
    used = used_by_subject(actor.workspace)
    server_keys = DeploymentKey.objects.filter(deployment__workspace=actor.workspace).select_related("deployment")
    # Personal keys name no workspace, or another one: the counters say which were used here.
    api_keys = ApiKey.objects.filter(pk__in=[UUID(s.removeprefix("key:")) for s in used if s.startswith("key:")])
    known: dict[str, tuple[str, str, KeyLimits]] = {
        f"key:{key.pk}": (key.label, key.deployment.name, KeyLimits(key.per_minute, key.daily_calls, key.monthly_calls))
        for key in server_keys
    }
    known |= {
        f"key:{key.pk}": (key.label, "REST", KeyLimits(key.per_minute, key.daily_calls, key.monthly_calls))
        for key in api_keys
    }
    rows = []
    for subject, (calls, refused) in used.items():
        label, where, limits = known.get(subject, (_person_or_app(subject), "", KeyLimits()))
        end = limits.monthly_calls
        rows.append({"label": label, "where": where, "calls": calls, "refused": refused, "limit": end})
    return sorted(rows, key=lambda row: -row["calls"])[:50]


def _person_or_app(subject: str) -> str:
    kind = subject.partition(":")[0]
    return {"oauth": _("Connected app"), "user": _("Person in the browser")}.get(kind, _("Deleted key"))
