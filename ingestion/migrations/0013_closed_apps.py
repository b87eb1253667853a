"""Apps that were deleted, until nothing of them is left."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0012_queue_mark'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClosedApp',
            fields=[
                ('slug', models.CharField(max_length=63, primary_key=True, serialize=False)),
                ('closed_at', models.DateTimeField()),
            ],
        ),
    ]
