"""The rights to tidy up what members share, for the groups that manage or look."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

_RIGHTS = {"Log managers": ("view", "change", "delete"), "Log readers": ("view",)}
_MODELS = ("savedsearch", "dashboard")


def add_rights(apps, schema_editor):
    config = apps.get_app_config("analytics")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects
    for name, verbs in _RIGHTS.items():
        wanted = [f"{verb}_{model}" for model in _MODELS for verb in verbs]
        for group in apps.get_model("auth", "Group").objects.filter(name=name):
            found = permissions.filter(content_type__app_label="analytics", codename__in=wanted)
            group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial"), ("ingestion", "0010_several_formats")]
    operations = [migrations.RunPython(add_rights, migrations.RunPython.noop)]
