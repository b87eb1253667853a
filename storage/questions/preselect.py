"""Which groups to compute, where there are too many to compute all of them.

Memory is bounded: the most frequent groups are found with a fixed number of counters, those of the
greatest values by sorting with a limit. Figures are computed afterwards, of all lines of the chosen
groups.
"""

from collections.abc import Sequence

from storage.clickhouse.error_codes import QueryTooExpensive
from storage.counts import fetch_logs
from storage.query import SqlCondition
from storage.questions.metrics import Metric

# Groups that each thread of the engine holds before it gives up, if all that is kept of each is a
# number; fewer where a figure keeps hundreds of bytes.
EXACT_GROUPS = 200_000
# A group with more than one in so many lines is sure to be found.
COUNTERS = 20_000
_SPARE = 100
_OVERFLOWS = ("rows read", "memory")


def exact_limits(metrics: Sequence[Metric] = ()) -> dict[str, int | str]:
    """Settings with which a query gives up early when it has too many groups."""
    large = sum(metric.is_large for metric in metrics)
    return {
        "max_rows_to_group_by": EXACT_GROUPS // (1 + large),
        "group_by_overflow_mode": "throw",
    }


def is_overflow(refused: QueryTooExpensive) -> bool:
    """Whether fewer groups would have helped."""
    return refused.data.get("limit") in _OVERFLOWS


def choose_groups(
    group_id: str, condition: SqlCondition, order: Metric, *, is_descending: bool, limit: int
) -> tuple[list[int], str]:
    """Choose the groups that are likely to come first.

    Args:
        group_id: the number that stands for the group of a line.
        order: what the groups are ordered by.
        limit: how many groups are wanted; more are chosen.
    Returns:
        Their numbers, and what they were chosen by, as an order is written: the order itself for
        the highest counts, sums and maxima and the lowest minima, else `-count`.
    """
    wanted = 2 * limit + _SPARE
    counters = f"{wanted}, {max(COUNTERS, wanted)}"
    chosen: list[int] = []
    if (order.figure, is_descending) == ("sum", True):
        weight = f"toUInt64(greatest(0, least(1e15, 1000 * ifNull({order.number}, 0))))"
        chosen = _items(f"approx_top_sum({counters})({group_id}, {weight})", condition)
    elif (order.figure, is_descending) in (("max", True), ("min", False)):
        chosen = _of_extremes(group_id, condition, order, is_descending, 10 * wanted)
    if len(chosen) >= limit:
        return chosen, f"-{order.name}" if is_descending else order.name
    most = _items(f"approx_top_k({counters})({group_id})", condition)
    return [*dict.fromkeys(chosen + most)], "-count"


def _items(ranking: str, condition: SqlCondition) -> list[int]:
    """What an approximate ranking holds."""
    (row,) = fetch_logs(f"arrayMap(one -> one.1, {ranking}) AS items", condition)
    return [int(item) for item in row["items"]]


def _of_extremes(
    group_id: str, condition: SqlCondition, order: Metric, is_descending: bool, lines: int
) -> list[int]:
    """The groups of the lines with the most extreme values."""
    way = "DESC" if is_descending else "ASC"
    rows = fetch_logs(
        f"{group_id} AS of_group",
        condition,
        f"ORDER BY {order.number} {way} NULLS LAST LIMIT {int(lines)}",
    )
    return [*dict.fromkeys(int(row["of_group"]) for row in rows)]
