"""Numbers for Prometheus: what the drain booked, and how the queue stands.

Workers are many processes, so their counts are kept in one hash of the queue: the drain adds what
a group became together with its acknowledgement, so every line is counted exactly once. A scrape
reads the hash and the queue, so all web processes show the same numbers. The names of apps and
sources are shown only on demand: `/metrics` is open to everyone.
"""

import json
import logging
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import redis
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from ingestion import queue, space
from ingestion.ledger.gauges import LedgerState, ledger_gauges, read_ledger
from ingestion.loss.gauges import loss_gauges
from ingestion.quarantine.fills import Fill, fills
from logplatform.kernel import clock

logger = logging.getLogger(__name__)

OUTCOMES = ("stored", "duplicate", "quarantined")
_TENANT = ("app", "source")
_COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "lines": (
        "Lines that were processed, by what became of them.",
        ("app", "source", "protocol", "outcome"),
    ),
    "bytes": (
        "Bytes of the bodies that were processed, decompressed, by what became of their lines.",
        ("app", "source", "protocol", "outcome"),
    ),
    "quarantined": (
        "Lines that went to quarantine, by the code of the reason; without direct writes.",
        ("app", "source", "reason"),
    ),
    "refused": (
        "Requests the door refused, by the code of the error.",
        ("app", "source", "reason"),
    ),
    "redacted": (
        "Fields of records in which a redaction rule found something.",
        ("app", "source", "rule"),
    ),
    "tail_dropped": (
        "Records left out of live tails, by workers as too many or for pages that were too slow.",
        ("app",),
    ),
    "quarantine_dropped": (
        "Quarantined lines that were dropped because of a bound of quarantine.",
        ("app", "bound"),
    ),
}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BATCH = (1.0, 10.0, 100.0, 1e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6)
_HISTOGRAMS: dict[str, tuple[str, tuple[float, ...]]] = {
    "assemble_seconds": ("Time to decode and parse a group of requests.", _SECONDS),
    "insert_seconds": ("Time until the log engine has a group, waiting for it included.", _SECONDS),
    "drain_batch_lines": ("Lines of a group, which go to the engine together.", _BATCH),
}

Key = tuple[str, ...]


