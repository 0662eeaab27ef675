"""Reads of stored procurement data."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Count, Max, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from portal.common.errors import NotFound
from procurement.models import Award, CrawlJob, Notice, Product, SavedSearch
from procurement.search import search


def jobs_of(workspace: Any) -> QuerySet[CrawlJob]:
    """Crawls of a workspace, newest first."""
    return CrawlJob.objects.for_workspace(workspace).order_by("-id")


def notices(
    workspace: Any, words: str = "", *, kind: str = "", still_open: bool = False, price_min: int | None = None
) -> QuerySet[Notice]:
    """Stored notices that match."""
    rows = search(Notice.objects.for_workspace(workspace), words)
    if kind:
        rows = rows.filter(kind=kind)
    if still_open:
        rows = rows.filter(Q(closes__gt=timezone.now()) | Q(closes__isnull=True))
    if price_min is not None:
        rows = rows.filter(estimated_price__gte=price_min)
    return rows


def products(workspace: Any, words: str = "", *, category: str = "") -> QuerySet[Product]:
    """Stored products that match."""
    rows = search(Product.objects.for_workspace(workspace), words)
    return rows.filter(category=category) if category else rows


def awards(workspace: Any, words: str = "", *, kind: str = "") -> QuerySet[Award]:
    """Stored awards that match."""
    rows = search(Award.objects.for_workspace(workspace), words)
    return rows.filter(kind=kind) if kind else rows


def notice_of(workspace: Any, notice_no: str) -> Notice:
    """One stored notice; `NotFound` otherwise."""
    found: Notice | None = Notice.objects.for_workspace(workspace).filter(notice_no=notice_no).first()
    if found is None:
        raise NotFound("This notice is not stored in this workspace.", remedy="Search for it, or collect notices.")
    return found


def lines_of(workspace: Any, product_id: str) -> list[Product]:
    """All stored contract lines of a product, newest first; `NotFound` when there is none."""
    found = list(Product.objects.for_workspace(workspace).filter(product_id=product_id)[:200])
    if not found:
        raise NotFound("This product is not stored in this workspace.", remedy="Crawl its category first.")
    return found


def categories_of(workspace: Any, most: int = 30) -> list[dict[str, Any]]:
    """Categories with stored products and how many lines each has."""
    rows = Product.objects.for_workspace(workspace).exclude(category="").order_by()
    return list(rows.values("category").annotate(lines=Count("id")).order_by("-lines", "category")[:most])


def award_rates(workspace: Any, words: str = "") -> list[dict[str, Any]]:
    """Average award rate (percent) and number of awards per month and kind."""
    rows = awards(workspace, words).filter(rate__isnull=False, opened__isnull=False).order_by()
    return list(
        rows.annotate(month=TruncMonth("opened"))
        .values("month", "kind")
        .annotate(rate=Avg("rate"), number=Count("id"), bidders=Avg("bidders"))
        .order_by("month", "kind")
    )


def searches_of(workspace: Any) -> QuerySet[SavedSearch]:
    """Saved searches with how much they found."""
    rows = SavedSearch.objects.for_workspace(workspace).order_by("name", "id")
    return rows.annotate(found_count=Count("found"), found_last=Max("found__created_at"))


def freshness(rows: QuerySet[Any]) -> dict[str, Any]:
    """When the newest of these rows was read from the upstream, and whether any is invented."""
    found: dict[str, Any] = rows.order_by().aggregate(as_of=Max("as_of"), samples=Count("id", filter=Q(is_sample=True)))
    return found
