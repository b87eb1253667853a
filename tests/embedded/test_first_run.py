"""The first start makes one account, one app, one source and two keys, and only once."""

import json
import stat
from pathlib import Path

import pytest
from django.contrib.auth import authenticate, get_user_model

from ingestion.models import ApiKey
from logplatform.embedded.first_run import ensure_first_run
from storage.access import apps_for

pytestmark = pytest.mark.django_db


def test_the_file_opens_everything_it_names(tmp_path: Path) -> None:
    path = tmp_path / "first-run.json"
    assert ensure_first_run(path)
    first = json.loads(path.read_text())
    assert set(first) == {"url", "username", "password", "ingest_key", "query_key", "app"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    user = authenticate(username=first["username"], password=first["password"])
    assert user is not None
    assert [app.slug for app in apps_for(user)] == [first["app"]] == ["default"]
    assert {tuple(key.scopes) for key in ApiKey.objects.all()} == {("ingest",), ("query",)}
    for key in ApiKey.objects.all():
        assert key.public_id in first[f"{key.scopes[0]}_key"]


def test_a_second_start_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "first-run.json"
    ensure_first_run(path)
    path.unlink()
    assert not ensure_first_run(path)
    assert not path.exists()
    assert (get_user_model().objects.count(), ApiKey.objects.count()) == (1, 2)


def test_an_unwritable_folder_leaves_no_account_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ensure_first_run(tmp_path / "absent" / "first-run.json")
    assert not get_user_model().objects.exists()
