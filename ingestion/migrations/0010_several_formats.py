
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0009_first_rules'),
    ]

    operations = [
        migrations.AlterField(
            model_name='replay',
            name='format',
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AlterField(
            model_name='source',
            name='format',
            field=models.CharField(blank=True, help_text='The log format, or several with commas. Empty: detected by line.', max_length=500),
        ),
    ]
