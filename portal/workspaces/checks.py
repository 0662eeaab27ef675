"""System checks of the vault, for `manage.py check --database default`: missing root keys, keys too old."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from portal.common.crypto import CannotDecrypt


@register(Tags.database)
def check_keys(databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """A database restored without its root key is worth knowing before people meet it."""
    from portal.workspaces.key_rotation import status
    from portal.workspaces.models import RootKeyUse

    if "default" not in (databases or ()):
        return []
    if RootKeyUse._meta.db_table not in connections["default"].introspection.table_names():
        return []  # not migrated yet
    try:
        found = status()
    except CannotDecrypt as error:
        return [Error(error.message, hint=error.remedy, id="workspaces.E001")]
    messages: list[CheckMessage] = [Warning(text, id="workspaces.W001") for text in found.warnings()]
    messages += [
        Error(
            f"The root key {key_id} is not configured, and {count} keys in the database are wrapped with it: "
            "what they protect cannot be read.",
            hint="Restore it as a further line of ROOT_KEY_FILE. If it is lost for good, "
            "`manage.py rotate_keys --give-up-lost` lets people enter their secrets anew.",
            id="workspaces.E002",
        )
        for key_id, count in found.unknown_root_keys.items()
    ]
    return messages
