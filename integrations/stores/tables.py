"""Tables with typed columns: rows of one workspace, inserted, changed and asked for by conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, F, Func, JSONField, Max, Q, QuerySet, Sum, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils import timezone

from integrations.models import DataRow, DataTable
from integrations.sdk import FieldProblem
from integrations.stores.columns import Column, Condition, check_columns, typed, typed_row
from integrations.stores.room import StoreFull, as_kept, writing
from integrations.stores.values import check_store
from portal.common.errors import Conflict, Invalid, NotFound
from portal.settings.env import env

MAX_TABLES = 200
MAX_BATCH = 1000
MAX_ROW_BYTES = 256 * 1024
ROOM = "tables"
_ORDERED = {"lt", "lte", "gt", "gte"}


def tables(workspace: Any) -> QuerySet[DataTable]:
    """The workspace's tables, each with the number of its rows (`row_count`) and their bytes (`row_bytes`)."""
    found = DataTable.objects.for_workspace(workspace)
    return found.annotate(row_count=Count("rows"), row_bytes=Sum("rows__size"))  # type: ignore[no-any-return]


def table_of(workspace: Any, name: str) -> DataTable:
    """The table of this name; `NotFound` names what exists."""
    found = DataTable.objects.for_workspace(workspace).filter(name=check_store(name)).first()
    if found is None:
        known = ", ".join(DataTable.objects.for_workspace(workspace).values_list("name", flat=True)[:20])
        raise NotFound(
            f"There is no table {name!r}.",
            code="table_missing",
            remedy=f"Create it first, or use one of: {known}." if known else "Create it first.",
        )
    return found  # type: ignore[no-any-return]


def columns_of(table: DataTable) -> list[Column]:
    return [Column.model_validate(column) for column in table.columns]


def create_table(workspace: Any, name: str, columns: Sequence[Column]) -> DataTable:
    """A new table, or the one of this name when it has the same columns; new optional columns are added to it."""
    check_store(name)
    check_columns(columns)
    with writing(workspace, ROOM):
        found = DataTable.objects.for_workspace(workspace).filter(name=name).first()
        if found is None:
            if DataTable.objects.for_workspace(workspace).count() >= MAX_TABLES:
                raise StoreFull(f"A workspace has {MAX_TABLES} tables at most.", remedy="Delete one first.")
            made = DataTable(workspace_id=getattr(workspace, "pk", workspace), name=name)
            made.columns = [column.model_dump() for column in columns]
            made.save()
            return made
        known = {column.name: column for column in columns_of(found)}
        added = [column for column in columns if column.name not in known]
        changed = [column.name for column in columns if column.name in known and known[column.name] != column]
        changed += [column.name for column in added if column.required]
        if changed:
            raise Conflict(
                f"The table {name!r} exists with other columns: {', '.join(changed)}.",
                remedy="Name the columns as they are, add optional ones, or choose another name.",
            )
        if added:
            check_columns([*known.values(), *added])
            found.columns = [*found.columns, *[column.model_dump() for column in added]]
            found.save()
        return found  # type: ignore[no-any-return]


def delete_table(workspace: Any, name: str) -> int:
    """Delete a table; how many rows went with it."""
    with writing(workspace, ROOM):
        table = table_of(workspace, name)
        count = table.rows.count()
        table.delete()
        return count


def insert(workspace: Any, name: str, rows: Sequence[Mapping[str, Any]]) -> list[DataRow]:
    """Put rows in, all or none; `Invalid` names every wrong value."""
    with writing(workspace, ROOM):
        table = table_of(workspace, name)
        made = [_row(table, values) for values in _typed_rows(table, rows)]
        _check_quota(workspace, len(made), sum(row.size for row in made))
        return list(DataRow.objects.bulk_create(made, batch_size=500))


def upsert(
    workspace: Any, name: str, rows: Sequence[Mapping[str, Any]], match: Sequence[str]
) -> tuple[list[DataRow], list[DataRow]]:
    """Change the rows that agree in the columns of `match`, put the others in; (inserted, updated), all or none."""
    with writing(workspace, ROOM):
        table = table_of(workspace, name)
        typed_rows = _typed_rows(table, rows, match=match)
        inserted: dict[str, DataRow] = {}
        updated: dict[Any, DataRow] = {}
        grown = 0
        for index, values in enumerate(typed_rows):
            wanted = {column: values[column] for column in match}
            key = repr(wanted)
            row = inserted.get(key) or _only(table, wanted, index, updated)
            if row is None:
                inserted[key] = _row(table, values)
                continue
            before = row.size
            _fill(row, {**row.values, **values}, f"rows[{index}]")
            if key not in inserted:
                grown += row.size - before
                updated[row.pk] = row
        _check_quota(workspace, len(inserted), grown + sum(row.size for row in inserted.values()))
        made = DataRow.objects.bulk_create(inserted.values(), batch_size=500)
        for row in updated.values():
            row.updated_at = timezone.now()
        DataRow.objects.bulk_update(updated.values(), ["values", "size", "updated_at"], batch_size=200)
        return list(made), list(updated.values())


