"""The first start: an administrator, an app, a source and two keys, told once."""

import json
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from ingestion.models import Source
from ingestion.setup import AppDraft, issue_key, open_app
from logplatform.embedded.runtime import write_private


def ensure_first_run(path: Path) -> bool:
    """Make what a fresh installation needs, unless somebody has an account already.

    Args:
        path: where url, user name, password and keys are written, for the owner only.
    Returns:
        Whether this was the first run.
    """
    with transaction.atomic():
        if get_user_model().objects.exists():
            return False
        # Written before the commit: a crash in between makes all of it anew at the next start.
        write_private(path, json.dumps(_create(), indent=2) + "\n")
    return True


def _create() -> dict[str, str]:
    password = secrets.token_urlsafe(15)
    user = get_user_model().objects.create_superuser("admin", password=password)
    group = Group.objects.create(name="default")
    user.groups.add(group)
    app = open_app(AppDraft(name="Default", slug="default", groups=[group]))
    source = Source.objects.create(app=app, name="HTTP", slug="http")
    keys = {
        scope: issue_key(source, name=f"First {scope} key", scopes=[scope], created_by=user)
        for scope in ("ingest", "query")
    }
    return {
        "url": settings.PUBLIC_URL,
        "username": user.get_username(),
        "password": password,
        "ingest_key": keys["ingest"].plaintext,
        "query_key": keys["query"].plaintext,
        "app": app.slug,
    }
