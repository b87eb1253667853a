"""Which values fields have, and how often: several fields in one scan."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from storage.clickhouse.error_codes import QueryTooExpensive
from storage.contracts import InvalidLimit, LogQuery, TooManyFields
from storage.counts import fetch_logs
from storage.query import SqlCondition
from storage.query.fields import TAGS
from storage.query.text import unescape
from storage.questions.aggregate import Statement, group_lines
from storage.questions.columns import Column, Columns
from storage.questions.lines import lines_of
from storage.questions.metrics import metric_of
from storage.questions.preselect import exact_limits, is_overflow
from storage.records import took_ms
from storage.where import all_of, where

MAX_FIELDS = 20
MAX_VALUES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value and the number of lines that have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """By field as it was named: its most frequent values, and how many lines have none.

    `chosen` are the fields with too many values to count each: theirs were chosen by a ranking with
    a bounded number of counters, and then counted.
    """

    fields: dict[str, list[Value]]
    missing: dict[str, int]
    chosen: list[str]
    took_ms: int


def facet_logs(query: LogQuery, fields: Sequence[str], *, limit: int = 10) -> Facets:
    """The most frequent values of fields, counted exactly; see `Facets.chosen` for how exactly.

    Args:
        fields: 1-20 names as a query writes them; levels are told as words.
        limit: values of each, 1-1000; equally frequent ones in the order of the alphabet.
    Raises:
        TooManyFields, InvalidField, InvalidLimit. Else as `search_logs`.
    """
    if len(fields) > MAX_FIELDS:
        raise TooManyFields(given=len(fields), what="fields", highest=MAX_FIELDS)
    if not 1 <= limit <= MAX_VALUES:
        raise InvalidLimit(highest=MAX_VALUES)
    started = time.monotonic()
    found: dict[str, list[Value]] = {field: [] for field in fields}
    missing = dict.fromkeys(fields, 0)
    chosen: list[str] = []
    for field, row in _rows(query, fields, limit, chosen):
        if row["value"]:
            found[field].append(Value(value=row["value"], count=row["n"]))
        else:
            missing[field] = row["n"]
    return Facets(
        fields={field: values[:limit] for field, values in found.items()},
        missing=missing,
        chosen=chosen,
        took_ms=took_ms(started),
    )


def _rows(
    query: LogQuery, fields: Sequence[str], limit: int, chosen: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field with its rows; tags one by one, as a line may have several.

    Adds to `chosen` the fields with too many values.
    """
    condition, columns = where(query), Columns()
    whole = [field for field in fields if unescape(field) not in TAGS]
    several = [columns.of(field) for field in whole]
    try:
        for row in _counted(several, query, limit, columns) if several else ():
            yield whole[row["place"] - 1], row
    except QueryTooExpensive as refused:
        if not is_overflow(refused):
            raise
        for field in whole:
            yield from ((field, row) for row in _one_by_one(query, field, limit, chosen))
    for field in (field for field in fields if field not in whole):
        columns = Columns()
        key = columns.of(field).key
        for row in fetch_logs(
            f"arrayJoin(splitByChar(',', {key})) AS value, count() AS n",
            condition,
            f"GROUP BY value ORDER BY value != '', n DESC, value LIMIT {int(limit) + 1}",
            **columns.params,
        ):
            yield field, row


def _one_by_one(
    query: LogQuery, field: str, limit: int, chosen: list[str]
) -> Iterator[dict[str, Any]]:
    """Rows of one field; adds it to `chosen` where it has too many values."""
    columns = Columns()
    column = columns.of(field)
    statement = Statement(
        keys=[column],
        metrics=[metric_of("count", columns)],
        columns=columns,
        only=column.is_present,
    )
    found = group_lines(query, statement, interval=None, limit=limit)
    if found.chosen_by:
        chosen.append(field)
    lacking = SqlCondition(text=f"NOT ({column.is_present})", params=columns.params)
    yield from fetch_logs("'' AS value, count() AS n", all_of([where(query), lacking]))
    for group in found.groups:
        yield {"value": group.key[field], "n": group.values["count"]}


def _counted(
    several: Sequence[Column], query: LogQuery, limit: int, columns: Columns
) -> list[dict[str, Any]]:
    """Rows of (place of the column from 1, value, n): no value first, then the most frequent."""
    keys = [f"k{place}" for place in range(len(several))]
    values = ", ".join(
        column.shown.format(f"({column.key} AS {key})")
        for key, column in zip(keys, several, strict=True)
    )
    grouped = ", ".join(f"grouping({key})" for key in keys)
    sets = ", ".join(f"({key})" for key in keys)
    return lines_of(query, columns.reads).fetch(
        f"indexOf([{grouped}], 0) AS place, [{values}][place] AS value, count() AS n",
        f"GROUP BY GROUPING SETS ({sets}) "
        f"ORDER BY place, value != '', n DESC, value LIMIT {int(limit) + 1} BY place",
        limits=exact_limits(),
        **columns.params,
    )