def search(
    table: DataTable, where: Sequence[Condition], *, order_by: str = "", descending: bool = False
) -> QuerySet[DataRow]:
    """The rows that meet every condition, in the order of a column (equal ones as they came)."""
    known = {column.name: column for column in columns_of(table)}
    found = DataRow.objects.for_workspace(table.workspace_id).filter(table=table)
    for index, condition in enumerate(where):
        found = _meets(found, known, condition, f"where[{index}]")
    if order_by and order_by not in known and order_by not in ("id", "created_at", "updated_at"):
        problem = FieldProblem("order_by", "The table has no such column.", f"Columns are: {', '.join(known)}.")
        raise Invalid("The rows cannot be ordered so.", problems=[problem])
    column: Any = KeyTransform(order_by, "values") if order_by in known else F(order_by or "id")
    order = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
    return found.order_by(order, "id")  # type: ignore[no-any-return]


def update(workspace: Any, name: str, where: Sequence[Condition], values: Mapping[str, Any]) -> int:
    """Put values into all rows that meet the conditions; how many."""
    with writing(workspace, ROOM):
        table = table_of(workspace, name)
        kept, problems = typed_row(columns_of(table), values, field="values", partial=True)
        if problems or not kept:
            problems = problems or [FieldProblem("values", "There is nothing to change.", "Name a column.")]
            raise Invalid("The values do not fit the table.", problems=problems)
        kept, _ = as_kept(kept)
        ids = list(search(table, where).values_list("pk", flat=True))
        rows = DataRow.objects.filter(pk__in=ids)
        before = rows.aggregate(total=Sum("size"))["total"] or 0
        merged = Func(F("values"), Value(kept, JSONField()), function="", arg_joiner=" || ", output_field=JSONField())
        count = rows.update(values=merged, updated_at=timezone.now())
        rows.update(size=Func(Cast("values", TextField()), function="octet_length"))
        after = rows.aggregate(total=Sum("size"), largest=Max("size"))
        if (after["largest"] or 0) > MAX_ROW_BYTES:
            raise Invalid(f"A row would have more than {MAX_ROW_BYTES:,} bytes.", remedy="Keep less in it.")
        # The new bytes are in already; only what comes on top of them would count.
        if (after["total"] or 0) > before:
            _check_quota(workspace, 0, 0, always=True)
        return count


def delete(workspace: Any, name: str, where: Sequence[Condition]) -> int:
    """Delete the rows that meet every condition; how many."""
    with writing(workspace, ROOM):
        table = table_of(workspace, name)
        ids = list(search(table, where).values_list("pk", flat=True))
        return DataRow.objects.for_workspace(workspace).filter(pk__in=ids).delete()[0]


def usage(workspace: Any) -> tuple[int, int]:
    """Rows and bytes that the workspace keeps in its tables."""
    found = DataRow.objects.for_workspace(workspace).aggregate(rows=Count("pk"), bytes=Sum("size"))
    return found["rows"], found["bytes"] or 0


def plain(row: DataRow) -> dict[str, Any]:
    """A row with its id and times, as actions and exports show it."""
    return {
        "id": str(row.pk),
        **row.values,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }


def _typed_rows(table: DataTable, rows: Sequence[Mapping[str, Any]], match: Sequence[str] = ()) -> list[dict[str, Any]]:
    columns = columns_of(table)
    known = {column.name for column in columns}
    problems = [
        FieldProblem(f"match[{index}]", "The table has no such column.", f"Columns are: {', '.join(sorted(known))}.")
        for index, name in enumerate(match)
        if name not in known
    ]
    kept = []
    for index, row in enumerate(rows):
        values, wrong = typed_row(columns, row, field=f"rows[{index}]")
        problems += wrong
        problems += [
            FieldProblem(f"rows[{index}].{name}", "Rows are matched by this column.", "Give it a value.")
            for name in match
            if name in known and not wrong and values.get(name) is None
        ]
        kept.append(values)
    if problems:
        raise Invalid("The rows do not fit the table.", problems=problems[:50])
    return kept


def _row(table: DataTable, values: dict[str, Any]) -> DataRow:
    row = DataRow(workspace_id=table.workspace_id, table=table)
    _fill(row, values, "rows")
    return row


