"""The parts of the benchmark; each takes the running stack and returns rows of the report."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.bodies import LINE_BYTES, LINES_A_BODY, RARE_WORD, Span
from bench.figures import Figure
from bench.live import live
from bench.mixed import mixed
from bench.questions import history
from bench.stack import ROOT, Load, Stack, django_environment

SPAN_S = 600
_WARM_UP = 9  # the number of a span no round has
_POLL_S = 0.05


@dataclass(slots=True, kw_only=True)
class Run:
    """What parts share: how much to do, and the lines that are there already."""

    stack: Stack
    is_quick: bool
    now: datetime
    needles: list[str]
    lines: int = 0
    searchable_s: float = 0

    def span(self, number: int) -> Span:
        """A stretch of event time no other part uses: ten minutes, the latest ends now."""
        return Span(start=self.now - timedelta(seconds=SPAN_S * (number + 1)), seconds=SPAN_S)

    @property
    def searched(self) -> dict[str, str]:
        """The time range of all lines of the bulk part."""
        first = self.now - timedelta(seconds=SPAN_S * 12)
        return {"start": first.isoformat(), "end": self.now.isoformat()}


def start(run: Run) -> Iterator[Figure]:
    """How long the very first start took."""
    took = run.stack.start_s
    yield Figure(
        name="first start, packages installed",
        value=f"{took:.1f} s",
        target="≤ 120 s",
        is_met=took <= 120,
    )


def bulk(run: Run) -> Iterator[Figure]:
    """Lines a second with bodies of 5 000 lines: accepted, and searchable."""
    rounds, bodies = (1, 40) if run.is_quick else (3, 70)
    accepted, searchable, cpu_us = [], [], []
    _bulk_round(run, _WARM_UP, bodies)  # a worker's first group finds no memory to use again
    for number in range(rounds):
        found = _bulk_round(run, number, bodies)
        accepted.append(found["accepted"])
        searchable.append(found["searchable"])
        cpu_us.append(found["cpu_us"])
    run.searchable_s = rate = statistics.median(searchable)
    taken, cost_us = statistics.median(accepted), statistics.median(cpu_us)
    yield Figure(
        name="lines accepted",
        value=f"{taken:,.0f} /s",
        target="≥ 500,000 /s",
        is_met=taken >= 5e5,
    )
    yield Figure(
        name="lines searchable", value=f"{rate:,.0f} /s", target="≥ 200,000 /s", is_met=rate >= 2e5
    )
    yield Figure(
        name="CPU of all our processes, a line searchable",
        value=f"{cost_us:.1f} µs",
        target="≤ 9 µs",
        is_met=cost_us <= 9,
    )


def _bulk_round(run: Run, number: int, bodies: int) -> dict[str, float]:
    span = run.span(number)
    load = Load(
        run.stack.plan(
            "bulk",
            bodies=bodies,
            connections=4,
            seed=number,
            start=span.start.isoformat(),
            seconds=span.seconds,
        )
    )
    lines = bodies * LINES_A_BODY
    until_rows = _rows_in(run.stack) + lines
    cpu, began = run.stack.cpu_s(), time.monotonic()
    load.go()
    result = load.result()
    _wait_for(run.stack, lines, span, until_rows=until_rows)
    seconds = time.monotonic() - began
    run.lines += lines
    run.needles += result["needles"]
    return {
        "accepted": lines / result["seconds"],
        "searchable": lines / seconds,
        "cpu_us": 1e6 * (run.stack.cpu_s() - cpu) / lines,
    }


def _wait_for(stack: Stack, lines: int, span: Span, *, until_rows: int) -> None:
    """Until the API counts all lines; it is asked once the table has so many rows."""
    deadline = time.monotonic() + 120
    _wait_for_rows(stack, until_rows, deadline)
    while stack.total(**span.parameters) != lines:
        if time.monotonic() > deadline:
            counted = stack.total(**span.parameters)
            raise RuntimeError(f"the API counts {counted} of {lines} lines\n{_where_else(stack)}")
        time.sleep(_POLL_S)


def _wait_for_rows(stack: Stack, until_rows: int, deadline: float) -> None:
    """Ask for half of the time that is left by the pace so far: every answer takes CPU as well."""
    began, first = time.monotonic(), _rows_in(stack)
    rows = first
    while rows < until_rows and time.monotonic() < deadline:
        pace = (rows - first) / (time.monotonic() - began)
        left_s = (until_rows - rows) / pace if pace else 0
        time.sleep(min(0.25, max(_POLL_S, left_s / 2)))
        rows = _rows_in(stack)


def _rows_in(stack: Stack) -> int:
    """Lines in the store, by what the engine knows of its table without reading it."""
    return int(stack.sql("SELECT total_rows FROM system.tables WHERE name = 'logs'"))


def _where_else(stack: Stack) -> str:
    """Where lines may be that are not searchable."""
    reasons = stack.sql("SELECT reason, count() FROM quarantine GROUP BY reason")
    receipts = stack.sql("SELECT sum(received), sum(stored), sum(quarantined) FROM receipts")
    rows = stack.sql("SELECT count(), min(timestamp), max(timestamp) FROM logs")
    return f"quarantine: {reasons}\nreceipts: {receipts}\nrows: {rows}\n{stack.get('queue')}"


def direct(run: Run) -> Iterator[Figure]:
    """The same lines into the engine alone, for comparison."""
    ddl = run.stack.sql("SHOW CREATE TABLE logs FORMAT TSVRaw").replace("default.logs", "logs", 1)
    bodies = 32 if run.is_quick else 96
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "bench.direct", folder, str(bodies), run.now.isoformat()],
            cwd=ROOT,
            env=django_environment(run.stack),
            input=ddl,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found = json.loads(done.stdout.splitlines()[-1])
    ratio = f"; we reach {run.searchable_s / found['lines_s']:.0%}" if run.searchable_s else ""
    value = f"{found['lines_s']:,.0f} /s{ratio}"
    yield Figure(
        name="direct Arrow insert into the engine",
        value=value,
        target="we reach ≥ 40%" if ratio else "",
        is_met=run.searchable_s >= 0.4 * found["lines_s"] if ratio else None,
    )
    yield Figure(name="CPU of the direct insert, a line", value=f"{found['cpu_us']:.1f} µs")


def parsing(run: Run) -> Iterator[Figure]:
    """Parsing alone, a core: formats as named by the sender and as detected line by line."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.parsing", "--figures"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    steps = found.pop("corpus")["steps"]
    for kind, us in found.items():
        fixed, detected = 1e6 / us["fixed"], 1e6 / us["detected"]
        yield Figure(
            name=f"parsing {kind}, a core: format given / detected",
            value=f"{fixed:,.0f} / {detected:,.0f} /s",
            target="≥ 300,000 / 150,000 /s",
            is_met=fixed >= 3e5 and detected >= 1.5e5,
        )
    yield Figure(
        name="templates, score, redaction and enrichment, a line",
        value=f"{steps:.1f} µs",
        target="≤ 2 µs",
        is_met=steps <= 2,
    )


