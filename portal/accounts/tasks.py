"""The clock of accounts: what is spent is taken away each night, and the keys of access tokens are renewed."""

from __future__ import annotations

import logging

from celery import current_app, shared_task
from celery.schedules import crontab

logger = logging.getLogger(__name__)


@shared_task(name="accounts.prune")
def prune() -> None:
    """Delete spent codes, dead tokens and clients that nobody used."""
    from portal.accounts.oauth.pruning import prune as prune_now

    gone = {kind: count for kind, count in prune_now().items() if count}
    if gone:
        logger.info("pruned %s", ", ".join(f"{count} {kind}" for kind, count in gone.items()))


@shared_task(name="accounts.rotate_signing_keys")
def rotate_signing_keys() -> int:
    """Make a new signing key when the present one is old, and drop those no living token needs."""
    from portal.accounts.oauth.keys import rotate

    return rotate()


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "accounts-prune": {"task": "accounts.prune", "schedule": crontab(minute=50, hour=3)},
    "accounts-rotate-signing-keys": {"task": "accounts.rotate_signing_keys", "schedule": crontab(minute=35)},
}
