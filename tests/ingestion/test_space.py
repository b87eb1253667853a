"""The free-space guard: the door closes before anything breaks, and opens by itself."""

from dataclasses import replace

import pytest
from django.test import Client

from ingestion import metrics, space, watch
from tests.clients import signed_in
from tests.ingestion.test_door import LINE, queued, send_to_door

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("valkey", "clickhouse"),
]


@pytest.fixture
def need(settings):
    """Says how many bytes must be free, and lets the door notice; enough again afterwards."""
    env = settings.ENV

    def need(size: int) -> None:
        settings.ENV = replace(env, min_free_bytes=size)
        watch.do_chores()

    yield need
    need(0)


def test_the_door_closes_and_opens_by_itself(roles, need) -> None:
    need(1 << 60)
    status, headers, reply = send_to_door([LINE], key=roles.a.ingest_key)
    assert (status, reply["error"]["code"], queued()) == (503, "disk_full", 0)
    assert int(headers["retry-after"]) > 0
    need(0)
    assert send_to_door([LINE], key=roles.a.ingest_key)[0] == 202


def test_nothing_of_the_body_is_read_while_it_is_closed(need) -> None:
    need(1 << 60)
    status, headers, _ = send_to_door([], headers={"content-length": "50000000"}, ends=False)
    assert (status, headers["connection"]) == (503, "close")


def test_reading_and_pages_go_on(roles, need) -> None:
    need(1 << 60)
    answer = Client().get("/api/v1/logs", headers={"Authorization": f"Bearer {roles.a.query_key}"})
    assert answer.status_code == 200


def test_readiness_and_the_front_page_say_so(roles, need) -> None:
    client = signed_in(roles.owner)
    assert "Disk space: enough" in client.get("/admin/").content.decode()
    need(1 << 60)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["dependencies"]["disk_space"] == "unavailable"
    page = client.get("/admin/").content.decode()
    assert "Disk space: nearly used up, so nothing more is taken" in page
    assert "Something is down" in page


def test_the_numbers_are_shown_even_without_the_queue(need) -> None:
    from tests.outages import queue_away

    need(12 << 40)
    with queue_away():
        text = metrics.exposition(with_names=False).decode()
    numbers = dict(line.split() for line in text.splitlines() if line.startswith("logplatform_d"))
    assert float(numbers["logplatform_disk_needed_bytes"]) == 12 << 40
    assert "logplatform_disk_free_bytes" in text


def test_five_per_cent_must_be_free_whatever_is_set(need) -> None:
    need(0)
    found = space.look()
    assert 0 < found.needed_bytes < found.free_bytes


def test_a_folder_that_is_not_there_closes_nothing(settings, need, tmp_path) -> None:
    need(0)
    settings.ENV = replace(settings.ENV, data_dir=tmp_path / "none", min_free_bytes=1 << 60)
    watch.do_chores()
    space.check_space()
    assert Client().get("/readyz").json()["dependencies"]["disk_space"] == "ok"
    assert b"logplatform_disk_free_bytes" not in metrics.exposition(with_names=False)


def test_one_chore_that_fails_does_not_stop_the_others(monkeypatch) -> None:
    done = []

    def fail() -> None:
        raise RuntimeError

    monkeypatch.setattr(watch, "_CHORES", (fail, lambda: done.append(1)))
    watch.do_chores()
    assert done == [1]
