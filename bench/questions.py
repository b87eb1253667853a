"""Twenty named questions over ten million lines of thirty days, and one needle as they grow."""

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.caches import forget
from bench.figures import Figure
from bench.history import DAYS, RARE, fill, trace_of
from bench.pages import page_loads
from bench.stack import ROOT, Stack, django_environment

if TYPE_CHECKING:
    from bench.parts import Run

_MONTH = {"start": f"now-{DAYS}d"}
_COUNTERS = ("SelectedRows", "SelectedBytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request; `target_ms` is for its warm median."""

    name: str
    path: str
    parameters: dict[str, str]
    target_ms: int = 0


def _q(name: str, path: str, target_ms: int = 0, **parameters: str) -> Question:
    return Question(name=name, path=path, parameters={**_MONTH, **parameters}, target_ms=target_ms)


def questions(trace: str) -> list[Question]:
    """What is asked; `trace` is the id of one line that is there."""
    return [
        _q("newest 100", "logs", 30, limit="100"),
        _q("oldest 100", "logs", limit="100", order="asc"),
        _q("needle by trace id", "logs", 30, q=f"trace_id:{trace}"),
        _q("rare word", "logs", 20, q=RARE),
        _q("phrase, newest 100", "logs", q='"connection reset"', limit="100"),
        _q("word and level, counted", "logs/stats", 60, q=f"{RARE} level:info"),
        _q("frequent word, counted", "logs/stats", q="upstream"),
        _q("attribute range, newest 100", "logs", q="status:>=500 duration_ms:>900", limit="100"),
        _q("regex over all, counted", "logs/stats", 600, q=r"message:/reset by p\w+r in 9\d7/"),
        _q("facets of five fields, a day", "logs/facets", 300, start="now-1d",
           fields="level,service,host,attributes.status,attributes.path"),
        _q("histogram by level", "logs/histogram", 100),
        _q("histogram of a word", "logs/histogram", q="upstream"),
        _q("30-day figures from roll-ups", "logs/stats", 50),
        _q("p95 by service", "analytics/aggregate", 400, group_by="service",
           metrics="count,p95:duration_ms"),
        _q("status over time", "analytics/aggregate", group_by="attributes.status",
           metrics="count", interval="auto"),
        _q("users by service", "analytics/aggregate", group_by="service",
           metrics="unique:user_id"),
        _q("top addresses, a day", "logs/facets", start="now-1d", fields="attributes.client_ip"),
        _q("latency over a day", "analytics/aggregate", start="now-1d", interval="auto",
           metrics="p50:duration_ms,p95:duration_ms,p99:duration_ms"),
        _q("message templates, a day", "logs/patterns", start="now-1d"),
        _q("unusual lines", "logs/anomalies", limit="100"),
    ]  # fmt: skip


def history(run: "Run") -> Iterator[Figure]:
    """Fill, ask each question cold and warm, and the needle at each size."""
    small, middle, large = (
        (100_000, 500_000, 1_000_000) if run.is_quick else (1_000_000, 10_000_000, 30_000_000)
    )
    end_s, needles = int(run.now.timestamp()), []
    stored = 0
    for lines in (small, middle, large):
        fill(run.stack, first=stored, lines=lines - stored, end_s=end_s)
        _settle(run.stack)
        stored = lines
        if lines == middle:
            # As the parts of many small inserts are after a while, and as beat has counts merged.
            run.stack.sql("OPTIMIZE TABLE logs FINAL")
            _merge_counts(run.stack)
            yield from _ask_all(run, lines)
            yield from page_loads(run.stack, size=_size(lines), is_quick=run.is_quick)
        needle = questions(trace_of(run.stack, lines // 2))[2]
        needles.append(_measure(run, needle))
    yield Figure(
        name=f"needle over {small:,}, {middle:,} and {large:,} lines, warm p50",
        value=" / ".join(f"{one.p50_ms:.0f}" for one in needles)
        + " ms; "
        + " / ".join(f"{one.rows:,}" for one in needles)
        + " rows read",
    )


def _merge_counts(stack: Stack) -> None:
    """What the platform's own schedule runs every quarter of an hour."""
    code = "import django; django.setup(); from storage.tasks import merge_counts; merge_counts()"
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=django_environment(stack), check=True
    )


def _ask_all(run: "Run", lines: int) -> Iterator[Figure]:
    for question in questions(trace_of(run.stack, lines // 3)):
        found = _measure(run, question)
        target = question.target_ms
        yield Figure(
            name=f"{_size(lines)}: {question.name}",
            value=f"{found.p50_ms:.0f} / {found.p95_ms:.0f} ms, cold {found.cold_ms:.0f} ms; "
            f"{found.rows:,} rows, {found.megabytes:.1f} MB read",
            target=f"p50 ≤ {target} ms" if target else "",
            is_met=found.p50_ms <= target if target else None,
        )


def _size(lines: int) -> str:
    return f"{lines // 1_000_000 or lines / 1e6}M lines"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    p50_ms: float
    p95_ms: float
    cold_ms: float
    rows: int
    megabytes: float


def _measure(run: "Run", question: Question) -> _Found:
    """One cold run, then warm ones; what is read is that of the warm run that read least."""
    times = 7 if run.is_quick else 25
    forget(run.stack)
    cold_ms = _milliseconds(run.stack, question)
    took, read = [], []
    for _ in range(times):
        before = _counters(run.stack)
        took.append(_milliseconds(run.stack, question))
        after = _counters(run.stack)
        read.append([late - early for early, late in zip(before, after, strict=True)])
    took.sort()
    rows, size = min(read)
    return _Found(
        p50_ms=statistics.median(took),
        p95_ms=took[math.ceil(len(took) * 0.95) - 1],
        cold_ms=cold_ms,
        rows=rows,
        megabytes=size / 1e6,
    )


def _milliseconds(stack: Stack, question: Question) -> float:
    began = time.monotonic()
    stack.get(question.path, **question.parameters)
    return 1000 * (time.monotonic() - began)


def _counters(stack: Stack) -> list[int]:
    names = ", ".join(f"'{name}'" for name in _COUNTERS)
    rows = stack.sql(f"SELECT event, value FROM system.events WHERE event IN ({names}) FORMAT TSV")
    values = dict(line.split("\t") for line in rows.splitlines())
    return [int(values.get(name, 0)) for name in _COUNTERS]


def _settle(stack: Stack, *, patience_s: float = 120) -> None:
    """Until no parts are merged any more."""
    deadline = time.monotonic() + patience_s
    quiet = 0
    while quiet < 5 and time.monotonic() < deadline:
        quiet = 0 if int(stack.sql("SELECT count() FROM system.merges")) else quiet + 1
        time.sleep(0.2)
