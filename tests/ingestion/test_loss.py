"""A queue that comes back without its data: noticed, counted, told, and ingest goes on."""

import io
import shutil

import pytest
import redis
from django.core.management import CommandError, call_command
from django.test import Client

from ingestion import queue
from ingestion.loss.models import QueueMark
from ingestion.loss.watch import look, sentence
from ingestion.metrics import exposition
from tests.ingestion.test_queue import put
from tests.ingestion.valkeys import Server

pytestmark = pytest.mark.django_db


def figures() -> list[str]:
    text = exposition(with_names=False).decode()
    return sorted(line for line in text.splitlines() if line.startswith("logplatform_queue_los"))


def states() -> dict[str, str]:
    return Client().get("/readyz").json()["dependencies"]


def test_a_restart_is_no_loss(server: Server) -> None:
    put(b"waits")
    assert look()
    server.kill()
    with pytest.raises(redis.RedisError):
        look()
    server.start()
    assert look()
    assert states()["queue_data"] == "ok"
    said = io.StringIO()
    call_command("queue_loss", stdout=said)
    assert said.getvalue() == "The queue has lost nothing.\n"


def test_a_server_whose_folder_was_removed_is_noticed_and_ingest_goes_on(server: Server) -> None:
    for body in (b"one", b"three"):
        put(body)
    assert look()
    shutil.rmtree(server.folder / "appendonlydir")
    server.kill()
    server.start()
    assert put(b"after").is_new
    assert not look()
    assert look()
    mark = QueueMark.current()
    assert (mark.losses, mark.lost_entries, mark.lost_bytes) == (1, 2, 8)
    assert (mark.entries, mark.bytes) == (1, 5)
    assert "2 requests with 8 bytes" in sentence(mark)
    assert states()["queue_data"] == "unavailable"
    assert figures() == ["logplatform_queue_losses 1.0", "logplatform_queue_lost_requests 2.0"]
    assert queue.queued_entry(put(b"and again").receipt)


def test_a_second_loss_adds_up_and_both_are_accepted_together(valkey) -> None:
    for _ in range(2):
        put(b"gone")
        look()
        valkey.flushall()
        assert not look()
    assert (QueueMark.current().losses, QueueMark.current().lost_entries) == (2, 2)
    with pytest.raises(CommandError, match=r"2 requests .* send again"):
        call_command("queue_loss")
    call_command("queue_loss", "--accept")
    assert states()["queue_data"] == "ok"
    assert figures() == ["logplatform_queue_losses 0.0", "logplatform_queue_lost_requests 0.0"]


def test_who_looks_at_the_same_time_counts_a_loss_once(valkey, monkeypatch) -> None:
    look()
    valkey.flushall()
    seen_before = QueueMark.current()
    assert not look()
    monkeypatch.setattr(QueueMark, "current", lambda: seen_before)
    look()
    monkeypatch.undo()
    assert QueueMark.current().losses == 1


def test_what_lies_in_the_queue_at_the_first_look_is_no_loss(valkey) -> None:
    put(b"of an earlier version")
    assert look()
    assert QueueMark.current().entries == 1
