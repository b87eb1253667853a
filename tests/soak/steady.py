"""Full load with searches and tails, no faults: memory stays flat and the ledger balances."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression, median, quantiles
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from bench.bodies import LINES_A_BODY, Span, make_bodies
from tests.faults import supervisor
from tests.installation import MARKS, Up
from tests.soak import report
from tests.soak.judge import ask, queue_rest

SAMPLE_S = 5.0
SENDERS, SEARCHERS = 4, 2
BODIES = 24
# The second in which all lines of all bodies are made; the second they are sent takes its place.
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
# Reached within the warm-up: from then on the door holds senders back, and memory has to be flat.
BACKLOG = "256M"
_BACK_PRESSURE = ("503 backlog_full", "503 too_busy")
_QUERIES = ("level:error", "timeout", "service:payment order", 'path:"/login/*"', "")
_TAIL_QUERIES = ("", "level:error", "service:auth")
_DRAIN_S = 600


@dataclass(slots=True, kw_only=True)
class Seen:
    """What load, searches and tails saw."""

    answers: Counter[str] = field(default_factory=Counter)
    searches: Counter[str] = field(default_factory=Counter)
    search_s: list[float] = field(default_factory=list)
    tail_lines: int = 0
    tail_dropped: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Lines of all bodies with a 2xx."""
        return self.answers["202"] * LINES_A_BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Memory of one kind of process (all of it, shared pages by share), in MB.

    `idle_mb`: before the load. `quarters_mb`: medians of the four quarters of the time after the
    warm-up. `most_mb`: ever.
    """

    idle_mb: float
    quarters_mb: tuple[float, ...]
    most_mb: float
    slope_mb_min: float

    @property
    def growth_mb(self) -> float:
        """From the first to the last quarter."""
        return self.quarters_mb[-1] - self.quarters_mb[0]

    @property
    def is_flat(self) -> bool:
        """Grows by less than a tenth, or by what a page cache of a library may take."""
        return self.growth_mb < max(0.1 * self.quarters_mb[0], 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a steady run showed. `books`: lines by store and by ledger."""

    seen: Seen
    trends: Mapping[str, Trend]
    books: Mapping[str, int]
    rest: Mapping[str, int]
    load_s: float
    drained_s: float

    heading = "Steady load"

    @property
    def is_good(self) -> bool:
        """No error, balanced, nothing left, memory flat."""
        is_balanced = set(self.books.values()) == {self.seen.accepted}
        is_flat = all(trend.is_flat for trend in self.trends.values())
        return not self.seen.problems and is_balanced and is_flat and not any(self.rest.values())

    def text(self, *, minutes: float, seed: int) -> str:
        """As docs/soak.md has it."""
        return report.steady_text(self, minutes=minutes, seed=seed)


def run(folder: Path, *, minutes: float, seed: int) -> Outcome:
    """A whole run on a folder of its own."""
    up = Up(folder / "data", QUEUE_MAX_BYTES=BACKLOG, LOG_LEVEL="WARNING")
    up.start()
    try:
        return _under_load(up, minutes=minutes, seed=seed)
    finally:
        with suppress(AssertionError):
            up.stop()


def _under_load(up: Up, *, minutes: float, seed: int) -> Outcome:
    second = Span(start=_MADE, seconds=1)
    bodies = [make_bodies(1, second, seed=seed + number)[0] for number in range(BODIES)]
    seen, stop = Seen(), threading.Event()
    work: list[tuple[Any, ...]] = [(_send, bodies, number) for number in range(SENDERS)]
    work += [(_search, number) for number in range(SEARCHERS)]
    work += [(_tail, query) for query in _TAIL_QUERIES]
    threads = [
        threading.Thread(target=do, args=(up, seen, stop, *what), daemon=True) for do, *what in work
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    samples = _sample(up, began + minutes * 60)
    stop.set()
    for thread in threads:
        thread.join(60)
    load_s = time.monotonic() - began
    drained_s = _wait_drained(up)
    errors = [line for line in up.text().splitlines() if '"ERROR"' in line or "Traceback" in line]
    seen.problems += errors[:20]
    return Outcome(
        seen=seen,
        trends={name: trend(values) for name, values in samples.items()},
        books=_books(up),
        rest=queue_rest(up),
        load_s=load_s,
        drained_s=drained_s,
    )


def _send(up: Up, seen: Seen, stop: threading.Event, bodies: Sequence[bytes], number: int) -> None:
    headers = {
        "Authorization": f"Bearer {up.first_run['ingest_key']}",
        "Content-Type": "application/x-ndjson",
    }
    url = f"http://127.0.0.1:{up.port}/api/v1/ingest"
    rng = random.Random(number)
    with httpx.Client(timeout=60, headers=headers) as client:
        while not stop.is_set():
            try:
                answer = client.post(url, content=_as_of_now(rng.choice(bodies)))
            except httpx.HTTPError as error:
                seen.problems.append(f"sending: {error!r}")
                continue
            if answer.status_code == 202:
                seen.answers["202"] += 1
                continue
            what = f"{answer.status_code} {_code(answer)}"
            seen.answers[what] += 1
            if what not in _BACK_PRESSURE:
                seen.problems.append(f"sending: {what}")
            stop.wait(0.5)


def _as_of_now(body: bytes) -> bytes:
    """Its lines in the second that is now, as those of a sender are."""
    made, now = (f"{at:%Y-%m-%dT%H:%M:%S}.".encode() for at in (_MADE, datetime.now(UTC)))
    return body.replace(made, now)


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError):
        return answer.text[:80]


