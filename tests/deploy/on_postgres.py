"""Run by `test_postgres` with DATABASE_URL set: the control plane at work, answers as JSON."""

import json
import sys

import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)
call_command("migrate", verbosity=0)

from concurrent.futures import ThreadPoolExecutor  # noqa: E402

from django.contrib.auth.models import User  # noqa: E402
from django.db import IntegrityError, connection, transaction  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django_celery_beat.models import PeriodicTask  # noqa: E402

from ingestion import authentication  # noqa: E402
from ingestion.authentication import identity_of  # noqa: E402
from ingestion.errors import KeysAway  # noqa: E402
from ingestion.keys import parse_key  # noqa: E402
from storage.models import App  # noqa: E402
from tests.environment import free_port  # noqa: E402
from tests.factories import make_roles  # noqa: E402

roles = make_roles()
pages = ("admin:storage_app_changelist", "admin:ingestion_source_changelist")
pages += ("admin:ingestion_apikey_changelist", "admin:storage_retentionpolicy_changelist")

# Nothing was collected here, so there is no manifest of hashed names.
PLAIN_STATIC_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def statuses(user: User) -> dict[str, int]:
    """HTTP status of each admin list for a person."""
    from django.urls import reverse

    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        return {page: client.get(reverse(page)).status_code for page in pages}


def names(user: User) -> list[str]:
    """What the list of apps shows to a person."""
    from storage.access import apps_for

    return sorted(apps_for(user).values_list("slug", flat=True))


def second_app_is_refused() -> bool:
    """Uniqueness is the database's, not ours."""
    try:
        with transaction.atomic():
            App.objects.create(name="Alpha again", slug="alpha")
    except IntegrityError:
        return True
    return False


def key_in_a_thread(_: int) -> bool:
    """Keys are looked up from many threads at once."""
    try:
        key = parse_key(roles.a.ingest_key)
        return key is not None and identity_of(key) is not None
    finally:
        connection.close()


def key_without_database(plaintext: str) -> str:
    """What becomes of a key while nobody listens at the database's address."""
    key = parse_key(plaintext)
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT=str(free_port()))
    try:
        return "let in" if key and identity_of(key) else "refused"
    except KeysAway:
        return "come again"


with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(key_in_a_thread, range(32)))

found_people = {
    "owner": statuses(roles.owner),
    "member": names(roles.member),
    "outsider": names(roles.outsider),
}
is_unique, schedules = second_app_is_refused(), PeriodicTask.objects.count()
authentication.CACHE_S = 0.0
people = Client(headers={"host": "localhost"})
people.force_login(roles.member)
gone = {
    "seen lately": key_without_database(roles.a.ingest_key),
    "not seen": key_without_database(roles.b.ingest_key),
}
asked = people.get("/api/v1/apps")
gone["people"] = f"{asked.status_code} {asked.json()['error']['code']}"

json.dump(
    {
        **found_people,
        "vendor": connection.vendor,
        "is_unique": is_unique,
        "keys": all(found),
        "schedules": schedules,
        "gone": gone,
    },
    sys.stdout,
)
