"""Background work of the listing manager: load by id, call a service."""

from __future__ import annotations

from celery import current_app, shared_task
from celery.schedules import crontab

from portal.workspaces.models import Workspace


@shared_task(name="properties.run_collection", queue="default")
def run_collection(collection_id: str) -> None:
    """Execute a queued collection."""
    from properties.services import collection_run

    collection_run(collection_id)


@shared_task(name="properties.resolve", queue="compute")
def resolve(workspace_id: str, region_codes: list[str]) -> None:
    """Cluster the adverts of some dongs, then match what is new and look at its photos."""
    from properties.images.services import photos_note
    from properties.resolution import resolve_regions
    from properties.services import match_listings

    workspace = Workspace.objects.get(pk=workspace_id)
    created = resolve_regions(workspace, region_codes)
    if created:
        match_listings(workspace, listing_ids=created)
    photos_note(workspace, region_codes)


@shared_task(name="properties.rescue_collections", queue="default")
def rescue_collections() -> int:
    """Queue again what lost workers left behind, and what waits although there is room."""
    from properties.orchestration import collections_rescue

    return collections_rescue()


@shared_task(name="properties.check_proxies", queue="default")
def check_proxies() -> dict[str, bool]:
    """See which egress proxies answer; a dead one rests before a collection meets it."""
    from portal.common.bridge import run_async
    from portal.common.http import default_policy
    from portal.common.http.proxies import ProxyPool
    from portal.common.store import RedisStore
    from portal.settings.env import env

    urls = env().egress_proxies
    if not urls:
        return {}
    return run_async(lambda: ProxyPool(urls, RedisStore("http")).check(default_policy()))


@shared_task(name="properties.expire_raw_pages", queue="default")
def expire_raw_pages() -> int:
    """Delete raw answers whose retention has ended."""
    from properties.services import raw_pages_expire

    return raw_pages_expire()


@shared_task(name="properties.recollect", queue="default")
def recollect() -> int:
    """Queue again, once a day, what people collected within the last week and may still be collected."""
    from properties.services import collections_repeat

    return collections_repeat()


@shared_task(name="properties.tell_daily", queue="default")
def tell_daily() -> int:
    """Tell once a day what was found for customers whose entry asks for that."""
    from properties.notices import tell_daily as tell

    return tell()


@shared_task(name="properties.make_report", queue="default")
def make_report(report_id: str) -> None:
    """Make a queued report."""
    from properties.reports.services import report_make

    report_make(report_id)


@shared_task(name="properties.reports_due", queue="default")
def reports_due() -> int:
    """Queue what schedules of reports ask for, and what a lost worker left behind."""
    from properties.reports import services

    return services.reports_due() + services.reports_rescue()


@shared_task(name="properties.fetch_photos", queue="default")
def fetch_photos(workspace_id: str) -> None:
    """Fetch and hash waiting photos, batch by batch, so that one workspace does not keep a worker for long."""
    from properties.images.services import BATCH, photos_fetch

    if photos_fetch(workspace_id) == BATCH:
        fetch_photos.delay(workspace_id)


@shared_task(name="properties.sweep_photos", queue="default")
def sweep_photos() -> None:
    """Take up photos whose second try is due, or whose worker was lost."""
    from properties.images.services import workspaces_with_photos

    for workspace_id in workspaces_with_photos():
        fetch_photos.delay(str(workspace_id))


@shared_task(name="properties.remind_visits", queue="default")
def remind_visits() -> int:
    """Tell guides of visits that start soon."""
    from properties.visits.services import visits_remind

    return visits_remind()


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "properties-rescue": {"task": "properties.rescue_collections", "schedule": 60.0},
    "properties-proxies": {"task": "properties.check_proxies", "schedule": 300.0},
    "properties-expire": {"task": "properties.expire_raw_pages", "schedule": crontab(minute=20, hour=4)},
    "properties-tell-daily": {"task": "properties.tell_daily", "schedule": crontab(minute=0, hour=8)},
    "properties-reports": {"task": "properties.reports_due", "schedule": 300.0},
    "properties-photos": {"task": "properties.sweep_photos", "schedule": 300.0},
    "properties-visits": {"task": "properties.remind_visits", "schedule": 300.0},
    "properties-recollect": {"task": "properties.recollect", "schedule": crontab(minute=10, hour=5)},
}
