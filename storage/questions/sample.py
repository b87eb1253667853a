"""Some lines out of many, from all over their range: what costs the same for any range."""

from typing import Any

from storage.contracts import LogQuery
from storage.query import SqlCondition
from storage.query.instants import epoch_ns
from storage.where import all_of, at_time, where

SLICES = 10
SLICE_LINES = 5_000
_LEAST_NS = 1_000


def sample_of(
    query: LogQuery, columns: str, *conditions: SqlCondition, lines: int = 0
) -> SqlCondition:
    """A subquery of at most 50 000 lines, and the values it names.

    Args:
        query: each tenth of its range gives lines, if it has both ends.
        columns: what to select of a line.
        conditions: what else is true of them; parameters of other names than those of `where`.
        lines: of each tenth at most; 0: 5 000.
    Raises: as `where`.
    """
    condition = all_of([where(query), *conditions])
    bounds = _bounds(query)
    params: dict[str, Any] = dict(condition.params)
    selects = []
    for part in range(max(1, len(bounds) - 1)):
        ends = [
            at_time(f"s{at}", operator, bounds[at])
            for at, operator in ((part, ">="), (part + 1, "<"))
            if bounds
        ]
        within = all_of([condition, *ends])
        params |= within.params
        selects.append(
            f"SELECT {columns} FROM logs WHERE {within.text} LIMIT {lines or SLICE_LINES}"
        )
    return SqlCondition(text=" UNION ALL ".join(selects), params=params)


def _bounds(query: LogQuery) -> list[int]:
    """Where the parts of the range begin and end, in ns since 1970."""
    if query.start is None or query.end is None:
        return []
    start, end = epoch_ns(query.start), epoch_ns(query.end)
    parts = min(SLICES, (end - start) // _LEAST_NS)
    return [start + (end - start) * part // parts for part in range(parts + 1)] if parts else []
