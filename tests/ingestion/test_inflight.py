"""The bound on bytes of bodies that a web process holds at a time."""

import asyncio
import gzip
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ingestion import intake
from ingestion.door import Door
from ingestion.errors import TooBusy
from ingestion.inflight import Meter
from logplatform.api_access import KeyIdentity
from logplatform.env import child_environment

KB, MB = 1024, 1 << 20
ROOT = Path(__file__).resolve().parents[2]
_IDENTITY = KeyIdentity(
    key_id=1, app="shop", source="web", source_id=1, scopes=frozenset(), format="", zone="UTC"
)


def test_what_requests_hold_together_is_bounded_and_given_back() -> None:
    meter = Meter(100)
    with meter.share(60):
        with pytest.raises(TooBusy):
            meter.share(50)
        with meter.share(40):
            assert meter.held_bytes == 100
    assert meter.held_bytes == 0


def test_a_body_of_unknown_length_counts_as_it_comes() -> None:
    meter = Meter(100)
    with meter.share(0) as chunked, meter.share(60):
        chunked.cover(40)
        with pytest.raises(TooBusy):
            chunked.cover(41)
        assert meter.held_bytes == 100
    assert meter.held_bytes == 0


def test_one_body_larger_than_the_bound_gets_in_alone() -> None:
    meter = Meter(100)
    with meter.share(0) as body:
        body.cover(70)
        body.cover(500)
        with pytest.raises(TooBusy):
            meter.share(1)
    with meter.share(500):
        assert meter.held_bytes == 500
    assert meter.held_bytes == 0


def test_one_app_leaves_room_for_a_body_of_another() -> None:
    meter = Meter(100, spare_bytes=40)
    with meter.share(40, app="a"):
        with pytest.raises(TooBusy):
            meter.share(21, app="a")
        with meter.share(20, app="a"), meter.share(40, app="b"):
            assert meter.held_bytes == 100
        with meter.share(20, app="a"):
            pass
    assert meter.held_bytes == 0


def test_one_body_of_an_app_gets_in_however_little_it_may_hold() -> None:
    meter = Meter(100, spare_bytes=100)
    with meter.share(0, app="a") as body, meter.share(20, app="b"):
        body.cover(70)
        with pytest.raises(TooBusy):
            meter.share(1, app="a")
    assert meter.held_bytes == 0


def test_an_error_gives_everything_back() -> None:
    meter = Meter(100)
    with pytest.raises(TooBusy), meter.share(0) as body, meter.share(99):
        body.cover(2)
    assert meter.held_bytes == 0


@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "chunked"])
@pytest.mark.usefixtures("valkey", "clickhouse")
@pytest.mark.django_db(transaction=True)
def test_slow_senders_cannot_fill_the_memory(tenant, settings, announced) -> None:
    """Ten senders stop half way; those past the bound get 503 at once, the others go on later."""
    settings.ENV = replace(settings.ENV, max_inflight_bytes=60 * KB, max_body_bytes=10 * KB)
    statuses = asyncio.run(_slow_senders([tenant.ingest_key] * 10, announced=announced))
    assert sorted(statuses) == [202] * 5 + [503] * 5


@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "chunked"])
@pytest.mark.parametrize(("which", "told"), [("none", 401), ("wrong", 401), ("query", 403)])
@pytest.mark.usefixtures("valkey", "clickhouse")
@pytest.mark.django_db(transaction=True)
def test_strangers_take_no_memory_and_keep_nobody_out(
    tenant, settings, announced, which, told
) -> None:
    """They are heard to the end and nothing of it is kept: there is room for all of the others."""
    settings.ENV = replace(settings.ENV, max_inflight_bytes=60 * KB, max_body_bytes=10 * KB)
    key = {"none": "", "wrong": tenant.ingest_key[:-1] + "_", "query": tenant.query_key}[which]
    keys = [*[key] * 10, *[tenant.ingest_key] * 10]
    statuses = asyncio.run(_slow_senders(keys, announced=announced))
    assert sorted(statuses) == sorted([202] * 5 + [503] * 5 + [told] * 10)


