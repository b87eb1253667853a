"""The lines that figures are computed of, read without their times where these are known anyway.

Of a range over several days most days lie wholly within. Their lines are read as if the range were
open, only those of the other days are compared with it, and both are one table to the figures.
See docs/decisions/0024-bounded-questions.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from logplatform.kernel import clock
from storage.clickhouse import client
from storage.clickhouse.ddl import cluster_clause
from storage.contracts import LogQuery
from storage.query import SqlCondition, is_lookup, parse_query
from storage.query.instants import epoch_ns
from storage.where import all_of, instant, where

# Shorter ranges have no whole day, or one, which is not worth a second look at the parts.
_SHORTEST = timedelta(days=3)
_EVERY = SqlCondition(text="1")
# What the engine knows of a day without its lines, it does not tell while some of them are masked.
_NONE_MASKED = (
    "(SELECT max(has_lightweight_delete) FROM system.parts "
    "WHERE active AND database = currentDatabase() AND table = 'logs') = 0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A table of lines.

    Attributes:
        table: what stands behind FROM, with its condition.
        params: the values that it names.
        names: of what is not called there as in `logs`.
    """

    table: str
    params: Mapping[str, Any]
    names: Mapping[str, str]

    def fetch(
        self, columns: str, tail: str, *, limits: Mapping[str, int | str], **params: Any
    ) -> list[dict[str, Any]]:
        """Rows of `columns`, worded over `logs`; else as `storage.counts.fetch_logs`."""
        return client.fetch(
            f"SELECT {self._named(columns)} FROM {self.table} {self._named(tail)}",
            {**self.params, **params},
            **limits,
        )

    def _named(self, sql: str) -> str:
        for text, name in self.names.items():
            sql = sql.replace(text, name)
        return sql


def lines_of(query: LogQuery, reads: Sequence[str], only: SqlCondition = _EVERY) -> Lines:
    """The lines of a query for which `only` holds.

    Args:
        reads: what is used of a line, as `Columns.reads`; never its time.
    Raises: as `where`.
    """
    condition = all_of([where(query), only])
    if not _has_whole_days(query):
        return Lines(table=f"logs {condition.clause}", params=condition.params, names={})
    names = {read: f"r{at}" for at, read in enumerate(reads) if not read.isidentifier()}
    shown = ", ".join(f"{read} AS {names.get(read, read)}" for read in reads) or "1"
    always, days = where(replace(query, start=None, end=None)), _whole_days(query)
    within = all_of([always, only, SqlCondition(text=f"_partition_id IN {days}")])
    around = all_of([condition, SqlCondition(text=f"_partition_id NOT IN {days}")])
    arms = [f"SELECT {shown} FROM logs {arm.clause}" for arm in (within, around)]
    return Lines(
        table=f"({' UNION ALL '.join(arms)})",
        params={**within.params, **around.params},
        names=names,
    )


def _has_whole_days(query: LogQuery) -> bool:
    """Whether it may have some; what an index finds is best left to the engine as a whole."""
    if cluster_clause() or (query.start is None and query.end is None):
        return False
    is_long = query.start is None or (query.end or clock.now()) - query.start >= _SHORTEST
    return is_long and not is_lookup(parse_query(query.q))


def _whole_days(query: LogQuery) -> str:
    """The partitions all of whose lines are in the range, of the parts the statement reads too.

    A line that came late is in the partition of the day it came, so the day alone does not tell.
    """
    tests = [
        f"{figure}(timestamp) {operator} {instant(name, epoch_ns(moment)).text}"
        for figure, name, operator, moment in (
            ("min", "from", ">=", query.start),
            ("max", "to", "<", query.end),
        )
        if moment is not None
    ]
    return (
        f"(SELECT _partition_id FROM logs WHERE {_NONE_MASKED} GROUP BY _partition_id "
        f"HAVING {' AND '.join(tests)})"
    )