def singles(run: Run) -> Iterator[Figure]:
    """Requests of one event each, over 16 connections."""
    rounds, seconds = (1, 3) if run.is_quick else (3, 5)
    found = []
    for _ in range(rounds):
        load = Load(run.stack.plan("singles", connections=16, seconds=seconds))
        load.go()
        found.append(load.result())
    middle = sorted(found, key=lambda one: one["count"] / one["seconds"])[len(found) // 2]
    rate = middle["count"] / middle["seconds"]
    yield Figure(
        name="single-event posts",
        value=f"{rate:,.0f} /s",
        target="≥ 1,500 /s",
        is_met=rate >= 1500,
    )
    yield Figure(
        name="a single-event post, p50 / p99",
        value=f"{middle['p50_ms']:.1f} / {middle['p99_ms']:.1f} ms",
        target="p99 ≤ 50 ms",
        is_met=middle["p99_ms"] <= 50,
    )


def latency(run: Run) -> Iterator[Figure]:
    """From the POST of a line to the first search that finds it, under a steady load."""
    probes = 15 if run.is_quick else 60
    span = run.span(11)
    steady = Load(
        run.stack.plan(
            "steady", rate=1000, seed=77, start=span.start.isoformat(), seconds=span.seconds
        )
    )
    steady.go()
    time.sleep(1)
    took = sorted(_seconds_to_find(run.stack, number) for number in range(probes))
    steady.go()
    steady.result()
    p50_ms, p99_ms = 1000 * took[probes // 2], 1000 * took[int(probes * 0.99)]
    yield Figure(
        name="POST to searchable at 1,000 lines/s, p50 / p99",
        value=f"{p50_ms:.0f} / {p99_ms:.0f} ms",
        target="≤ 150 / 500 ms",
        is_met=p50_ms <= 150 and p99_ms <= 500,
    )


def _seconds_to_find(stack: Stack, number: int) -> float:
    from ingestion.shipper.client import IngestClient
    from logplatform.remote.client import Target

    needle = uuid.uuid4().hex
    client = IngestClient(
        Target(url=f"http://127.0.0.1:{stack.port}", key=stack.first_run["ingest_key"])
    )
    body = json.dumps({"message": f"probe {number}", "trace_id": needle}).encode()
    began = time.monotonic()
    client.post(body, headers={"Content-Type": "application/json"}, params={})
    while not stack.get("logs", q=f"trace_id:{needle}", limit="1")["results"]:
        if time.monotonic() - began > 10:
            raise RuntimeError("a line was not searchable within 10 s")
        time.sleep(0.002)
    client.close()
    return time.monotonic() - began


def search(run: Run) -> Iterator[Figure]:
    """Searches over all lines of the bulk part, warm, through HTTP with a key."""
    times = 10 if run.is_quick else 40
    where = run.searched
    needles = iter(run.needles * times)
    ask = run.stack.get
    questions: dict[str, Callable[[], dict[str, Any]]] = {
        "newest 100": lambda: ask("logs", limit="100", **where),
        "one word": lambda: ask("logs", q=RARE_WORD, limit="100", **where),
        "word and level, counted": lambda: ask("logs/stats", q=f"{RARE_WORD} level:error", **where),
        "one trace id": lambda: ask("logs", q=f"trace_id:{next(needles)}", **where),
        "histogram by level": lambda: ask("logs/histogram", by="level", **where),
    }
    for name, question in questions.items():
        took = sorted(_milliseconds(question) for _ in range(times + 3))
        p50 = statistics.median(took)
        is_word = name == "one word"
        yield Figure(
            name=f"search: {name}, p50 / p95",
            value=f"{p50:.1f} / {took[int(len(took) * 0.95)]:.1f} ms",
            target="p50 ≤ 50 ms" if is_word else "",
            is_met=p50 <= 50 if is_word else None,
        )


def _milliseconds(question: Callable[[], dict[str, Any]]) -> float:
    began = time.monotonic()
    answer = question()
    took = 1000 * (time.monotonic() - began)
    if not (answer.get("results") or answer.get("total") or answer.get("buckets")):
        raise RuntimeError(f"a search that must find something found {answer}")
    return took


def disk(run: Run) -> Iterator[Figure]:
    """Bytes a line on disk, of parts as they are now and merged as they will be in a while."""
    now, merged = _bytes_a_line(run.stack, "logs"), _bytes_once_merged(run.stack)
    yield Figure(
        name="on disk, a line",
        value=f"{merged:.1f} B of {LINE_BYTES} B once merged, {now:.1f} B before",
        target="≤ 45 B",
        is_met=merged <= 45,
    )


def _bytes_once_merged(stack: Stack) -> float:
    """Of a copy, so that the searches that follow find the parts as they came."""
    stack.sql("CREATE TABLE merged AS logs")
    days = stack.sql("SELECT DISTINCT partition FROM system.parts WHERE active AND table = 'logs'")
    for day in days.split():
        stack.sql(f"ALTER TABLE merged ATTACH PARTITION '{day}' FROM logs")
    stack.sql("OPTIMIZE TABLE merged FINAL")
    each = _bytes_a_line(stack, "merged")
    stack.sql("DROP TABLE merged SYNC")
    return each


def _bytes_a_line(stack: Stack, table: str) -> float:
    rows, size = map(
        int,
        stack.sql(
            "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts "
            f"WHERE active AND table = '{table}' FORMAT TSV"
        ).split(),
    )
    return size / rows


def new_run(stack: Stack, *, is_quick: bool) -> Run:
    """A run that has measured nothing yet."""
    return Run(
        stack=stack, is_quick=is_quick, now=datetime.now(UTC).replace(microsecond=0), needles=[]
    )


PARTS: dict[str, Callable[[Run], Iterator[Figure]]] = {
    "start": start,
    "bulk": bulk,
    "disk": disk,
    "search": search,
    "singles": singles,
    "latency": latency,
    "live": live,
    "direct": direct,
    "parsing": parsing,
    "history": history,
    "mixed": mixed,
}
