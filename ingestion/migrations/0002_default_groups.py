"""Two sets of rights to give beside a team's group: one to look, one to manage.

Made once; an administrator may change or delete them.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

_MANAGE = {
    "app": ("view", "add", "change", "delete"),
    "source": ("view", "add", "change", "delete"),
    "apikey": ("view", "add", "change", "delete"),
    "retentionpolicy": ("view", "change", "delete"),
    "retentionrun": ("view",),
    "log": ("view",),
}
_LOOK = {model: ("view",) for model in ("app", "source", "retentionpolicy", "retentionrun", "log")}
_GROUPS = {"Log managers": _MANAGE, "Log readers": _LOOK}


def make_groups(apps, schema_editor):
    for label in ("storage", "ingestion"):
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label__in=("storage", "ingestion")
    )
    for name, rights in _GROUPS.items():
        wanted = [f"{verb}_{model}" for model, verbs in rights.items() for verb in verbs]
        group, is_new = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        if is_new:
            group.permissions.set(permissions.filter(codename__in=wanted))


class Migration(migrations.Migration):
    dependencies = [
        ("ingestion", "0001_initial"),
        ("storage", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