def _search(up: Up, seen: Seen, stop: threading.Event, number: int) -> None:
    headers = {"Authorization": f"Bearer {up.first_run['query_key']}"}
    rng = random.Random(1000 + number)
    paths = ("logs", "logs/histogram", "logs/stats")
    with httpx.Client(timeout=60, headers=headers) as client:
        while not stop.wait(0.5):
            parameters = {"q": rng.choice(_QUERIES), "start": "now-1h"}
            url = f"http://127.0.0.1:{up.port}/api/v1/{rng.choice(paths)}"
            began = time.monotonic()
            try:
                answer = client.get(url, params=parameters)
            except httpx.HTTPError as error:
                seen.problems.append(f"searching: {error!r}")
                continue
            seen.search_s.append(time.monotonic() - began)
            seen.searches[str(answer.status_code)] += 1
            if answer.status_code != 200:
                seen.problems.append(f"searching: {answer.status_code} {_code(answer)}")


def _tail(up: Up, seen: Seen, stop: threading.Event, query: str) -> None:
    headers = {"Authorization": f"Bearer {up.first_run['query_key']}"}
    url = f"ws://127.0.0.1:{up.port}/ws/tail?{httpx.QueryParams(q=query)}"
    try:
        with connect(url, additional_headers=headers, max_size=None) as socket:
            while not stop.is_set():
                with suppress(TimeoutError):
                    message: dict[str, Any] = json.loads(socket.recv(timeout=1))
                    seen.tail_lines += len(message.get("records", ()))
                    seen.tail_dropped += message.get("dropped", 0)
    except (WebSocketException, OSError) as error:
        seen.problems.append(f"tail: {error!r}")


def _sample(up: Up, ends_at: float) -> dict[str, list[tuple[float, float]]]:
    """Kind of process → (minute, MB) every few seconds until the end."""
    samples: dict[str, list[tuple[float, float]]] = {}
    began = time.monotonic()
    while time.monotonic() < ends_at:
        minute = (time.monotonic() - began) / 60
        for name in MARKS:
            main = up.main_pid(name)
            pids = [main, *up.sub_pids(name)] if main else []
            samples.setdefault(name, []).append((minute, sum(map(_memory_mb, pids))))
        mine = sum(map(_memory_mb, supervisor(up)))
        samples.setdefault("supervisor", []).append((minute, mine))
        time.sleep(SAMPLE_S)
    return samples


def _memory_mb(pid: int) -> float:
    """Its memory with shared pages by share."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def trend(samples: Sequence[tuple[float, float]]) -> Trend:
    """Of (minute, MB), the first before the load; the first quarter is the warm-up."""
    warm = samples[len(samples) // 4 :]
    values = [value for _, value in warm]
    bounds = [len(values) * part // 4 for part in range(5)]
    slope = linear_regression([minute for minute, _ in warm], values).slope if warm[1:] else 0.0
    return Trend(
        idle_mb=samples[0][1],
        quarters_mb=tuple(
            median(values[first : max(first + 1, last)]) for first, last in pairwise(bounds)
        ),
        most_mb=max(value for _, value in samples),
        slope_mb_min=slope,
    )


def _wait_drained(up: Up) -> float:
    began = time.monotonic()
    while any(queue_rest(up).values()) and time.monotonic() - began < _DRAIN_S:
        time.sleep(0.5)
    return time.monotonic() - began


def _books(up: Up) -> dict[str, int]:
    ledger = ask(
        up,
        "SELECT sum(received) AS n_received, sum(stored + duplicate + quarantined) AS n_ended,"
        " sum(stored) AS n_stored FROM receipts",
    )[0]
    rows = ask(up, "SELECT count() AS n FROM logs")[0]["n"]
    return {
        "lines in the store": int(rows),
        "ledger: received": int(ledger["n_received"]),
        "ledger: stored + duplicate + quarantined": int(ledger["n_ended"]),
        "ledger: stored": int(ledger["n_stored"]),
    }


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return quantiles(values, n=20)[-1] if len(values) > 1 else 0.0
