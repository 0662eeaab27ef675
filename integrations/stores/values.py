"""Values by key: reads and writes of one workspace's key-value stores."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, JSONField, Q, QuerySet, Sum, Value
from django.utils import timezone

from integrations.models import StoredValue
from integrations.stores.room import StoreFull, as_kept, writing
from portal.common.errors import FieldProblem, Invalid
from portal.settings.env import env

STORE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z")
MAX_KEY = 200
#: A value beyond this belongs into a file.
MAX_VALUE_BYTES = 256 * 1024
ROOM = "values"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a workspace keeps, against its quota."""

    keys: int
    bytes: int


def alive(workspace: Any, store: str | None = None) -> QuerySet[StoredValue]:
    """The values that have not expired, of one store or all."""
    found = StoredValue.objects.for_workspace(workspace).filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
        **({} if store is None else {"store": check_store(store)}),
    )
    return found  # type: ignore[no-any-return]


def check_store(name: str) -> str:
    """The name itself; `Invalid` when it cannot be one."""
    if not STORE_NAME.match(name):
        problem = FieldProblem("store", "This is no name of a store.", "Use lower case letters, digits, . _ and -.")
        raise Invalid("The store cannot be named so.", problems=[problem])
    return name


def check_key(key: str) -> str:
    """The key itself; `Invalid` when it cannot be one."""
    if not key or len(key) > MAX_KEY or not key.isprintable():
        problem = FieldProblem("key", "This is no key.", f"Use 1 to {MAX_KEY} printable characters.")
        raise Invalid("The key cannot be used.", problems=[problem])
    return key


def read(workspace: Any, store: str, key: str) -> StoredValue | None:
    return alive(workspace, store).filter(key=check_key(key)).first()


def write(
    workspace: Any, store: str, key: str, value: Any, *, ttl: float | None = None, only_if_absent: bool = False
) -> StoredValue | None:
    """Keep a value; None when `only_if_absent` and there was one. `StoreFull` when the quota is used up."""
    check_store(store)
    check_key(key)
    with writing(workspace, ROOM):
        found = _locked(workspace, store, key)
        if found is not None and only_if_absent:
            return None
        return _put(workspace, found, store, key, value, _expiry(ttl))


def increment(workspace: Any, store: str, key: str, by: Decimal, *, ttl: float | None = None) -> StoredValue:
    """Add to a number, from 0 when there is none; a lifetime is set when the counter begins and kept afterwards."""
    check_store(store)
    check_key(key)
    with writing(workspace, ROOM):
        found = _locked(workspace, store, key)
        current = found.value if found is not None else 0
        if isinstance(current, bool) or not isinstance(current, int | float):
            problem = FieldProblem("key", "Its value is no number.", "Choose another key, or set it to a number.")
            raise Invalid("Only a number can be counted up.", problems=[problem])
        # Decimal keeps 0.1 + 0.2 at 0.3, as people expect of a counter.
        total = Decimal(str(current)) + by
        value = int(total) if total == total.to_integral_value() else float(total)
        expires = found.expires_at if found is not None else _expiry(ttl)
        return _put(workspace, found, store, key, value, expires)


def delete(workspace: Any, store: str, keys: Iterable[str]) -> int:
    """Forget values; how many there were."""
    return alive(workspace, store).filter(key__in=[check_key(key) for key in keys]).delete()[0]


def search(workspace: Any, store: str, *, prefix: str = "", after: str = "") -> QuerySet[StoredValue]:
    """Values whose key begins with the prefix, in the order of their keys, behind a key."""
    found = alive(workspace, store).filter(key__startswith=prefix.replace("\0", ""))
    if after:
        found = found.filter(key__gt=after.replace("\0", ""))
    return found.order_by("key")


def stores(workspace: Any) -> list[dict[str, Any]]:
    """Every store with its number of keys and bytes."""
    rows = alive(workspace).values("store").order_by("store").annotate(keys=Count("pk"), bytes=Sum("size"))
    return list(rows)


def usage(workspace: Any) -> Usage:
    found = alive(workspace).aggregate(keys=Count("pk"), bytes=Sum("size"))
    return Usage(found["keys"], found["bytes"] or 0)


def _locked(workspace: Any, store: str, key: str) -> StoredValue | None:
    """The living value, for a writer; what has expired is swept here, so nothing else needs to."""
    StoredValue.objects.for_workspace(workspace).filter(expires_at__lte=timezone.now()).delete()
    return StoredValue.objects.for_workspace(workspace).filter(store=store, key=key).first()


def _put(
    workspace: Any, found: StoredValue | None, store: str, key: str, value: Any, expires: datetime | None
) -> StoredValue:
    value, size = as_kept(value)
    size += len(key.encode())
    if size > MAX_VALUE_BYTES:
        problem = FieldProblem("value", f"It has {size:,} bytes.", f"Keep at most {MAX_VALUE_BYTES:,}; save a file.")
        raise Invalid("The value is too large for a store.", problems=[problem])
    row = found or StoredValue(workspace_id=getattr(workspace, "pk", workspace), store=store, key=key)
    _check_quota(workspace, new_keys=0 if found else 1, new_bytes=size - (found.size if found else 0))
    # Django takes None for a missing value; null is a value like any other.
    row.value = Value(None, JSONField()) if value is None else value
    row.size, row.expires_at = size, expires
    row.save()
    row.value = value
    return row


def _check_quota(workspace: Any, *, new_keys: int, new_bytes: int) -> None:
    if new_keys <= 0 and new_bytes <= 0:
        return
    limits, used = env(), usage(workspace)
    if used.keys + new_keys > limits.store_max_keys:
        raise StoreFull(
            f"The workspace keeps {used.keys:,} keys, and {limits.store_max_keys:,} is the limit.",
            remedy="Delete keys, or give them a lifetime.",
        )
    if used.bytes + new_bytes > limits.store_max_bytes:
        raise StoreFull(
            f"The workspace's stores hold {used.bytes:,} of {limits.store_max_bytes:,} bytes.",
            remedy="Delete keys, or keep less in each.",
        )


def _expiry(ttl: float | None) -> datetime | None:
    return None if ttl is None else timezone.now() + timedelta(seconds=ttl)
