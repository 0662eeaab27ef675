"""Everything stored about a person as one ZIP of JSON files, made by a worker with progress."""

from __future__ import annotations

import logging
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.apps import apps
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

from portal.accounts.models import PersonExport, User
from portal.admin_site import SECRETS
from portal.common.errors import Conflict, NotFound
from portal.common.json import dumps
from portal.workspaces.models import AuditEntry

logger = logging.getLogger(__name__)
KEPT = timedelta(hours=24)
#: After this long without an end the worker is taken for dead and another export may be asked for.
STALE = timedelta(minutes=30)
#: Contents of workspaces that a person only started or touched; they belong to the workspace.
CONTENTS = frozenset({"input", "output", "definition", "draft", "result", "payload", "event", "cursor", "waiting"})
README = """What is stored about {email}, as of {as_of}.

One JSON file per kind of record, named after the table; each holds a list. Left out are secrets (passwords, keys and
tokens are kept as hashes or sealed, and open things) and the contents of runs and workflows, which belong to their
workspace: export those there. {rows} records in {files} files; nothing was cut.
"""


@transaction.atomic
def ask(user: User) -> PersonExport:
    """Order an export; one at a time."""
    User.objects.select_for_update().get(pk=user.pk)
    now = timezone.now()
    active = PersonExport.objects.filter(user=user, state__in=["queued", "running"], created_at__gt=now - STALE)
    if active.exists():
        raise Conflict("An export is being made already.", remedy="Wait for it to end.")
    export = PersonExport.objects.create(user=user, expires_at=now + KEPT)
    transaction.on_commit(lambda: _send(export.pk))
    return export


def _send(export_id: UUID) -> None:
    from portal.tasks import export_person

    export_person.delay(str(export_id))


def find(user: User, export_id: UUID) -> PersonExport:
    """The person's own export; `NotFound` for everybody else's and for expired ones."""
    found = PersonExport.objects.filter(user=user, pk=export_id, expires_at__gt=timezone.now()).first()
    if found is None:
        raise NotFound("There is no such export, or it has expired.", remedy="Ask for a new one.")
    return found


def _sources(user: User) -> list[tuple[str, models.QuerySet[Any]]]:
    """Every kind of record that names the person, with the person's rows."""
    found: list[tuple[str, models.QuerySet[Any]]] = [
        ("accounts.user", User.objects.filter(pk=user.pk)),
        ("workspaces.auditentry", AuditEntry.objects.filter(actor_id=user.pk)),
    ]
    for model in apps.get_models():
        keys = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.ForeignKey) and field.related_model is User
        ]
        if not keys or model._meta.auto_created or model is PersonExport:
            continue
        wanted = models.Q()
        for key in keys:
            wanted |= models.Q(**{key: user})
        found.append((model._meta.label_lower, model._default_manager.filter(wanted)))
    return found


def _rows(rows: models.QuerySet[Any]) -> Iterator[dict[str, Any]]:
    hidden = SECRETS | CONTENTS
    names = [
        field.attname
        for field in rows.model._meta.concrete_fields
        if field.name not in hidden and not isinstance(field, models.BinaryField)
    ]
    yield from rows.order_by("pk").values(*names).iterator(1000)


def make(export_id: UUID) -> None:
    """Write the archive; safe to run twice, and a failure says so in the row."""
    export = PersonExport.objects.select_related("user").filter(pk=export_id).first()
    if export is None or not export.is_active:
        return
    try:
        with tempfile.TemporaryFile() as file:
            _write(export, file)
            file.seek(0, 2)
            export.size = file.tell()
            file.seek(0)
            default_storage.delete(export.path)
            default_storage.save(export.path, File(file))
        export.state = PersonExport.State.SUCCEEDED
    except Exception:
        logger.exception("The export %s failed", export_id)
        export.state = PersonExport.State.FAILED
        raise
    finally:
        export.save(update_fields=["state", "size"])


def _write(export: PersonExport, file: IO[bytes]) -> None:
    sources = _sources(export.user)
    export.state, export.total = PersonExport.State.RUNNING, len(sources)
    export.save(update_fields=["state", "total"])
    total = files = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, rows) in enumerate(sources, 1):
            count = _write_list(archive, name, rows)
            total, files = total + count, files + bool(count)
            PersonExport.objects.filter(pk=export.pk).update(done=number, rows=total)
        about = README.format(
            email=export.user.email, as_of=timezone.localtime().isoformat(timespec="seconds"), rows=total, files=files
        )
        archive.writestr("README.txt", about)
    export.rows = total


def _write_list(archive: zipfile.ZipFile, name: str, rows: models.QuerySet[Any]) -> int:
    """Write one list as it is read; kinds without rows get no file."""
    lines = _rows(rows)
    first = next(lines, None)
    if first is None:
        return 0
    with archive.open(f"{name}.json", "w") as out:
        out.write(b"[\n" + dumps(first).encode())
        count = 1
        for row in lines:
            out.write(b",\n" + dumps(row).encode())
            count += 1
        out.write(b"\n]\n")
    return count


def archives_of(user: User) -> list[str]:
    """Where the person's archives lie in the store."""
    return [export.path for export in PersonExport.objects.filter(user=user)]


def sweep() -> int:
    """Remove expired archives with their rows; how many."""
    expired = list(PersonExport.objects.filter(expires_at__lte=timezone.now()))
    for export in expired:
        default_storage.delete(export.path)
        export.delete()
    return len(expired)
