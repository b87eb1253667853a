"""PostgreSQL as control plane, as in production."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def answers(postgres_url: str) -> dict[str, Any]:
    """What `on_postgres` found."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.deploy.on_postgres"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": postgres_url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    return json.loads(finished.stdout)


def test_migrations_apply_and_apply_again(answers: dict[str, Any]) -> None:
    assert answers["vendor"] == "postgresql"


def test_the_admin_lists_open(answers: dict[str, Any]) -> None:
    assert set(answers["owner"].values()) == {200}, answers["owner"]


def test_members_see_their_app_only(answers: dict[str, Any]) -> None:
    assert answers["member"] == ["alpha"]
    assert answers["outsider"] == ["bravo"]


def test_slugs_are_unique_in_the_database(answers: dict[str, Any]) -> None:
    assert answers["is_unique"]


def test_keys_are_found_from_many_threads(answers: dict[str, Any]) -> None:
    assert answers["keys"]


def test_the_schedules_are_there_after_migrating(answers: dict[str, Any]) -> None:
    assert answers["schedules"] >= 3


def test_keys_seen_lately_hold_while_the_database_is_gone(answers: dict[str, Any]) -> None:
    assert answers["gone"]["seen lately"] == "let in"
    assert answers["gone"]["not seen"] == "come again"


def test_people_are_told_to_come_again_while_the_database_is_gone(answers: dict[str, Any]) -> None:
    assert answers["gone"]["people"] == "503 service_away"
