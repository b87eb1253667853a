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
    """A figure: its name, the expression, and what it is of no lines.

    Attributes:
        figure: `count`, `sum` …; `p` for a percentile.
        number: the value of a line that it is computed of, if any.
        is_large: the engine keeps much more than a number of each group for it.
        is_of_all: it compares a group with all groups.
    """

    name: str
    sql: str
    of_none: int | None
    figure: str = "count"
    number: str = ""
    is_large: bool = False
    is_of_all: bool = False


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
        sql = f"uniqCombined64If({column.key}, {column.is_present})"
        return Metric(name=name, sql=sql, of_none=0, figure=figure, is_large=True)
    if percent:
        sql = percentile(percent / 100, column.number)
        return Metric(name=name, sql=sql, of_none=None, figure="p", is_large=True)
    if figure not in _NUMBERS:
        raise InvalidMetric(metric=name[:80])
    sql = f"{_NUMBERS[figure]}OrNull({column.number})"
    return Metric(name=name, sql=sql, of_none=None, figure=figure, number=column.number)


def percentile(share: float, number: str) -> str:
    """The value that `share` of the numbers are below.

    NULL becomes NaN, which does not count either: several percentiles of one number are then of one
    sample instead of a sample each.
    """
    return f"quantile({share:.6g})(ifNull({number}, nan))"