def _fill(row: DataRow, values: dict[str, Any], field: str) -> None:
    row.values, row.size = as_kept(values)
    if row.size > MAX_ROW_BYTES:
        problem = FieldProblem(field, f"It has {row.size:,} bytes.", f"Keep at most {MAX_ROW_BYTES:,} in a row.")
        raise Invalid("The row is too large.", problems=[problem])


def _only(table: DataTable, wanted: dict[str, Any], index: int, updated: dict[Any, DataRow]) -> DataRow | None:
    found = list(DataRow.objects.filter(table=table, values__contains=wanted)[:2])
    if len(found) > 1:
        raise Conflict(
            f"Row {index + 1} matches more than one row of {table.name!r}.",
            remedy="Match by columns that tell rows apart, or delete the doubles.",
        )
    return updated.get(found[0].pk, found[0]) if found else None


def _meets(found: Any, known: dict[str, Column], condition: Condition, field: str) -> Any:
    name, op, value = condition.column, condition.op, condition.value
    if name == "id":
        return _meets_id(found, condition, field)
    column = known.get(name)
    if column is None:
        problem = FieldProblem(f"{field}.column", "The table has no such column.", f"Columns are: {', '.join(known)}.")
        raise Invalid("The condition cannot be used.", problems=[problem])
    if op in ("empty", "not_empty"):
        is_empty = Q(values__contains={name: None}) | ~Q(values__has_key=name)
        return found.filter(is_empty) if op == "empty" else found.exclude(is_empty)
    if op in ("contains", "starts_with"):
        lookup = "icontains" if op == "contains" else "startswith"
        alias = f"text_{field[6:-1]}"
        return found.alias(**{alias: KeyTextTransform(name, "values")}).filter(**{f"{alias}__{lookup}": str(value)})
    values = value if op == "in" and isinstance(value, list) else [value]
    try:
        wanted = [typed(column.model_copy(update={"required": False}), one) for one in values]
    except ValueError as error:
        problem = FieldProblem(f"{field}.value", str(error), f"Give a value of kind {column.kind}.")
        raise Invalid("The condition cannot be used.", problems=[problem]) from None
    if op in _ORDERED:
        if column.kind in ("json", "boolean") or wanted[0] is None:
            problem = FieldProblem(f"{field}.op", f"{column.kind} values have no order here.", "Use eq, ne or in.")
            raise Invalid("The condition cannot be used.", problems=[problem])
        return _ordered(found, column, op, wanted[0], alias=f"value_{field[6:-1]}")
    either = Q(pk__in=[])
    for one in wanted:
        either |= Q(values__contains={name: one})
    return found.exclude(either) if op == "ne" else found.filter(either)


def _ordered(found: Any, column: Column, op: str, value: Any, *, alias: str) -> Any:
    if column.kind in ("integer", "number"):
        # jsonb compares numbers as numbers; null and missing values meet no order.
        return found.alias(**{alias: KeyTransform(column.name, "values")}).filter(
            Q(**{f"{alias}__{op}": value}) & ~Q(values__contains={column.name: None})
        )
    # Byte order: ISO dates are then in the order of time whatever the database's language.
    text = Func(KeyTextTransform(column.name, "values"), template='(%(expressions)s) COLLATE "C"')
    text.output_field = TextField()
    return found.alias(**{alias: text}).filter(**{f"{alias}__{op}": value})


def _meets_id(found: Any, condition: Condition, field: str) -> Any:
    from uuid import UUID

    values = condition.value if condition.op == "in" and isinstance(condition.value, list) else [condition.value]
    if condition.op not in ("eq", "in"):
        problem = FieldProblem(f"{field}.op", "Rows are found by id with eq or in.", "Use eq or in.")
        raise Invalid("The condition cannot be used.", problems=[problem])
    try:
        return found.filter(pk__in=[UUID(str(one)) for one in values])
    except ValueError:
        problem = FieldProblem(f"{field}.value", "This is no id of a row.", "Use the id of a row as it was given.")
        raise Invalid("The condition cannot be used.", problems=[problem]) from None


def _check_quota(workspace: Any, new_rows: int, new_bytes: int, *, always: bool = False) -> None:
    if new_rows <= 0 and new_bytes <= 0 and not always:
        return
    limits, (rows, size) = env(), usage(workspace)
    if rows + new_rows > limits.table_max_rows:
        raise StoreFull(
            f"The workspace keeps {rows:,} rows, and {limits.table_max_rows:,} is the limit.",
            remedy="Delete rows, or keep them elsewhere.",
        )
    if size + new_bytes > limits.store_max_bytes:
        raise StoreFull(
            f"The workspace's tables hold {size:,} of {limits.store_max_bytes:,} bytes.", remedy="Delete rows."
        )
