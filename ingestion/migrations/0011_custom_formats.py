"""Formats of apps, and the rights to them."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


_RIGHTS = {
    "Log managers": ("view", "add", "change", "delete"),
    "Log readers": ("view",),
}


def add_rights(apps, schema_editor):
    config = apps.get_app_config("ingestion")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects
    for name, verbs in _RIGHTS.items():
        wanted = [f"{verb}_customformat" for verb in verbs]
        for group in apps.get_model("auth", "Group").objects.filter(name=name):
            found = permissions.filter(content_type__app_label="ingestion", codename__in=wanted)
            group.permissions.add(*found)


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0010_several_formats'),
        ('storage', '0003_retentionrun_cutoffs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomFormat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('line', 'a line with its fields marked'), ('regex', 'a regular expression with named groups')], default='line', max_length=5, verbose_name='written as')),
                ('pattern', models.CharField(help_text='For example <ip> - - [<time>] <message>. A field may name its pattern: <status:int>. Regular expressions run in the linear-time engine: no look-around, no back-references.', max_length=2000)),
                ('layouts', models.TextField(blank=True, help_text='One a line, such as %d.%m.%Y %H:%M:%S. Empty: the usual ones.', max_length=500, verbose_name='layouts of the time')),
                ('name', models.CharField(help_text='What sources name as their format; it cannot be changed later.', max_length=40, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]{0,39}\\Z', 'Use up to 40 small letters, digits and _, with a letter in front.')])),
                ('title', models.CharField(blank=True, help_text='For people.', max_length=100)),
                ('version', models.PositiveIntegerField(editable=False, null=True, verbose_name='in use')),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('app', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='formats', to='storage.app')),
            ],
            options={
                'verbose_name': 'log format',
                'ordering': ['app__name', 'name'],
            },
        ),
        migrations.CreateModel(
            name='FormatCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.CharField(max_length=20000)),
                ('expect', models.JSONField(blank=True, null=True)),
                ('format', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='ingestion.customformat')),
            ],
            options={
                'verbose_name': 'case',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='FormatVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('line', 'a line with its fields marked'), ('regex', 'a regular expression with named groups')], default='line', max_length=5, verbose_name='written as')),
                ('pattern', models.CharField(help_text='For example <ip> - - [<time>] <message>. A field may name its pattern: <status:int>. Regular expressions run in the linear-time engine: no look-around, no back-references.', max_length=2000)),
                ('layouts', models.TextField(blank=True, help_text='One a line, such as %d.%m.%Y %H:%M:%S. Empty: the usual ones.', max_length=500, verbose_name='layouts of the time')),
                ('name', models.CharField(max_length=40)),
                ('number', models.PositiveIntegerField()),
                ('published_at', models.DateTimeField(auto_now_add=True)),
                ('app', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='format_versions', to='storage.app')),
                ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['app', 'name', '-number'],
            },
        ),
        migrations.AddConstraint(
            model_name='customformat',
            constraint=models.UniqueConstraint(fields=('app', 'name'), name='format_once_per_app'),
        ),
        migrations.AddConstraint(
            model_name='formatversion',
            constraint=models.UniqueConstraint(fields=('app', 'name', 'number'), name='version_once'),
        ),
        migrations.RunPython(add_rights, migrations.RunPython.noop),
    ]
