"""Rules for the sources and tags for the apps that are there already, and the rights to them."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

_RIGHTS = {
    "Log managers": {
        "sourcerules": ("view", "change"),
        "tagrule": ("view", "add", "change", "delete"),
        "lookuptable": ("view", "add", "change", "delete"),
    },
    "Log readers": {model: ("view",) for model in ("sourcerules", "tagrule", "lookuptable")},
}
_WHO = "service, logger, path"
_TAGS = (
    ("api", "path", "/api/, /graphql"),
    ("auth", _WHO, "auth, login, logout, signin, signup, sshd, sudo, /session, oidc"),
    ("health", "path", "/health, /readyz, /livez, /ping, /metrics"),
    ("payment", _WHO, "payment, checkout, billing, invoice, refund, /pay"),
)


def add_rules(apps, schema_editor):
    rules = apps.get_model("ingestion", "SourceRules")
    for source in apps.get_model("ingestion", "Source").objects.all():
        rules.objects.get_or_create(source=source)
    tags = apps.get_model("ingestion", "TagRule")
    for app in apps.get_model("storage", "App").objects.all():
        for tag, fields, words in _TAGS:
            tags.objects.create(app=app, tag=tag, fields=fields, words=words)


def add_rights(apps, schema_editor):
    config = apps.get_app_config("ingestion")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects
    for name, rights in _RIGHTS.items():
        wanted = [f"{verb}_{model}" for model, verbs in rights.items() for verb in verbs]
        for group in apps.get_model("auth", "Group").objects.filter(name=name):
            found = permissions.filter(content_type__app_label="ingestion", codename__in=wanted)
            group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0008_treatment"), ("storage", "0003_retentionrun_cutoffs")]
    operations = [
        migrations.RunPython(add_rules, migrations.RunPython.noop),
        migrations.RunPython(add_rights, migrations.RunPython.noop),
    ]