class Stopwatch:
    """Adds up the seconds of each stage of a group."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block as the stage `name`, failed or not."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


def counts_of(
    receipts: Collection[Mapping[str, Any]], stages: Mapping[str, float]
) -> dict[str, float]:
    """What to book for a stored group.

    Args:
        receipts: the receipts of its requests, as `assemble` gives them.
        stages: seconds of "assemble" and "insert".
    Returns:
        Field of the hash of counts → what to add to it; few, whatever the size of the group.
    """
    if not receipts:
        return {}
    counts = _sums(receipts)
    _observe(counts, "drain_batch_lines", sum(row["received"] for row in receipts))
    for stage, seconds in stages.items():
        _observe(counts, f"{stage}_seconds", seconds)
    return {_field(key): count for key, count in counts.items()}


def counts_past_the_queue(sums: Collection[Mapping[str, Any]]) -> dict[str, float]:
    """What to book for lines that were written directly; `sums` as of `sum_receipts`."""
    return {_field(key): count for key, count in _sums(sums).items()}


def _sums(receipts: Collection[Mapping[str, Any]]) -> dict[Key, float]:
    counts: dict[Key, float] = defaultdict(int)
    for row in receipts:
        labels = (row["app"], row["source"], row["protocol"])
        refused = _refused_bytes(row)
        for outcome, size in (("stored", row["bytes"] - refused), ("quarantined", refused)):
            if size:
                counts["bytes", *labels, outcome] += size
        for outcome in OUTCOMES:
            if row[outcome]:
                counts["lines", *labels, outcome] += row[outcome]
        for reason, lines in row.get("reasons", {}).items():
            counts["quarantined", row["app"], row["source"], reason] += lines
    return counts


def _refused_bytes(row: Mapping[str, Any]) -> int:
    """Of a body that was refused whole all of it: what was kept may be a part, or redacted."""
    is_whole = bool(row["quarantined"]) and not row["stored"]
    return int(row["bytes"] if is_whole else min(row["quarantined_bytes"], row["bytes"]))


@lru_cache(1024)
def duplicate_fields(app: str, source: str, protocol: str) -> tuple[str, str]:
    """The fields that count lines and bytes of bodies which came before."""
    labels = (app, source, protocol, "duplicate")
    return _field(("lines", *labels)), _field(("bytes", *labels))


def refusals(counts: Mapping[tuple[str, str, str], int]) -> dict[str, float]:
    """What to book for refused requests, given by (app, source, reason)."""
    return {_field(("refused", *key)): count for key, count in counts.items()}


def redactions(parts: Sequence[Mapping[tuple[str, str, str], int]]) -> dict[str, float]:
    """What to book for redacted fields, given by (app, source, rule)."""
    counts: dict[str, float] = {}
    for part in parts:
        for key, count in part.items():
            name = _field(("redacted", *key))
            counts[name] = counts.get(name, 0) + count
    return counts


def tail_drops(app: str, dropped: int) -> dict[str, float]:
    """What to book for records that a live tail was not sent."""
    return {_field(("tail_dropped", app)): dropped}


def replayed(app: str, source: str, stored: int, refused: int) -> dict[str, float]:
    """What to book for lines that were read again from quarantine."""
    outcomes = {"stored": stored, "quarantined": refused}
    return {_field(("lines", app, source, "replay", name)): n for name, n in outcomes.items() if n}


def quarantine_dropped(app: str, bound: str, lines: int) -> dict[str, float]:
    """What to book for lines dropped for a bound: "age" or "bytes"."""
    return {_field(("quarantine_dropped", app, bound)): lines}


def _observe(counts: dict[Key, float], name: str, value: float) -> None:
    bounds = (*_HISTOGRAMS[name][1], float("inf"))
    counts[name, "bucket", str(bounds[bisect_left(bounds, value)])] += 1
    counts[name, "sum"] += value


def _field(key: Key) -> str:
    return json.dumps(key, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    counts: dict[Key, float]
    backlog_bytes: int
    idempotency_fill: float
    shards: list[queue.ShardState]
    fills: list[Fill]
    ledger: LedgerState | None


def _take_snapshot() -> _Snapshot:
    booked = queue.booked().items()
    return _Snapshot(
        counts={tuple(json.loads(field)): float(count) for field, count in booked},
        backlog_bytes=queue.backlog_bytes(),
        idempotency_fill=queue.idempotency_fill(),
        shards=queue.shard_states(clock.now()),
        fills=fills(),
        ledger=read_ledger(),
    )


def exposition(*, with_names: bool) -> bytes:
    """All our series in the text format; `with_names` tells apps and sources apart.

    While the queue is away only `logplatform_up{dependency="queue"} 0` is left.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(with_names))
    return generate_latest(registry)


class _Collector:
    """Reads everything first: a queue that goes away in between leaves no half of it."""

    def __init__(self, with_names: bool) -> None:
        self.with_names = with_names

    def collect(self) -> Iterator[Metric]:
        yield from _disk_gauges()
        up = GaugeMetricFamily(
            "logplatform_up", "Whether a dependency answers.", labels=["dependency"]
        )
        try:
            snapshot = _take_snapshot()
        except redis.RedisError as error:
            logger.warning("No counts for metrics: the queue is away", extra={"why": str(error)})
            up.add_metric(["queue"], 0)
            yield up
            return
        up.add_metric(["queue"], 1)
        yield up
        yield from _queue_gauges(snapshot)
        yield from loss_gauges()
        yield from _quarantine_gauges(snapshot.fills, self.with_names)
        if snapshot.ledger:
            senders = {(key[1], key[2]) for key in snapshot.counts if key[0] == "lines"}
            yield from ledger_gauges(snapshot.ledger, senders, with_names=self.with_names)
        for name in _COUNTERS:
            yield _counter(name, snapshot.counts, self.with_names)
        for name in _HISTOGRAMS:
            yield _histogram(name, snapshot.counts)


