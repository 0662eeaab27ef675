import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0005_tests_and_saved_filters'),
        ('workspaces', '0002_data_key_lifecycle'),
    ]

    operations = [
        migrations.AlterField(
            model_name='trigger',
            name='data_key',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='workspaces.datakey'),
        ),
    ]
