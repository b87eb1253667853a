"""Figures of many lines by name, `count` or `p95:duration_ms` → SQL."""

import re
from dataclasses import dataclass

from storage.contracts import InvalidMetric
from storage.questions.columns import Columns

_METRIC = re.compile(
    r"(?P<figure>[a-z]+|p(?P<percent>[0-9]{1,2}(?:\.[0-9]{1,2})?)):(?P<field>.+)", re.DOTALL
)
_NUMBERS = {"sum": "sum", "avg": "avg", "min": "min", "max": "max"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure: its name, the expression, and what it is of no lines."""

    name: str
    sql: str
    of_none: int | None


def metric_of(name: str, columns: Columns) -> Metric:
    """Read a metric.

    Args:
        name: `count`, or `<figure>:<field>` with the field as a query writes it.
        columns: binds the field.
    Raises:
        InvalidMetric, InvalidField.
    """
    if name == "count":
        return Metric(name=name, sql="count()", of_none=0)
    match = _METRIC.fullmatch(name)
    if match is None:
        raise InvalidMetric(metric=name[:80])
    figure, percent = match["figure"], float(match["percent"] or 0)
    column = columns.of(match["field"])
    if figure == "unique":
        return Metric(name=name, sql=f"uniqIf({column.key}, {column.is_present})", of_none=0)
    if percent:
        return Metric(
            name=name, sql=f"quantile({percent / 100:.6g})({column.number})", of_none=None
        )
    if figure not in _NUMBERS:
        raise InvalidMetric(metric=name[:80])
    return Metric(name=name, sql=f"{_NUMBERS[figure]}OrNull({column.number})", of_none=None)
