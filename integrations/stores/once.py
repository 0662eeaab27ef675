"""Writes that happen once: the same key brings back the first result, also when both arrive at the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from integrations.models import StoreReceipt
from portal.common.ids import uuid7

#: A call that is repeated later than this counts as a new one.
KEPT = timedelta(days=7)


def once(workspace: UUID, action: str, key: str | None, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` gives, or gave when this action was first called with this key. Without a key it always works.

    The receipt is written first: a second call waits at its unique index until the first one has ended, and finds the
    result then. A call that failed leaves no receipt, so a repetition works anew.
    """
    if not key:
        return work()
    digest = hashlib.sha256(f"{action}\0{key}".encode()).hexdigest()
    with transaction.atomic():
        now = timezone.now()
        StoreReceipt.objects.for_workspace(workspace).filter(created_at__lt=now - KEPT).delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO integrations_storereceipt (id, created_at, workspace_id, digest, result)"
                " VALUES (%s, %s, %s, %s, 'null') ON CONFLICT (workspace_id, digest) DO NOTHING",
                [uuid7(), now, workspace, digest],
            )
            is_first = cursor.rowcount == 1
        receipt = StoreReceipt.objects.for_workspace(workspace).get(digest=digest)
        if not is_first:
            kept: dict[str, Any] = receipt.result
            return kept
        receipt.result = work()
        receipt.save(update_fields=["result"])
        result: dict[str, Any] = receipt.result
        return result
