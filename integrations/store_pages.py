"""The pages of what workflows keep: values by key and tables, with filter, paging, export and deletion."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from integrations.models import DataTable
from integrations.stores import tables, values
from integrations.stores.columns import Column, Condition
from integrations.stores.export import as_csv, as_json
from portal.common.errors import FieldProblem, Invalid, NotFound, PortalError
from portal.settings.env import env
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit

PAGE_SIZE = 50
LONGEST_SHOWN = 400
VALUE_COLUMNS = ("store", "key", "value", "expires_at", "updated_at")
OPERATORS = {
    "eq": "=",
    "ne": "≠",
    "lt": "<",
    "lte": "≤",
    "gt": ">",
    "gte": "≥",
    "contains": gettext_lazy("contains"),
    "starts_with": gettext_lazy("begins with"),
    "empty": gettext_lazy("is empty"),
    "not_empty": gettext_lazy("is not empty"),
}


def shown(value: Any) -> str:
    """A value as one line of text, cut where it gets long."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


@require_GET
@workspace_page(Permission.DATA_READ)
def value_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The values of a store, found by the beginning of their keys."""
    found = values.stores(actor.workspace)
    names = [item["store"] for item in found]
    store = request.GET.get("store", "") or (names[0] if names else "default")
    prefix = request.GET.get("prefix", "").strip()
    rows = Paginator(values.search(actor.workspace, store, prefix=prefix), PAGE_SIZE).get_page(request.GET.get("page"))
    page = {
        "tab": "values",
        "stores": found,
        "store": store,
        "prefix": prefix,
        "rows": rows,
        "lines": [(row, shown(row.value)) for row in rows],
        "usage": values.usage(actor.workspace),
        "max_keys": env().store_max_keys,
        "max_bytes": env().store_max_bytes,
        "query": _without_page(request.GET),
    }
    return render(request, "integrations/value_list.html", page)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def value_delete(request: HttpRequest, actor: Actor) -> HttpResponse:
    store, key = request.POST.get("store", ""), request.POST.get("key", "")
    if values.delete(actor.workspace, store, [key]):
        audit(actor, "value.deleted", actor.workspace, after={"store": store, "key": key})
        messages.success(request, _("“%(name)s” is deleted.") % {"name": key})
    return redirect(f"{reverse('store-values')}?{urlencode({'store': store})}")


@require_GET
@workspace_page(Permission.DATA_READ)
def value_export(request: HttpRequest, actor: Actor, kind: str) -> StreamingHttpResponse:
    store = request.GET.get("store", "") or "default"
    found = values.search(actor.workspace, store, prefix=request.GET.get("prefix", "").strip())
    rows = ({name: _exported(getattr(row, name)) for name in VALUE_COLUMNS} for row in found.iterator(1000))
    return _download(kind, store, VALUE_COLUMNS, rows)


@require_GET
@workspace_page(Permission.DATA_READ)
def table_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    rows, size = tables.usage(actor.workspace)
    page = {
        "tab": "tables",
        "tables": tables.tables(actor.workspace),
        "used_rows": rows,
        "used_bytes": size,
        "max_rows": env().table_max_rows,
        "max_bytes": env().store_max_bytes,
    }
    return render(request, "integrations/table_list.html", page)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def table_create(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new table from its name and lines such as `amount integer required`."""
    try:
        columns = _columns(request.POST.get("columns", ""))
        made = tables.create_table(actor.workspace, request.POST.get("name", "").strip(), columns)
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect("store-tables")
    audit(actor, "table.created", made)
    return redirect("store-table", made.name)


