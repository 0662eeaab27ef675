"""Keeping what the upstream gave: products, notices and awards, each once, the newest order winning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from procurement.g2b import rows as typed
from procurement.g2b import seoul_today, windows_back
from procurement.g2b.calendar import Window
from procurement.g2b.operations import operation
from procurement.models import Award, Notice, Product, Searchable
from procurement.search import normalise, pairs
from procurement.upstream import Access

BATCH = 5_000
M = TypeVar("M", bound=Searchable)


def store_products(workspace_id: UUID, found: Iterable[typed.Product], *, is_sample: bool, as_of: datetime) -> int:
    """Insert or update product lines in batches; how many were given."""
    made = (
        _searchable(
            Product(
                workspace_id=workspace_id,
                contract_no=one.contract_no,
                line_no=one.line_no,
                product_id=one.product_id,
                name=one.name,
                category=one.category[:200],
                detail_class_no=one.detail_class_no,
                price=one.price,
                unit=one.unit[:40],
                supplier=one.supplier[:200],
                supplier_no=one.supplier_no[:12],
                maker=one.maker[:200],
                contract_method=one.contract_method[:60],
                is_mas=one.is_mas,
                is_excellent=one.is_excellent,
                certificates=[name[:120] for name in one.certificates],
                delivery_days=one.delivery_days,
                registered=one.registered,
                contract_end=one.contract_end,
                image_url=one.image_url[:500],
                is_sample=is_sample,
                as_of=as_of,
            ),
            one.name,
            one.category,
            one.supplier,
            one.maker,
            one.product_id,
        )
        for one in found
        if all(one.key)
    )
    return _upsert(Product, made, ("workspace", "contract_no", "line_no"))


def store_notices(workspace_id: UUID, found: Iterable[typed.Notice], *, is_sample: bool, as_of: datetime) -> int:
    """Insert or update notices; an older order never replaces a newer one."""
    newest: dict[str, typed.Notice] = {}
    for one in found:
        if one.notice_no not in newest or _order(one.order) >= _order(newest[one.notice_no].order):
            newest[one.notice_no] = one
    known = dict(
        Notice.objects.for_workspace(workspace_id).filter(notice_no__in=list(newest)).values_list("notice_no", "order")
    )
    made = (
        _searchable(
            Notice(
                workspace_id=workspace_id,
                notice_no=one.notice_no,
                order=one.order,
                kind=one.kind,
                title=one.title,
                status=one.status[:60],
                agency=one.agency[:200],
                demander=one.demander[:200],
                contract_method=one.contract_method[:60],
                estimated_price=one.estimated_price,
                budget=one.budget,
                published=one.published,
                closes=one.closes,
                opening=one.opening,
                item_name=one.item_name[:200],
                url=one.url[:600],
                is_sample=is_sample,
                as_of=as_of,
            ),
            one.title,
            one.demander,
            one.agency,
            one.item_name,
            one.notice_no,
        )
        for one in newest.values()
        if _order(one.order) >= _order(known.get(one.notice_no, "0"))
    )
    return _upsert(Notice, made, ("workspace", "notice_no"))


def store_awards(
    workspace_id: UUID, found: Iterable[typed.Award], kind: str, *, is_sample: bool, as_of: datetime
) -> int:
    """Insert or update awards of one kind."""
    unique = {one.key: one for one in found}
    made = (
        _searchable(
            Award(
                workspace_id=workspace_id,
                notice_no=one.notice_no,
                order=one.order,
                class_no=one.class_no,
                rebid_no=one.rebid_no,
                kind=kind,
                title=one.title,
                demander=one.demander[:200],
                winner=one.winner[:200],
                winner_no=one.winner_no[:12],
                bidders=one.bidders,
                amount=one.amount,
                rate=one.rate,
                opened=one.opened,
                is_sample=is_sample,
                as_of=as_of,
            ),
            one.title,
            one.winner,
            one.demander,
            one.notice_no,
        )
        for one in unique.values()
    )
    return _upsert(Award, made, ("workspace", "notice_no", "order", "class_no", "rebid_no"))


def _order(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _searchable(row: M, *texts: str) -> M:
    text = " ".join(filter(None, texts))
    row.words, row.pairs = normalise(text), pairs(text)
    return row


def _upsert(model: type[M], made: Iterable[M], unique: Sequence[str]) -> int:
    """Insert or update through COPY: building thousands of parameters in Python costs ten times as much."""
    fields = list(model._meta.concrete_fields)
    names = [field.attname for field in fields]
    count, batch = 0, dict[tuple[Any, ...], list[Any]]()
    keys = [model._meta.get_field(name).attname for name in unique]
    for row in made:
        row.created_at = row.created_at or timezone.now()
        # One statement may not touch a row twice.
        batch[tuple(getattr(row, name) for name in keys)] = [getattr(row, name) for name in names]
        count += 1
        if len(batch) == BATCH:
            _copy(model, names, keys, batch.values())
            batch.clear()
    if batch:
        _copy(model, names, keys, batch.values())
    return count


def _copy(model: type[Searchable], names: list[str], keys: list[str], rows: Iterable[list[Any]]) -> None:
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), ", ".join(map(quote, names))
    kept = {"id", "created_at", *keys}
    changes = ", ".join(f"{quote(name)} = EXCLUDED.{quote(name)}" for name in names if name not in kept)
    conflict = ", ".join(map(quote, keys))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS incoming_rows")
        cursor.execute(f"CREATE TEMPORARY TABLE incoming_rows (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DROP")
        with cursor.copy(f"COPY incoming_rows ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        # Names of our own tables and columns only; values went through COPY.
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming_rows "  # noqa: S608  # nosec B608
            f"ON CONFLICT ({conflict}) DO UPDATE SET {changes}"
        )


async def fetch_notices(access: Access, days: int, kinds: Sequence[str]) -> tuple[list[typed.Notice], datetime]:
    """Notices published in the last days, today included."""
    as_of, found = timezone.now(), list[typed.Notice]()
    for kind in kinds:
        name = f"getBidPblancListInfo{kind}"
        for window in _windows(name, days):
            rows, _ = await access.client.rows(name, {"inqryDiv": "1"}, window=window, page_size=500)
            found += [typed.Notice.read(row, kind) for row in rows]
    return found, as_of


async def fetch_awards(access: Access, days: int, kind: str) -> tuple[list[typed.Award], datetime]:
    """Awards of openings in the last days, today included."""
    as_of, found, name = timezone.now(), list[typed.Award](), f"getScsbidListSttus{kind}"
    for window in _windows(name, days):
        rows, _ = await access.client.rows(name, {"inqryDiv": "3"}, window=window, page_size=500)
        found += map(typed.Award.read, rows)
    return found, as_of


def _windows(name: str, days: int) -> list[Window]:
    today = seoul_today()
    return list(windows_back(today - timedelta(days=days - 1), today, operation(name).span))
