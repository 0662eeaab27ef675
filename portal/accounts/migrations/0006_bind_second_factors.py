"""Bind every second factor's secret to its person and kind: until now one could be moved to another row."""

import logging
from typing import Any, ClassVar

from django.db import migrations

logger = logging.getLogger(__name__)


def bind(apps: Any, schema_editor: Any) -> None:
    # Sealing needs the root key and the library's names for kinds, which only the application has.
    from portal.accounts.mfa import bound
    from portal.common.crypto import CannotDecrypt

    for row in apps.get_model("mfa", "Authenticator").objects.all():
        try:
            data = bound(row.user_id, row.type, row.data, plain_too=True)
        except CannotDecrypt as error:
            # Its root key is not configured: `rotate_keys` binds it once it is, or gives it up.
            logger.warning("second factor %s is not bound: %s", row.pk, error.message)
            continue
        if data != row.data:
            row.data = data
            row.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0005_person_export"), ("mfa", "0003_authenticator_type_uniq")]
    operations: ClassVar = [migrations.RunPython(bind, migrations.RunPython.noop)]
