"""Which fields lines have: looked up in a sample, so that it costs the same for any range."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from storage.clickhouse import client
from storage.contracts import InvalidLimit, LogQuery
from storage.counts import closed
from storage.query.errors import QueryTooComplex
from storage.query.fields import COLUMNS, EXISTS, Field, Kind, written
from storage.query.text import whole
from storage.questions.columns import LEVEL_INDEX
from storage.questions.sample import sample_of
from storage.records import EVENT_NS, took_ms
from storage.where import where

MAX_FIELDS = 1_000
# Of fields that the sample missed: how long they are looked for, how many, and in how many lines of
# each part.
MISSED_S = 0.3
MAX_MISSED = 20
MISSED_LINES = 100
# From this share of its values on, a field is one of numbers.
NUMBERS = 0.95

FieldType = Literal["text", "number", "time", "level", "integer", "id"]
_TYPES: dict[Kind, FieldType] = {
    Kind.MESSAGE: "text",
    Kind.TEXT: "text",
    Kind.LEVEL: "level",
    Kind.INTEGER: "integer",
    Kind.TIME: "time",
    Kind.ID: "id",
}
_AS_TEXT = {
    "level": f"toString({LEVEL_INDEX})",
    "pattern_id": "if(pattern_id = 0, '', toString(pattern_id))",
    "timestamp": f"toString({EVENT_NS})",
    "received_at": "toString(toUnixTimestamp64Milli(received_at))",
}
_OWN = ", ".join(f"(0, '{name}', {_AS_TEXT.get(name, f'toString({name})')})" for name in COLUMNS)
# (is_attribute, name, value) of every field of a line; of the columns `READ`.
PAIRS = (
    "arrayConcat(arrayMap((k, v) -> (1, toString(k), v), mapKeys(attributes),"
    f" mapValues(attributes)), [{_OWN}])"
)
_PLACES = {name: at for at, name in enumerate(COLUMNS)}
READ = ", ".join((*(name for name in COLUMNS if name != "level"), "attributes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """A field of the lines looked at.

    Attributes:
        name: as a query writes it.
        count: lines that have a value.
        share: the same of all lines looked at, 0 to 1.
        cardinality: different values among them, within 1 %.
    """

    name: str
    type: FieldType
    is_attribute: bool
    count: int
    share: float
    cardinality: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldList:
    """Fields, those most lines have first; `sampled` lines were looked at.

    `is_truncated` when there are more.
    """

    fields: list[FieldInfo]
    sampled: int
    is_truncated: bool
    took_ms: int


def list_fields(query: LogQuery, *, limit: int = 200, lines: int = 0) -> FieldList:
    """The fields of up to 50 000 lines, which come from ten equal parts of the range.

    Args:
        query: an open end of its range is taken from the first and last record found.
        limit: fields at most, 1-1000.
        lines: of each part at most; 0: 5 000.
    Raises:
        InvalidLimit. Else as `search_logs`.
    """
    if not 1 <= limit <= MAX_FIELDS:
        raise InvalidLimit(highest=MAX_FIELDS)
    started = time.monotonic()
    query = closed(query)
    rows = _fields_of(query, lines)
    sampled = max((row["n"] for row in rows), default=0)
    fields = [_info(row, sampled) for row in rows if row["n"]]
    if not lines and sampled:
        fields += _missed(query, fields, sampled)
    fields.sort(key=lambda field: (-field.count, _PLACES.get(field.name, len(COLUMNS)), field.name))
    return FieldList(
        fields=fields[:limit],
        sampled=sampled,
        is_truncated=len(fields) > limit,
        took_ms=took_ms(started),
    )


def name_shares(query: LogQuery, *, seconds: float) -> dict[str, float]:
    """Names of all attributes, as a query writes them, with the share of lines that have them.

    Lines of one kind often come by themselves, as those of an import, so that a sample in no order
    may have none of them.

    Args:
        seconds: how long they are looked for, by one thread; what was found until then is told.
    Raises: as `search_logs`.
    """
    lines = where(query)
    rows = client.fetch(
        "SELECT toString(arrayJoin(arrayConcat([''], mapKeys(attributes)))) AS name, "
        f"count() AS n FROM logs WHERE {lines.text} GROUP BY name "
        f"ORDER BY n DESC, name LIMIT {MAX_FIELDS}",
        lines.params,
        max_execution_time=round(seconds, 3),
        timeout_overflow_mode="break",
        max_threads=1,
    )
    total = max((row["n"] for row in rows), default=0)
    return {
        written(Field(name=row["name"], kind=Kind.ATTRIBUTE)): row["n"] / total
        for row in rows
        if row["name"]
    }


def having_any(names: Sequence[str]) -> str:
    """The query for lines with at least one of these fields, named as a query writes them."""
    return " OR ".join(f"{EXISTS}:{name}" for name in names)


def _missed(query: LogQuery, known: list[FieldInfo], sampled: int) -> list[FieldInfo]:
    """Fields that the sample missed, with their share of all lines and what a few of them tell."""
    names = {field.name for field in known}
    shares = name_shares(query, seconds=MISSED_S)
    missed = [name for name in shares if name not in names][:MAX_MISSED]
    if not missed:
        return []
    exist = having_any(missed)
    narrowed = replace(query, q=f"({whole(query.q)}) ({exist})" if query.q.strip() else exist)
    with suppress(QueryTooComplex):
        rows = _fields_of(narrowed, MISSED_LINES)
        found = [_info(row, sampled) for row in rows if row["n"]]
        return [
            replace(
                field,
                share=round(shares[field.name], 4),
                count=max(1, round(shares[field.name] * sampled)),
            )
            for field in found
            if field.name in missed
        ]
    return []


def _fields_of(query: LogQuery, lines: int) -> list[dict[str, Any]]:
    """Rows of (is_attribute, name, n, different, numbers) of a sample."""
    sample = sample_of(query, READ, lines=lines)
    return client.fetch(
        "SELECT pair.1 AS is_attribute, pair.2 AS name, countIf(pair.3 != '') AS n, "
        "uniqIf(pair.3, pair.3 != '') AS different, "
        "countIf(isFinite(toFloat64OrNull(pair.3))) AS numbers "
        f"FROM (SELECT arrayJoin({PAIRS}) AS pair FROM ({sample.text})) "
        "GROUP BY is_attribute, name",
        sample.params,
        # Threads of their own cost more than so few lines.
        **({"max_threads": 1} if lines else {}),
    )


def _info(row: dict[str, Any], sampled: int) -> FieldInfo:
    is_attribute, count = bool(row["is_attribute"]), row["n"]
    kind = Kind.ATTRIBUTE if is_attribute else COLUMNS[row["name"]]
    of_numbers = row["numbers"] >= NUMBERS * count
    return FieldInfo(
        name=written(Field(name=row["name"], kind=kind)),
        type=_TYPES.get(kind) or ("number" if of_numbers else "text"),
        is_attribute=is_attribute,
        count=count,
        share=round(count / sampled, 4),
        cardinality=min(row["different"], count),
    )
