"""Events and node runs are written with their execution in one statement: no check of the reference on every row."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0003_triggers")]

    operations = [
        migrations.AlterField(
            model_name="executionevent",
            name="execution",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="events",
                to="workflows.execution",
            ),
        ),
        migrations.AlterField(
            model_name="noderun",
            name="execution",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="node_runs",
                to="workflows.execution",
            ),
        ),
    ]
