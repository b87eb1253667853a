"""Requests in access logs, whatever their senders call status, path, client and duration."""

from collections.abc import Sequence
from typing import Literal

from logplatform.kernel import request_fields as fields
from storage.clickhouse import client
from storage.contracts import LogQuery
from storage.counts import closed
from storage.questions.aggregate import Aggregate, Interval, Statement, group_lines
from storage.questions.columns import Column, Columns
from storage.questions.metrics import Metric, percentile
from storage.questions.sample import sample_of

Part = Literal["method", "endpoint", "ip", "browser", "system", "country", "status", "duration"]
Figure = Literal[
    "count", "share", "client_errors", "server_errors", "error_rate",
    "p50_ms", "p90_ms", "p95_ms", "p99_ms",
]  # fmt: skip

_NAMES: dict[Part, tuple[str, ...]] = {
    "method": fields.METHOD,
    "endpoint": fields.ROUTE + fields.PATH,
    "ip": fields.CLIENT,
    "browser": fields.BROWSER,
    "system": fields.SYSTEM,
    "country": fields.COUNTRY,
    "status": fields.STATUS,
    "duration": fields.DURATION_MS + fields.DURATION_S + fields.DURATION_US,
}
_TO_MS: dict[str, float] = {
    **dict.fromkeys(fields.DURATION_S, 1_000),
    **dict.fromkeys(fields.DURATION_US, 0.001),
}
_OF_STATUS = {
    "client_errors": "countIf({0} >= 400 AND {0} < 500)",
    "server_errors": "countIf({0} >= 500 AND {0} < 600)",
    "error_rate": "round(countIf({0} >= 500 AND {0} < 600) / nullIf(countIf({0} > 0), 0), 6)",
}
# Kinds of lines, by the names they have, that are looked at.
MAX_KINDS = 1_000
_FACTORS = (1, 1_000, 0.001)
_LEVELS = {"p50_ms": 0.5, "p90_ms": 0.9, "p95_ms": 0.95, "p99_ms": 0.99}


def group_requests(
    query: LogQuery,
    *,
    by: Sequence[Part] = (),
    figures: Sequence[Figure],
    needs: Part,
    interval: Interval = None,
    limit: int = 20,
) -> Aggregate:
    """Figures of requests, by some of their parts.

    Args:
        query: whose lines; those without `needs` are no requests.
        by: what to group by; without any, one group of all.
        figures: what to compute; the first one orders the groups, the highest first.
        interval: None in total only, else also over time: seconds, or `auto`.
        limit: groups at most, 1-1000.
    Raises:
        as `aggregate_logs`.
    """
    query = closed(query)
    parts = _Parts(query)
    statement = Statement(
        keys=[parts.column(part) for part in by],
        metrics=[parts.metric(figure) for figure in figures],
        only=parts.column(needs).is_present,
        columns=parts.columns,
    )
    return group_lines(query, statement, interval=interval, limit=limit)


class _Parts:
    """The parts of requests as columns of those attributes that the lines have."""

    def __init__(self, query: LogQuery) -> None:
        self._lines = _names_of(query)
        self.columns = Columns()

    def column(self, part: Part) -> Column:
        """The first attribute of a line that is called so."""
        return self.columns.first_of(part, self._known(_NAMES[part]))

    def metric(self, figure: Figure) -> Metric:
        """A figure of many requests."""
        if figure == "count":
            return Metric(name=figure, sql="count()", of_none=0)
        if figure == "share":
            sql = "round(count() / sum(count()) OVER (), 6)"
            return Metric(name=figure, sql=sql, of_none=None, figure=figure, is_of_all=True)
        if figure in _LEVELS:
            sql = percentile(_LEVELS[figure], self._milliseconds())
            return Metric(name=figure, sql=sql, of_none=None, figure="p", is_large=True)
        status = f"toUInt16OrZero({self.column('status').key})"
        of_none = None if figure == "error_rate" else 0
        return Metric(name=figure, sql=_OF_STATUS[figure].format(status), of_none=of_none)

    def _milliseconds(self) -> str:
        """The duration, whatever its unit is."""
        known = self._known(_NAMES["duration"])
        units = [[name for name in known if _TO_MS.get(name, 1) == factor] for factor in _FACTORS]
        numbers = [
            f"{self.columns.first_of('duration', several).number} * {factor}"
            for several, factor in zip(units, _FACTORS, strict=True)
            if several
        ]
        return f"coalesce({', '.join(numbers)})"

    def _known(self, names: Sequence[str]) -> list[str]:
        """The names that are the first one of some lines; all, where no line has any."""
        first = {next((name for name in names if name in line), None) for line in self._lines}
        return [name for name in names if name in first] or [*names]


def _names_of(query: LogQuery) -> list[set[str]]:
    """Which of our names occur together in lines: fewer to look for in every line."""
    sample = sample_of(query, "mapKeys(attributes) AS names")
    known = sorted({name for names in _NAMES.values() for name in names})
    rows = client.fetch(
        "SELECT DISTINCT arraySort(arrayFilter(name -> has({known:Array(String)}, name), names)) "
        f"AS names FROM ({sample.text}) LIMIT {MAX_KINDS}",
        {**sample.params, "known": known},
    )
    return [set(row["names"]) for row in rows]
