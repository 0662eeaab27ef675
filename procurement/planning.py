"""What a crawl would cost the workspace today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.workspaces.services import Actor
from procurement import jobs
from procurement.crawler import CrawlSpec, Estimate
from procurement.crawler.plan import ATTRIBUTES
from procurement.g2b import Window
from procurement.upstream import blocking, open_access

SAMPLE_DAYS = 30


def cost_in(actor: Actor, spec: CrawlSpec) -> Estimate:
    """The estimate from the newest 30 days (one call) and from what is left of today's allowance."""
    sample = Window(max(spec.start, spec.end - timedelta(days=SAMPLE_DAYS - 1)), spec.end)
    user = actor.user.pk if actor.user else None

    async def ask() -> Estimate:
        async with open_access(actor.workspace.pk, user) as access:
            page = await access.client.page(spec.operation, spec.params, window=sample, page_size=1)
            gate = access.client.gate
            return jobs.cost_of(
                spec,
                rows_per_day=page.total / sample.days,
                page_left=gate.daily_calls - await gate.used(spec.operation),
                attribute_left=gate.daily_calls - await gate.used(ATTRIBUTES),
            )

    return blocking(ask)()


def as_dict(cost: Estimate) -> dict[str, Any]:
    return {
        "windows": cost.windows,
        "rows": cost.rows,
        "page_calls": cost.page_calls,
        "attribute_calls": cost.attribute_calls,
        "page_calls_left": cost.page_calls_left,
        "attribute_calls_left": cost.attribute_calls_left,
        "fits_today": cost.fits_today,
        "days_needed": cost.days_needed,
    }
