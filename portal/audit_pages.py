"""The audit trail of a workspace, filtered, paged and exported; and the table of who may do what."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.accounts.oauth.scopes import PERMISSION_SCOPES
from portal.common.errors import FieldProblem, Invalid, NotFound
from portal.common.json import dumps
from portal.workspace_pages import ROLES
from portal.workspaces.models import AuditEntry
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import AUDITOR, MATRIX, Permission
from portal.workspaces.services import Actor, audit

PAGE_SIZE = 50
COLUMNS = (
    "created_at",
    "actor_label",
    "actor_id",
    "verb",
    "target_type",
    "target_id",
    "target_label",
    "address",
    "before",
    "after",
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the trail is asked for; empty fields ask for everything."""

    who: str = ""
    verb: str = ""
    target: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, query: QueryDict) -> Filter:
        """The filter of a query string; `Invalid` names a day that is none."""
        days: dict[str, date | None] = {}
        for name in ("since", "until"):
            text = query.get(name, "").strip()
            try:
                days[name] = parse_date(text) if text else None
            except ValueError:
                days[name] = None
            if text and days[name] is None:
                problem = FieldProblem(name, _("This is no day."), _("Write it as 2026-01-31."))
                raise Invalid(_("The filter cannot be used."), problems=[problem])
        texts = {name: query.get(name, "").strip().replace("\0", "")[:200] for name in ("who", "verb", "target")}
        return cls(**texts, **days)

    def apply(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        zone = timezone.get_current_timezone()
        if self.who:
            entries = entries.filter(actor_label__icontains=self.who)
        if self.verb:
            entries = entries.filter(verb=self.verb)
        if self.target:
            entries = entries.filter(Q(target_label__icontains=self.target) | Q(target_id=self.target))
        if self.since:
            entries = entries.filter(created_at__gte=datetime.combine(self.since, time.min, zone))
        if self.until:
            entries = entries.filter(created_at__lt=datetime.combine(self.until + timedelta(days=1), time.min, zone))
        return entries


def _trail(actor: Actor, wanted: Filter) -> QuerySet[AuditEntry]:
    return wanted.apply(AuditEntry.objects.filter(workspace_id=actor.workspace.pk))


@require_GET
@workspace_page(Permission.AUDIT_READ)
def audit_trail(request: HttpRequest, actor: Actor) -> HttpResponse:
    problem = ""
    try:
        wanted = Filter.read(request.GET)
    except Invalid as error:
        wanted, problem = Filter(), error.explain()
    everything = AuditEntry.objects.filter(workspace_id=actor.workspace.pk)
    page = {
        "entries": Paginator(_trail(actor, wanted), PAGE_SIZE).get_page(request.GET.get("page")),
        "wanted": wanted,
        "problem": problem,
        "verbs": list(everything.order_by("verb").values_list("verb", flat=True).distinct()),
        "query": request.GET.urlencode(),
    }
    return render(request, "portal/audit.html", page, status=422 if problem else 200)


class _Line:
    """A file for the csv writer that gives each line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def _values(entry: AuditEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in COLUMNS}


def _as_csv(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Line())
    # Without this mark, spreadsheets take Korean for something else.
    yield "\ufeff" + writer.writerow(COLUMNS)
    for entry in entries.iterator(1000):
        values = _values(entry) | {"created_at": entry.created_at.isoformat()}
        for name in ("before", "after"):
            values[name] = json.dumps(values[name], ensure_ascii=False) if values[name] is not None else ""
        yield writer.writerow([_harmless(value) for value in values.values()])


def _harmless(value: Any) -> str:
    """Text that a spreadsheet does not run: a formula is shown as text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _as_json(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    yield "["
    for number, entry in enumerate(entries.iterator(1000)):
        yield ("," if number else "") + "\n" + dumps(_values(entry))
    yield "\n]\n"


@require_GET
@workspace_page(Permission.AUDIT_READ)
def audit_export(request: HttpRequest, actor: Actor, kind: str) -> StreamingHttpResponse:
    """The filtered trail as a file; that it was taken out is itself in the trail."""
    if kind not in {"csv", "json"}:
        raise NotFound(_("The trail is exported as csv or json."))
    wanted = Filter.read(request.GET)
    audit(actor, "audit.exported", actor.workspace, after={"format": kind, "filter": request.GET.urlencode()[:500]})
    found = _trail(actor, wanted)
    lines, media = (_as_csv(found), "text/csv") if kind == "csv" else (_as_json(found), "application/json")
    response = StreamingHttpResponse(lines, content_type=f"{media}; charset=utf-8")
    name = f"audit-{actor.workspace.slug}-{timezone.localdate():%Y%m%d}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@workspace_page(Permission.MEMBER_READ)
def permissions(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every permission by its name, and the roles that hold it."""
    roles = [(role, ROLES[role.value]) for role in reversed(MATRIX)]
    rows = [
        {
            "name": permission.value,
            "text": PERMISSION_SCOPES[permission.value],
            "roles": [permission in MATRIX[role] for role, _words in roles],
            "auditor": permission in AUDITOR,
        }
        for permission in Permission
    ]
    page = {"roles": [words for _role, words in roles], "rows": rows, "own": actor.role, "is_auditor": actor.is_auditor}
    return render(request, "portal/permissions.html", page)
