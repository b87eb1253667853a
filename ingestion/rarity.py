"""What is unusual for its source: messages and values it never sent, and slow answers.

A memory for each source, shared by the workers in the queue's server: which templates, services,
hosts, loggers and values of attributes it sent this week and the last one, and how long its
requests take. Like
enrichment this follows the moment: a group that is stored again may be judged by a newer memory,
which changes neither its rows' ids nor its insert token. Without the server nothing is judged.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import redis

from ingestion import queue
from ingestion.assemble import Assembled
from ingestion.categories import MAX_VALUES, Attributes, Categories, may_be_values
from ingestion.free_text import NO_TEMPLATE
from logplatform.kernel import anomaly, clock

logger = logging.getLogger(__name__)

# A source is judged once it sent so many lines; a kind of value only where it is of few.
WARM_LINES = 1_000
MAX_DISTINCT = 2_000
# Of a source, a field and a week: bounds what the server keeps.
MAX_KNOWN = 4_000
# Of a group; where more are slow, slow is what is usual now.
MAX_SLOW = 1_000
_FIELDS = {"pattern_id": anomaly.NEW_TEMPLATE} | {
    name: f"{anomaly.NEW_VALUE}:{name}" for name in ("service", "host", "logger")
}
_WEEK_S = 7 * 86_400
_KEPT_S = 2 * _WEEK_S
# Durations are counted in quarters of a doubling, from 1 ms to 18 h; half is forgotten in time.
_BUCKETS = 104
_HALF_LIFE = 200_000
_SLOWEST_SHARE = 0.01
_TIMES_SLOWER = 2.0
_LEAST_MS = 50.0
_SAVE_S = 10.0
_MAX_SOURCES = 2_000

Counts = np.ndarray[tuple[int], np.dtype[np.float32]]
Source = tuple[str, str]


@dataclass(slots=True)
class _Memory:
    """What this process knows of a source; `seen`: field → values of this week and the last."""

    week: int
    lines: int
    durations: Counts
    categories: Categories = field(default_factory=Categories)
    seen: dict[str, set[object]] = field(default_factory=lambda: defaultdict(set))
    saved_at: float = 0.0


_memories: dict[Source, _Memory] = {}


def forget() -> None:
    """Know nothing but what the queue's server does."""
    _memories.clear()


def with_rarity(assembled: Assembled) -> Assembled:
    """Records with points for what is unusual for their source, and what that is in `_unusual`.

    Of lines with the same new value only the first is unusual.
    """
    records = assembled.records
    if not len(records):
        return assembled
    try:
        marks = _marks(records)
    except redis.RedisError:
        logger.warning("What sources usually send is not known now", exc_info=True)
        return assembled
    return replace(assembled, records=_marked(records, marks)) if marks else assembled


def _marks(records: pl.DataFrame) -> list[tuple[str, pl.Series]]:
    """What is unusual: (mark, row numbers)."""
    marks: list[tuple[str, pl.Series]] = []
    sources = records.select("app", "source").unique().rows()
    numbered = records.select(
        *_FIELDS, "_duration_ms", "attributes", "app", "source"
    ).with_row_index("row")
    for app, source in sources:
        own = numbered
        if len(sources) > 1:
            own = numbered.filter((pl.col("app") == app) & (pl.col("source") == source))
        marks += _marks_of((app, source), own)
    return marks


