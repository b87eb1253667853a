"""`manage.py check --deploy`, as whoever deploys runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import override_settings

from logplatform import checks

DEPLOYED = {
    "PUBLIC_URL": "https://logs.example.com",
    "VALKEY_URL": "redis://queue/0",
    "CLICKHOUSE_URL": "http://engine/logplatform",
}


def check(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env=os.environ | DEPLOYED | {"DATA_DIR": str(folder)} | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_is_shipped_passes(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"ALLOWED_HOSTS": "*"}, "logplatform.E001"),
        ({"PUBLIC_URL": "http://logs.example.com"}, "security.W012"),
        ({"DEBUG": "true"}, "security.W018"),
        ({"CLICKHOUSE_URL": ""}, "logplatform.W001"),
    ],
)
def test_what_lets_others_in_is_named(tmp_path: Path, given: dict[str, str], found: str) -> None:
    done = check(tmp_path, **given)
    assert done.returncode != 0
    assert found in done.stderr


@pytest.mark.parametrize("classes", [[], ["rest_framework.permissions.AllowAny"]])
def test_an_open_api_is_named(classes: list[str]) -> None:
    with override_settings(REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": classes}):
        assert [found.id for found in checks.check_permissions()] == ["logplatform.E002"]
