"""A worker that loses its connection connects again, and one that stops is gone in time."""

import os
import subprocess
import sys

import pytest
import redis
from kombu.exceptions import ContentDisallowed
from kombu.simple import SimpleQueue

from logplatform.celery import app

STOPS = """
import time
from celery import bootsteps
from logplatform.broker import Deadline
from logplatform.celery import app

class Stuck(bootsteps.StartStopStep):
    def create(self, worker): return self
    def start(self, worker=None): print("up", flush=True)
    def stop(self, worker=None): time.sleep(600)

Deadline.after_s = 0.5
app.steps["worker"].add(Stuck)
app.worker_main(["--quiet", "worker", "--pool", "solo", "--without-gossip", "--without-mingle"])
"""


def test_a_lost_connection_is_closed_and_what_it_had_comes_again(valkey: redis.Redis) -> None:
    lost = app.connection_for_read()
    SimpleQueue(lost.default_channel, "bells").put("ring")
    assert SimpleQueue(lost.default_channel, "bells").get(timeout=5).payload == "ring"
    lost.transport.client = None  # as kombu does where it gives a connection up
    lost.close()
    with app.connection_for_read() as other:
        other.default_channel.visibility_timeout = 0
        other.default_channel.qos.restore_visible(interval=0)
        assert SimpleQueue(other.default_channel, "bells").get(timeout=5).payload == "ring"


def test_a_worker_that_hangs_while_it_stops_ends(valkey: redis.Redis) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", STOPS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "up\n"
        worker.terminate()
        assert worker.wait(60) == os.EX_TEMPFAIL
    finally:
        worker.kill()
        worker.wait()


def test_a_message_that_would_run_code_is_refused(valkey: redis.Redis) -> None:
    """Who can write to the broker still cannot have a worker run what it likes."""
    with app.connection_for_read() as connection:
        SimpleQueue(connection.default_channel, "bells", serializer="pickle").put({"a": 1})
        bells = SimpleQueue(connection.default_channel, "bells", accept=app.conf.accept_content)
        with pytest.raises(ContentDisallowed, match="untrusted"):
            bells.get(timeout=5)