def _marks_of(source: Source, own: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    memory = _memory_of(source)
    is_warm = memory.lines >= WARM_LINES
    for name, mark in _FIELDS.items():
        new = _new_values(source, memory, name, own[name])
        if is_warm and new is not None and len(new):
            first = own.filter(pl.col(name).is_in(new.implode())).unique(name, keep="first")
            yield mark, first["row"]
    yield from _new_categories(source, memory, own)
    took = own["_duration_ms"]
    known = took.filter(took >= 0)
    if len(known):
        usual_ms = _highest_usual_ms(memory.durations) if is_warm else None
        if usual_ms is not None:
            slower = (took > max(_LEAST_MS, _TIMES_SLOWER * usual_ms)) & took.is_finite()
            yield f"{anomaly.SLOWER}:{usual_ms:.0f}", own["row"].filter(slower).head(MAX_SLOW)
        memory.durations = _with_durations(memory.durations, known)
    memory.lines += len(own)
    _save(source, memory)


def _new_categories(
    source: Source, memory: _Memory, own: pl.DataFrame
) -> Iterator[tuple[str, pl.Series]]:
    """What is new among attributes of few values; a line is marked for one of them."""
    attributes, known, marked = Attributes(own["attributes"]), memory.categories, set[int]()
    known.learn(attributes.names())
    for name in sorted(known.lines):
        values = attributes.values_of(name)
        if not len(values):
            continue
        new = None
        if may_be_values(values):
            new = _new_values(source, memory, f"attributes.{name}", values, most=MAX_VALUES)
        if new is None:
            known.drop(name)
            continue
        if known.lines[name] >= WARM_LINES and len(new):
            rows = [row for row in attributes.first_rows(name, new) if row not in marked]
            marked.update(rows)
            yield f"{anomaly.NEW_VALUE}:{name}", own["row"].gather(rows)
        known.lines[name] += len(values)


def _new_values(
    source: Source, memory: _Memory, name: str, column: pl.Series, *, most: int = MAX_KNOWN
) -> pl.Series | None:
    """Values that the source did not send this week nor the last; they are remembered.

    None where there are too many different ones to say.
    """
    distinct = column.unique()
    is_free_text = name == "pattern_id" and NO_TEMPLATE in distinct
    if is_free_text or len(distinct) > min(most, MAX_DISTINCT) or len(memory.seen[name]) > most:
        return None
    seen = memory.seen[name]
    unknown = [value for value in distinct.to_list() if value not in seen and value != ""]
    if not unknown:
        return distinct.clear()
    with queue.client().pipeline(transaction=False) as pipe:
        for week in (memory.week, memory.week - 1):
            pipe.smismember(_key(source, f"{name}:{week}"), unknown)
        pipe.scard(_key(source, f"{name}:{memory.week}"))
        this_week, last_week, size = pipe.execute()
    seen.update(unknown)
    if size + this_week.count(0) > most:
        return None
    _remember(_key(source, f"{name}:{memory.week}"), unknown)
    known = zip(unknown, this_week, last_week, strict=True)
    new = [value for value, now, before in known if not now and not before]
    return pl.Series(new, dtype=column.dtype)


def _remember(key: str, values: list[object]) -> None:
    with queue.client().pipeline(transaction=False) as pipe:
        pipe.sadd(key, *values)
        pipe.expire(key, _KEPT_S)
        pipe.execute()


def _memory_of(source: Source) -> _Memory:
    week = int(clock.now().timestamp()) // _WEEK_S
    memory = _memories.get(source)
    if memory is None:
        if len(_memories) >= _MAX_SOURCES:
            _memories.clear()
        memory = _memories[source] = _loaded(source, week)
    if memory.week != week:
        # What is still sent is asked for once more, and so comes into the new week.
        memory.week, memory.seen = week, defaultdict(set)
        memory.categories.varied.clear()
    return memory


def _loaded(source: Source, week: int) -> _Memory:
    names = ("lines", "durations", "categories")
    lines, durations, categories = queue.client().hmget(_key(source, "usual"), names)
    counts = np.zeros(_BUCKETS, np.float32)
    if durations and len(durations) == counts.nbytes:
        counts = np.frombuffer(durations, np.float32).copy()
    known = Categories.load(categories)
    return _Memory(week=week, lines=int(lines or 0), durations=counts, categories=known)


def _save(source: Source, memory: _Memory) -> None:
    """Tell the other workers, now and then; of two that tell, the later counts."""
    if time.monotonic() - memory.saved_at < _SAVE_S and memory.lines > 2 * WARM_LINES:
        return
    memory.saved_at = time.monotonic()
    with queue.client().pipeline(transaction=False) as pipe:
        usual = {
            "lines": memory.lines,
            "durations": memory.durations.tobytes(),
            "categories": memory.categories.dump(),
        }
        pipe.hset(_key(source, "usual"), mapping=usual)
        pipe.expire(_key(source, "usual"), _KEPT_S)
        pipe.execute()


def _key(source: Source, what: str) -> str:
    return f"{queue.usual_prefix(source[0])}{source[1]}:{what}"


def _with_durations(counts: Counts, took_ms: pl.Series) -> Counts:
    """The counts with those of a group, and what is old weighing less."""
    numbers = took_ms.to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    places = np.clip(4 * np.log2(np.maximum(numbers, 1.0)), 0, _BUCKETS - 1).astype(np.int64)
    decay = 0.5 ** (len(numbers) / _HALF_LIFE)
    fresh = np.bincount(places, minlength=_BUCKETS)
    return np.asarray(counts * decay + fresh, np.float32)


def _highest_usual_ms(counts: Counts) -> float | None:
    """The duration that one of a hundred exceeds; None where too few are known."""
    total = float(counts.sum())
    if total < WARM_LINES:
        return None
    behind = np.cumsum(counts[::-1])[::-1]
    beyond = np.nonzero(behind <= _SLOWEST_SHARE * total)[0]
    place = int(beyond[0]) if len(beyond) else _BUCKETS
    return float(2.0 ** (place / 4))


def _marked(records: pl.DataFrame, marks: list[tuple[str, pl.Series]]) -> pl.DataFrame:
    """The records with their marks and points."""
    points = np.zeros(len(records), np.int64)
    texts: dict[int, list[str]] = {}
    for mark, rows in marks:
        points[rows.to_numpy()] += anomaly.RARITY_POINTS[mark.partition(":")[0]]
        for row in rows.to_list():
            texts.setdefault(row, []).append(mark)
    if not texts:
        return records
    chosen = sorted(texts)
    attribute = pl.DataFrame({"value": [" ".join(texts[row]) for row in chosen]}).select(
        pl.concat_list(pl.struct(pl.lit(anomaly.UNUSUAL).alias("key"), "value")).alias("mark")
    )["mark"]
    mine = records["attributes"].gather(chosen)
    both = pl.DataFrame({"mine": mine, "mark": attribute}).select(
        pl.col("mine").list.concat(pl.col("mark"))
    )["mine"]
    total = pl.Series(points) + records["anomaly_score"].cast(pl.Int64)
    places = np.arange(len(records))
    places[chosen] = len(records) + np.arange(len(chosen))
    return records.with_columns(
        pl.concat([records["attributes"], both]).gather(places).alias("attributes"),
        total.clip(0, anomaly.MAX_SCORE).cast(pl.UInt8).alias("anomaly_score"),
    )