@require_GET
@workspace_page(Permission.DATA_READ)
def table_detail(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """The rows of a table that meet a condition, in the order of a column."""
    table = tables.table_of(actor.workspace, name)
    columns = tables.columns_of(table)
    problem, conditions = "", _conditions(request.GET)
    try:
        found = _search(table, request.GET, conditions)
        rows = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    except Invalid as error:
        problem, rows = error.explain(), Paginator(tables.search(table, []), PAGE_SIZE).get_page(1)
    page = {
        "tab": "tables",
        "table": table,
        "columns": columns,
        "names": [column.name for column in columns],
        "operators": OPERATORS.items(),
        "wanted": conditions[0] if conditions else None,
        "order": request.GET.get("order", ""),
        "rows": rows,
        "lines": [(row, [(one, shown(row.values.get(one.name))) for one in columns]) for row in rows],
        "problem": problem,
        "query": _without_page(request.GET),
    }
    return render(request, "integrations/table_detail.html", page, status=422 if problem else 200)


@require_GET
@workspace_page(Permission.DATA_READ)
def table_export(request: HttpRequest, actor: Actor, name: str, kind: str) -> StreamingHttpResponse:
    table = tables.table_of(actor.workspace, name)
    found = _search(table, request.GET, _conditions(request.GET))
    names = ["id", *[column.name for column in tables.columns_of(table)], "created_at", "updated_at"]
    return _download(kind, name, names, (tables.plain(row) for row in found.iterator(1000)))


@require_POST
@workspace_page(Permission.DATA_WRITE)
def row_delete(request: HttpRequest, actor: Actor, name: str, row_id: UUID) -> HttpResponse:
    condition = Condition(column="id", op="eq", value=str(row_id))
    if not tables.delete(actor.workspace, name, [condition]):
        raise NotFound(_("There is no such row."))
    audit(actor, "row.deleted", tables.table_of(actor.workspace, name), after={"row": str(row_id)})
    messages.success(request, _("The row is deleted."))
    return redirect("store-table", name)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def table_delete(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    table = tables.table_of(actor.workspace, name)
    count = tables.delete_table(actor.workspace, name)
    audit(actor, "table.deleted", actor.workspace, before={"table": table.name, "rows": count})
    text = ngettext(
        "The table is deleted with its %(count)s row.", "The table is deleted with its %(count)s rows.", count
    )
    messages.success(request, text % {"count": count})
    return redirect("store-tables")


def _columns(text: str) -> list[Column]:
    found, problems = [], []
    for number, line in enumerate((line.split() for line in text.splitlines() if line.strip()), 1):
        try:
            kind = line[1] if len(line) > 1 else "text"
            found.append(Column.model_validate({"name": line[0], "kind": kind, "required": "required" in line[2:]}))
        except ValidationError:
            remedy = _(
                "Write a name, a kind (text, integer, number, boolean, date, datetime, json) and perhaps required."
            )
            problems.append(FieldProblem(_("line %(number)s") % {"number": number}, " ".join(line)[:80], remedy))
    if problems:
        raise Invalid(_("The columns cannot be used."), problems=problems)
    return found


def _conditions(query: QueryDict) -> list[Condition]:
    column, op, value = query.get("column", ""), query.get("op", "eq"), query.get("value", "").replace("\0", "")
    if not column or op not in OPERATORS or (not value and op not in ("empty", "not_empty")):
        return []
    return [Condition.model_validate({"column": column[:64], "op": op, "value": value})]


def _search(table: DataTable, query: QueryDict, conditions: Sequence[Condition]) -> Any:
    order = query.get("order", "").replace("\0", "")
    return tables.search(table, conditions, order_by=order.removeprefix("-"), descending=order.startswith("-"))


def _download(kind: str, name: str, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> StreamingHttpResponse:
    if kind not in {"csv", "json"}:
        raise NotFound(_("This is exported as csv or json."))
    lines: Iterator[str] = as_csv(columns, rows) if kind == "csv" else as_json(rows)
    media = "text/csv" if kind == "csv" else "application/json"
    response = StreamingHttpResponse(lines, content_type=f"{media}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y%m%d}.{kind}"'
    response["Cache-Control"] = "no-store"
    return response


def _exported(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _without_page(query: QueryDict) -> str:
    kept = query.copy()
    kept.pop("page", None)
    return kept.urlencode()
