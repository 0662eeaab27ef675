"""The list of runs: what its query string means, which columns it shows, and filters that a person keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound
from portal.workspaces.services import Actor
from workflows import payloads, selectors
from workflows.models import Execution
from workflows.run_models import SavedFilter

FIELDS = ("q", "state", "source", "workflow", "version", "server", "tool", "caller", "argument", "result", "from", "to")
#: Filters below "More filters".
FOLDED = ("version", "tool", "caller", "argument", "result", "from", "to")
#: Beside the name of the run, which is always there.
COLUMNS = {
    "state": _("State"),
    "source": _("Trigger"),
    "caller": _("Caller"),
    "version": _("Version"),
    "tool": _("Tool"),
    "started": _("Started"),
    "queue": _("Queue"),
    "duration": _("Duration"),
}
USUAL_COLUMNS = ("state", "source", "caller", "started", "duration")
MAX_FILTERS = 30


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters that were understood, by name, and the columns to show."""

    values: dict[str, str]
    columns: tuple[str, ...]

    @property
    def is_filtered(self) -> bool:
        return any(self.values.values())

    @property
    def hidden_count(self) -> int:
        """How many filters are set that the first row does not show."""
        return sum(
            bool(self.values[name]) for name in ("version", "tool", "caller", "argument", "result", "from", "to")
        )

    def query(self) -> str:
        """The shortest query string that gives this list again."""
        pairs = [(name, value) for name, value in self.values.items() if value]
        if self.columns != USUAL_COLUMNS:
            pairs += [("column", name) for name in self.columns]
        return urlencode(pairs)


def filtered(actor: Actor, query: Any) -> tuple[QuerySet[Execution], Chosen]:
    """The runs that fit a query string (a QueryDict); what cannot be understood is left out of `Chosen`."""
    values = {name: str(query.get(name, "")).strip()[:300] for name in FIELDS}
    found = selectors.executions_of(actor.workspace)
    for name, choices in (("state", Execution.State.values), ("source", Execution.Source.values)):
        if values[name] not in choices:
            values[name] = ""
    for name, column in (("workflow", "workflow_id"), ("server", "deployment_id")):
        if values[name]:
            try:
                found = found.filter(**{column: UUID(values[name])})
            except ValueError:
                values[name] = ""
    if values["state"]:
        found = found.filter(state=values["state"])
    if values["source"]:
        found = found.filter(source=values["source"])
    if values["version"]:
        number = values["version"].removeprefix("v")
        found = found.filter(version=None) if number == "draft" else found.filter(_version(number))
    if values["tool"]:
        found = found.filter(tool=values["tool"])
    if values["caller"]:
        found = found.filter(
            Q(caller__label__icontains=values["caller"]) | Q(caller__client_name__icontains=values["caller"])
        )
    for name, column in (("argument", "input"), ("result", "output")):
        if values[name]:
            found = found.filter(_at(column, values[name]), payloads.openable(actor))
    for name, lookup in (("from", "created_at__gte"), ("to", "created_at__lte")):
        if values[name]:
            moment = _moment(values[name])
            if moment is None:
                values[name] = ""
            else:
                found = found.filter(**{lookup: moment})
    if values["q"]:
        found = found.filter(_matching(actor, values["q"]))
    asked = [name for name in query.getlist("column") if name in COLUMNS]
    columns = tuple(name for name in COLUMNS if name in asked) if asked else USUAL_COLUMNS
    return found, Chosen(values, columns)


def _version(number: str) -> Q:
    return Q(version__number=int(number)) if number.isdigit() and len(number) < 9 else Q(pk=None)


def _moment(text: str) -> datetime | None:
    from django.utils import timezone

    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(found) if found is not None and timezone.is_naive(found) else found


def _matching(actor: Actor, text: str) -> Q:
    """`argument.path=value` and `result.path=value` look into the payloads; other words into names."""
    for prefix, column in (("argument.", "input"), ("result.", "output")):
        if text.startswith(prefix) and "=" in text:
            return _at(column, text.removeprefix(prefix)) & payloads.openable(actor)
    words = Q(tool__icontains=text) | Q(workflow__name__icontains=text) | Q(caller__label__icontains=text)
    try:
        return words | Q(pk=UUID(text))
    except ValueError:
        return words


def _at(column: str, condition: str) -> Q:
    """`path=value`: a JSON path that equals a value, as text, number or truth value. Without `=`: the path is there."""
    path, equals, value = condition.partition("=")
    keys: list[Any] = [int(part) if part.isdigit() else part for part in path.strip().split(".") if part]
    if not equals or not keys:
        return Q(**{f"{column}__has_key": str(keys[0])}) if keys else Q(pk=None)
    value = value.strip()
    candidates: list[Any] = [value]
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = value
    if parsed != value:
        candidates.append(parsed)
    wanted = Q()
    for candidate in candidates:
        nested: Any = candidate
        for key in reversed(keys):
            nested = [nested] if isinstance(key, int) else {key: nested}
        wanted |= Q(**{f"{column}__contains": nested})
    return wanted


# Kept filters ------------------------------------------------------------------------------------------------


def filters_of(actor: Actor) -> QuerySet[SavedFilter]:
    return SavedFilter.objects.for_workspace(actor.workspace).filter(user=actor.user)


@transaction.atomic
def save_filter(actor: Actor, name: str, query: str) -> SavedFilter:
    """Keep a query string under a name, in place of an earlier one of that name."""
    name = name.strip()
    if not name or len(name) > 60:
        raise Invalid("The filter has no usable name.", problems=[FieldProblem("name", "Use 1 to 60 characters.")])
    known = (*FIELDS, "column")
    pairs = [(key, value) for key, value in parse_qsl(query.lstrip("?")) if key in known]
    if not pairs:
        raise Invalid("There is nothing to keep yet.", remedy="Choose a filter or a column first.")
    if filters_of(actor).exclude(name=name).count() >= MAX_FILTERS:
        raise Conflict(f"At most {MAX_FILTERS} filters can be kept.", remedy="Delete one first.")
    defaults: Mapping[str, Any] = {"query": urlencode(pairs)[:1000]}
    kept, _made = SavedFilter.objects.update_or_create(
        workspace=actor.workspace, user=actor.user, name=name, defaults=defaults
    )
    return kept


def delete_filter(actor: Actor, filter_id: UUID) -> None:
    count, _rows = filters_of(actor).filter(pk=filter_id).delete()
    if not count:
        raise NotFound("There is no such filter.")
