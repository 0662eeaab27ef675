"""Renewing keys while the product runs: in small steps, each a transaction of its own, so it may stop anywhere.

Data keys are renewed by themselves: a successor takes over, what the old key protects is sealed anew, and the old
key is destroyed. Root keys come from the operator: once a new one stands first in ROOT_KEY_FILE, everything it
should protect is wrapped anew, and the old line can go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from portal.accounts import mfa
from portal.accounts.models import SigningKey
from portal.accounts.oauth import keys as signing_keys
from portal.common.crypto import CannotDecrypt
from portal.common.key_service import key_service
from portal.workspaces.models import DataKey, RootKeyUse
from portal.workspaces.vault import data_key_of, place_of, seal, unseal, wrap_anew

ROTATE_AFTER = timedelta(days=90)
WARN_BEFORE = timedelta(days=14)
BATCH = 200
Tell = Callable[[str], None]


@dataclass
class Report:
    """What a rotation did, or, as a dry run, would do."""

    wrapped_anew: int = 0
    renewed: int = 0
    moved: int = 0
    destroyed: int = 0
    #: What no configured root key opens, or what fits no key: left as it is.
    unreadable: list[str] = field(default_factory=list)

    def text(self) -> str:
        return (
            f"{self.wrapped_anew} keys wrapped anew, {self.renewed} data keys renewed, {self.moved} secrets sealed "
            f"anew, {self.destroyed} old data keys destroyed, {len(self.unreadable)} unreadable"
        )


@dataclass(frozen=True)
class Status:
    """How old the keys are and what is missing."""

    current_id: str
    root_key_since: Any
    unknown_root_keys: dict[str, int]
    overdue_data_keys: int

    @property
    def root_key_due(self) -> Any:
        return self.root_key_since + ROTATE_AFTER if self.root_key_since else None

    def warnings(self) -> list[str]:
        """What an operator should do soon, one sentence each."""
        found = []
        due = self.root_key_due
        if due is not None and due - WARN_BEFORE <= timezone.now():
            word = "is due" if due > timezone.now() else "has been due"
            found.append(
                f"A new root key {word} since or on {due:%Y-%m-%d}: put one on top of ROOT_KEY_FILE, "
                "restart, and run `manage.py rotate_keys`."
            )
        if self.overdue_data_keys:
            found.append(
                f"{self.overdue_data_keys} data keys are older than {(ROTATE_AFTER + WARN_BEFORE).days} days: "
                "does beat run?"
            )
        return found


def sealed_models() -> list[type[models.Model]]:
    """Every table with sealed values: a reference to a data key beside the field `sealed`."""
    return [
        model
        for model in apps.get_models()
        if any(isinstance(one, models.ForeignKey) and one.related_model is DataKey for one in model._meta.fields)
    ]


def status() -> Status:
    """The state of all keys."""
    service = key_service()
    unknown: dict[str, int] = {}
    in_use = [
        *DataKey.objects.filter(shredded_at=None).values_list("root_key_id", flat=True).order_by(),
        *SigningKey.objects.values_list("root_key_id", flat=True).order_by(),
        *mfa.key_ids(),
    ]
    for key_id in in_use:
        if not service.knows(key_id):
            unknown[key_id] = unknown.get(key_id, 0) + 1
    use = RootKeyUse.objects.filter(key_id=service.current_id).first()
    overdue = DataKey.objects.filter(
        shredded_at=None, retired_at=None, created_at__lt=timezone.now() - ROTATE_AFTER - WARN_BEFORE
    )
    return Status(service.current_id, use.created_at if use else None, unknown, overdue.count())


def rotate(*, everything: bool = False, dry_run: bool = False, tell: Tell = lambda line: None) -> Report:
    """Renew what is due, or with `everything` all data keys. Goes on where an earlier run stopped."""
    report = Report()
    if dry_run:
        return _forecast(report, everything)
    RootKeyUse.objects.get_or_create(key_id=key_service().current_id)
    _wrap_all_anew(report, tell)
    _retire(report, everything, tell)
    _move(report, tell)
    return report


def _outdated() -> models.QuerySet[DataKey]:
    """Keys that an older root key wraps."""
    return DataKey.objects.filter(shredded_at=None).exclude(root_key_id=key_service().current_id)


def _due(everything: bool) -> models.QuerySet[DataKey]:
    found = DataKey.objects.filter(retired_at=None, shredded_at=None)
    return found if everything else found.filter(created_at__lte=timezone.now() - ROTATE_AFTER)


def _forecast(report: Report, everything: bool) -> Report:
    service = key_service()
    outdated = SigningKey.objects.exclude(root_key_id=service.current_id).count() + mfa.outdated()
    report.wrapped_anew = _outdated().count() + outdated
    due = list(_due(everything).values_list("pk", flat=True))
    report.renewed = len(due)
    moving = Q(data_key__in=due) | Q(data_key__retired_at__isnull=False, data_key__shredded_at=None)
    report.moved = sum(model._base_manager.filter(moving).count() for model in sealed_models())
    report.destroyed = len(due) + DataKey.objects.filter(retired_at__isnull=False).count()
    report.unreadable = [f"root key {key_id}" for key_id in status().unknown_root_keys]
    return report


def _batches(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    """Primary keys in batches; what was seen once does not come again."""
    last = None
    while True:
        rest = rows.order_by("pk") if last is None else rows.filter(pk__gt=last).order_by("pk")
        found = list(rest.values_list("pk", flat=True)[:BATCH])
        if not found:
            return
        yield found
        last = found[-1]


def _wrap_all_anew(report: Report, tell: Tell) -> None:
    for batch in _batches(_outdated()):
        with transaction.atomic():
            for key in DataKey.objects.select_for_update().filter(pk__in=batch, shredded_at=None):
                try:
                    wrap_anew(key)
                except CannotDecrypt as error:
                    report.unreadable.append(f"{key}: {error.message}")
                else:
                    report.wrapped_anew += 1
        tell(f"{report.wrapped_anew} keys wrapped anew")
    for name, renew in (("signing keys", signing_keys.wrap_anew), ("second factors", mfa.wrap_anew)):
        try:
            report.wrapped_anew += renew()
        except CannotDecrypt as error:
            report.unreadable.append(f"{name}: {error.message}")


def _retire(report: Report, everything: bool, tell: Tell) -> None:
    # Successors are due at once when everything is: the work ends with the keys there are now.
    newest = DataKey.objects.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        return
    for batch in _batches(_due(everything).filter(pk__lte=newest)):
        for key in DataKey.objects.filter(pk__in=batch).select_related("workspace", "user"):
            if not key_service().knows(key.root_key_id):
                continue
            with transaction.atomic():
                # Locks the owner like every first use does; then the old key is retired and a new one made.
                present = data_key_of(key.owner)
                if present.pk == key.pk:
                    DataKey.objects.filter(pk=key.pk).update(retired_at=timezone.now())
                    data_key_of(key.owner)
                    report.renewed += 1
        tell(f"{report.renewed} data keys renewed")


def _move(report: Report, tell: Tell) -> None:
    tables = sealed_models()
    retired = DataKey.objects.filter(retired_at__isnull=False)
    for batch in _batches(retired):
        for key in DataKey.objects.filter(pk__in=batch).select_related("workspace", "user"):
            if key.shredded_at is None:
                for model in tables:
                    _move_rows(model, key, report)
            if not any(model._base_manager.filter(data_key=key).exists() for model in tables):
                key.delete()
                report.destroyed += 1
        tell(f"{report.moved} secrets sealed anew, {report.destroyed} old data keys destroyed")


def _move_rows(model: Any, old: DataKey, report: Report) -> None:
    """Seal what the old key protects in this table with its owner's present key."""
    for batch in _batches(model._base_manager.filter(data_key=old)):
        with transaction.atomic():
            # The owner first, then rows: the order in which every writer locks them.
            new = data_key_of(old.owner)
            for row in model._base_manager.select_for_update().filter(pk__in=batch, data_key=old):
                changed: dict[str, Any] = {"data_key": new}
                if row.sealed is not None:
                    try:
                        changed["sealed"] = seal(new, unseal(old, row.sealed, place_of(row)), place_of(row))
                    except CannotDecrypt as error:
                        report.unreadable.append(f"{model._meta.db_table} {row.pk}: {error.message}")
                        continue
                model._base_manager.filter(pk=row.pk).update(**changed)
                report.moved += 1


def give_up_lost() -> int:
    """Mark what no configured root key can open as destroyed, so that people can enter it anew; how many keys."""
    now, lost = timezone.now(), 0
    service = key_service()
    for key in DataKey.objects.filter(shredded_at=None):
        if not service.knows(key.root_key_id):
            DataKey.objects.filter(pk=key.pk).update(wrapped=b"", shredded_at=now, retired_at=key.retired_at or now)
            lost += 1
    for signing_key in SigningKey.objects.all():
        if not service.knows(signing_key.root_key_id):
            signing_key.delete()
            lost += 1
    return lost + mfa.give_up_lost()
