"""Requests of access logs, read by the parser as they are when they come."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from parsing import Hint, parse_lines
from storage.contracts import InvalidInterval, InvalidLimit, LogQuery
from storage.questions.aggregate import Aggregate
from storage.questions.requests import group_requests
from tests.storage.records import AT

Store = Callable[..., list[str]]
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
COMBINED = (
    '203.0.113.{n} - - [22/Nov/2026:10:00:00 +0000] "GET /orders/{n} HTTP/1.1" {status} 577 "-" '
    f'"{AGENT}"'
)
TIMED = COMBINED + " 0.250"
AS_JSON = (
    '{{"timestamp":"2026-11-22T10:00:00Z","level":"INFO","message":"x","duration_ms":30,'
    '"client_ip":"203.0.113.1","http":{{"method":"POST","path":"/login","status":{status}}}}}'
)
QUERY = LogQuery(apps=("shop",), start=AT - timedelta(hours=1), end=AT + timedelta(hours=1))


def rows_of(*lines: str) -> list[dict[str, Any]]:
    """Lines as rows of the store, with all that the formats and enrichment make of them."""
    series = pl.Series(lines)
    moments = pl.Series([AT] * len(lines), dtype=pl.Datetime("ms", "UTC"))
    frame = parse_lines(series, received_at=moments, hint=Hint()).frame
    return [
        {
            "message": row["message"],
            "attributes": {pair["key"]: pair["value"] for pair in row["attributes"]},
        }
        for row in frame.iter_rows(named=True)
    ]


@pytest.fixture
def _requests(store: Store) -> None:
    lines = [COMBINED.format(n=n, status=200) for n in (1, 2)]
    lines += [TIMED.format(n=1, status=503), AS_JSON.format(status=200), AS_JSON.format(status=404)]
    secret = {"status": "500", "client_ip": "192.0.2.1", "path": "/secret"}
    store(*rows_of(*lines), {"message": "no request"}, {"app": "other", "attributes": secret})


def table(found: Aggregate) -> list[tuple[Any, ...]]:
    return [(*group.key.values(), *group.values.values()) for group in found.groups]


@pytest.mark.usefixtures("_requests")
class TestRequests:
    """Over the lines of the fixture."""

    def test_endpoints_are_found_in_every_format(self) -> None:
        found = group_requests(
            QUERY,
            by=("method", "endpoint"),
            figures=("count", "share", "error_rate", "p50_ms"),
            needs="endpoint",
        )
        assert table(found) == [
            ("GET", "/orders/{id}", 3, 0.6, 0.333333, 250),
            ("POST", "/login", 2, 0.4, 0, 30),
        ]

    def test_addresses_have_their_errors(self) -> None:
        found = group_requests(
            QUERY, by=("ip",), figures=("count", "client_errors", "server_errors"), needs="ip"
        )
        assert table(found) == [("203.0.113.1", 4, 1, 1), ("203.0.113.2", 1, 0, 0)]

    def test_browsers_and_systems_come_from_agents(self) -> None:
        for part, value in (("browser", "Firefox"), ("system", "Linux")):
            found = group_requests(QUERY, by=(part,), figures=("count", "share"), needs=part)
            assert table(found) == [(value, 3, 1)]

    def test_what_no_line_has_is_no_row(self) -> None:
        assert (
            table(group_requests(QUERY, by=("country",), figures=("count",), needs="country")) == []
        )

    def test_over_time_every_bucket_is_there(self) -> None:
        found = group_requests(
            QUERY,
            figures=("count", "server_errors", "error_rate"),
            needs="status",
            interval=3600,
            limit=1,
        )
        (total,) = found.groups
        assert list(total.values.values()) == [5, 1, 0.2]
        assert [list(point.values.values()) for point in total.points or ()] == [
            [0, 0, None], [5, 1, 0.2],
        ]  # fmt: skip

    def test_durations_are_milliseconds_whatever_they_came_as(self, store: Store) -> None:
        store(
            {"attributes": {"request_time": "0.5", "status": "200"}},
            {"attributes": {"duration_us": "1500", "status": "200"}},
            {"attributes": {"duration_ms": "slow"}},
        )
        found = group_requests(QUERY, by=("status",), figures=("p99_ms", "count"), needs="duration")
        durations = {row[0]: row[1] for row in table(found)}
        assert durations["200"] == pytest.approx(500, rel=0.05)
        assert durations["503"] == 250


def test_a_share_is_of_all_requests_even_of_too_many_to_compare(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.questions.preselect.EXACT_GROUPS", 4)
    addresses = ["often"] * 10 + [f"203.0.113.{n}" for n in range(190)]
    store(*({"attributes": {"client_ip": ip, "status": "200"}} for ip in addresses))
    found = group_requests(QUERY, by=("ip",), figures=("count", "share"), needs="ip", limit=2)
    assert table(found)[0] == ("often", 10, 0.05)
    assert len(found.groups) == 2
    assert found.chosen_by == "-count"


@pytest.mark.parametrize("status", ["", "-", "abc", "99999999999", "-1", "200.5"])
def test_a_status_that_is_none_is_no_error(store: Store, status: str) -> None:
    store({"attributes": {"status": status, "client_ip": "x"}})
    found = group_requests(QUERY, by=("ip",), figures=("count", "server_errors"), needs="ip")
    assert table(found) == [("x", 1, 0)]


@pytest.mark.usefixtures("clickhouse")
def test_of_nothing_there_is_nothing() -> None:
    for apps in ((), ("shop",)):
        query = LogQuery(apps=apps, start=QUERY.start, end=QUERY.end)
        assert group_requests(query, by=("ip",), figures=("count",), needs="ip").groups == []
    with pytest.raises(InvalidLimit):
        group_requests(QUERY, by=("ip",), figures=("count",), needs="ip", limit=0)
    with pytest.raises(InvalidInterval):
        group_requests(QUERY, figures=("count",), needs="status", interval=0)