def _disk_gauges() -> Iterator[Metric]:
    try:
        found = space.look()
    except OSError:
        return
    doc = "Bytes free on the disk of DATA_DIR."
    yield GaugeMetricFamily("logplatform_disk_free_bytes", doc, value=found.free_bytes)
    doc = "Bytes that must stay free there; with less the door answers 503."
    yield GaugeMetricFamily("logplatform_disk_needed_bytes", doc, value=found.needed_bytes)


def _queue_gauges(snapshot: _Snapshot) -> Iterator[Metric]:
    entries = GaugeMetricFamily(
        "logplatform_queue_entries", "Requests in the queue.", labels=["shard"]
    )
    oldest_age_s = 0.0
    for state in snapshot.shards:
        entries.add_metric([str(state.shard)], state.entries)
        oldest_age_s = max(oldest_age_s, state.oldest_age_s or 0.0)
    yield entries
    yield GaugeMetricFamily(
        "logplatform_queue_bytes",
        "Bytes of the bodies in the queue, as sent.",
        value=snapshot.backlog_bytes,
    )
    yield GaugeMetricFamily(
        "logplatform_queue_oldest_age_seconds",
        "How long the oldest request has been in the queue; 0 when it is empty.",
        value=oldest_age_s,
    )
    yield GaugeMetricFamily(
        "logplatform_idempotency_fill_ratio",
        "How many Idempotency-Keys of 24 hours are remembered, of as many as may be.",
        value=snapshot.idempotency_fill,
    )


def _quarantine_gauges(found: list[Fill], with_names: bool) -> Iterator[Metric]:
    """How full quarantine is; without names the fullest app and all bytes together."""
    labels = ["app"] if with_names else []
    size = GaugeMetricFamily(
        "logplatform_quarantine_bytes", "Bytes of the lines in quarantine.", labels=labels
    )
    fill = GaugeMetricFamily(
        "logplatform_quarantine_fill_ratio",
        "How near an app is to a bound of quarantine; lines are dropped beyond 1.",
        labels=[*labels, "bound"],
    )
    if with_names:
        for each in found:
            size.add_metric([each.app], each.bytes)
            fill.add_metric([each.app, "bytes"], each.bytes_share)
            fill.add_metric([each.app, "age"], each.age_share)
    else:
        size.add_metric([], sum(each.bytes for each in found))
        fill.add_metric(["bytes"], max((each.bytes_share for each in found), default=0.0))
        fill.add_metric(["age"], max((each.age_share for each in found), default=0.0))
    yield size
    yield fill


def _counter(name: str, counts: dict[Key, float], with_names: bool) -> Metric:
    doc, labels = _COUNTERS[name]
    shown = [at for at, label in enumerate(labels) if with_names or label not in _TENANT]
    sums: dict[Key, float] = defaultdict(float)
    for (kind, *values), count in counts.items():
        if kind == name:
            # An earlier version did not tell bytes by outcome.
            values += ["stored"] * (len(labels) - len(values))
            sums[tuple(values[at] for at in shown)] += count
    if name in ("lines", "bytes"):
        # A rate needs the zero before the first line of an outcome.
        _fill_outcomes(sums)
    family = CounterMetricFamily(f"logplatform_{name}", doc, labels=[labels[at] for at in shown])
    for key, total in sums.items():
        family.add_metric(key, total)
    return family


def _fill_outcomes(sums: dict[Key, float]) -> None:
    for *labels, _ in list(sums):
        for outcome in OUTCOMES:
            sums.setdefault((*labels, outcome), 0.0)


def _histogram(name: str, counts: dict[Key, float]) -> Metric:
    doc, bounds = _HISTOGRAMS[name]
    found = {float(key[2]): n for key, n in counts.items() if key[:2] == (name, "bucket")}
    # Bounds of an earlier version may still be in the hash.
    every = sorted({*bounds, *found, float("inf")})
    sums = accumulate(found.get(bound, 0.0) for bound in every)
    buckets = [
        ("+Inf" if bound == float("inf") else str(bound), total)
        for bound, total in zip(every, sums, strict=True)
    ]
    family = HistogramMetricFamily(f"logplatform_{name}", doc)
    family.add_metric([], buckets=buckets, sum_value=counts.get((name, "sum"), 0.0))
    return family
