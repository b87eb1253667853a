"""Which values fields have, and how often: several fields in one scan."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from storage.contracts import InvalidLimit, LogQuery, TooManyFields
from storage.counts import fetch_logs
from storage.query import SqlCondition
from storage.query.fields import TAGS
from storage.query.text import unescape
from storage.questions.columns import Column, Columns
from storage.records import took_ms
from storage.where import where

MAX_FIELDS = 20
MAX_VALUES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value and the number of lines that have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """By field as it was named: its most frequent values, and how many lines have none."""

    fields: dict[str, list[Value]]
    missing: dict[str, int]
    took_ms: int


def facet_logs(query: LogQuery, fields: Sequence[str], *, limit: int = 10) -> Facets:
    """The most frequent values of fields, counted exactly.

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
    condition = where(query)
    found: dict[str, list[Value]] = {field: [] for field in fields}
    missing = dict.fromkeys(fields, 0)
    for field, row in _rows(fields, condition, limit):
        if row["value"]:
            found[field].append(Value(value=row["value"], count=row["n"]))
        else:
            missing[field] = row["n"]
    return Facets(
        fields={field: values[:limit] for field, values in found.items()},
        missing=missing,
        took_ms=took_ms(started),
    )


def _rows(
    fields: Sequence[str], condition: SqlCondition, limit: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field with its rows; tags one by one, as a line may have several."""
    columns = Columns()
    whole = [field for field in fields if unescape(field) not in TAGS]
    several = [columns.of(field) for field in whole]
    for row in _counted(several, condition, limit, columns.params) if several else ():
        yield whole[row["place"] - 1], row
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


def _counted(
    columns: Sequence[Column], condition: SqlCondition, limit: int, params: dict[str, Any]
) -> list[dict[str, Any]]:
    """Rows of (place of the column from 1, value, n): no value first, then the most frequent."""
    keys = [f"k{place}" for place in range(len(columns))]
    values = ", ".join(
        column.shown.format(f"({column.key} AS {key})")
        for key, column in zip(keys, columns, strict=True)
    )
    grouped = ", ".join(f"grouping({key})" for key in keys)
    sets = ", ".join(f"({key})" for key in keys)
    return fetch_logs(
        f"indexOf([{grouped}], 0) AS place, [{values}][place] AS value, count() AS n",
        condition,
        f"GROUP BY GROUPING SETS ({sets}) "
        f"ORDER BY place, value != '', n DESC, value LIMIT {int(limit) + 1} BY place",
        **params,
    )