@pytest.mark.usefixtures("valkey", "clickhouse")
@pytest.mark.django_db(transaction=True)
def test_slow_senders_of_one_app_leave_room_for_another(roles, settings) -> None:
    """Each stops half way: those of alpha beyond its part are refused, the one of bravo is not."""
    settings.ENV = replace(settings.ENV, max_inflight_bytes=60 * KB, max_body_bytes=10 * KB)
    keys = [*[roles.a.ingest_key] * 10, roles.b.ingest_key]
    statuses = asyncio.run(_slow_senders(keys, announced=True))
    assert sorted(statuses) == [202] * 6 + [503] * 5


async def _slow_senders(keys: list[str], *, announced: bool) -> list[int]:
    """What each is answered; they stop half way until five are."""
    door, go_on = Door(None), asyncio.Event()
    statuses: list[int] = []

    async def one(key: str) -> None:
        chunks = iter([(b"x" * 5 * KB, True), (b"y" * 5 * KB, False)] if announced else
                      [(b"x" * 10 * KB, True), (b"", False)])  # fmt: skip
        is_first = True

        async def receive() -> dict:
            nonlocal is_first
            if not is_first:
                await go_on.wait()
            is_first = False
            body, more = next(chunks)
            return {"type": "http.request", "body": body, "more_body": more}

        async def send(message: dict) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                if len(statuses) == 5:
                    go_on.set()

        length = [(b"content-length", b"%d" % (10 * KB))] if announced else []
        bearer = (b"authorization", f"Bearer {key}".encode())
        scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": "/api/v1/ingest", "raw_path": b"/api/v1/ingest", "query_string": b"",
            "root_path": "", "client": ("127.0.0.1", 1), "server": ("localhost", 80),
            "headers": [(b"host", b"localhost"), bearer, *length],
        }  # fmt: skip
        await door(scope, receive, send)

    await asyncio.wait_for(asyncio.gather(*map(one, keys)), 30)
    return statuses


# Looks at so many bombs at once, each a thousand times its size; prints by how much it grew.
BOMBED = """
import resource, zlib
from concurrent.futures import ThreadPoolExecutor
import logplatform.asgi  # as a web process does
import zstandard
from django.conf import settings
from ingestion import intake
from ingestion.errors import DecompressedTooLarge
from tests.ingestion.test_inflight import _IDENTITY
def bomb(packer):
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(20)]
    return b"".join([*pieces, packer.flush()])
packers = {"gzip": zlib.compressobj(wbits=31), "zstd": zstandard.ZstdCompressor().compressobj()}
bombs = {name: bomb(packer) for name, packer in packers.items()}
def look(number):
    encoding = ("gzip", "zstd")[number % 2]
    sent = intake.IncomingBody(
        body=bombs[encoding], content_type="", encoding=encoding, idempotency_key="", format="",
        wants_result=False,
    )
    try:
        intake.prepare(_IDENTITY, "native", sent)
    except DecompressedTooLarge as error:
        return error
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with ThreadPoolExecutor(settings.ENV.web_threads) as pool:
    errors = list(pool.map(look, range(100)))
assert all(errors)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10)
"""


def test_a_hundred_bombs_at_once_take_the_memory_of_a_few() -> None:
    """And what is told of them later keeps none of it."""
    done = subprocess.run(
        [sys.executable, "-c", BOMBED],
        cwd=ROOT,
        env=child_environment(MAX_DECOMPRESSED_BYTES=str(8 * MB)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) < 4 * intake._MOST_DECOMPRESSED * 8 * MB


def test_few_bodies_are_decompressed_at_a_time(monkeypatch) -> None:
    """The others wait their turn: a body of 60 kB can be 64 MiB in memory."""
    inside, most, lock = 0, 0, threading.Lock()
    all_in = threading.Barrier(intake._MOST_DECOMPRESSED)
    decompress = intake.decompress

    def counted(*args: object, **options: object) -> bytes:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        all_in.wait(10)
        try:
            return decompress(*args, **options)
        finally:
            with lock:
                inside -= 1

    monkeypatch.setattr(intake, "decompress", counted)
    sent = intake.IncomingBody(
        body=gzip.compress(b"a line"),
        content_type="",
        encoding="gzip",
        idempotency_key="",
        format="",
        wants_result=False,
    )
    asked = (_IDENTITY, "native", sent, "gzip", "")
    threads = [threading.Thread(target=intake._inspect, args=asked) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == intake._MOST_DECOMPRESSED
