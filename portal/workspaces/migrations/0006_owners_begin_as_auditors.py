"""Owners of existing workspaces get the auditor right that makers of new ones begin with."""

from typing import Any, ClassVar

from django.db import migrations


def give(apps: Any, schema_editor: Any) -> None:
    apps.get_model("workspaces", "Membership").objects.filter(role="owner").update(is_auditor=True)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("workspaces", "0005_root_key_use")]
    operations: ClassVar = [migrations.RunPython(give, migrations.RunPython.noop)]
