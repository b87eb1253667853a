"""Figures for people who manage apps: what arrived today, and why lines were refused."""

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest

from logplatform.kernel import clock
from storage import facade
from tests.storage.records import AT

Store = Callable[..., list[str]]

REJECTED = {
    "received_at": AT,
    "app": "shop",
    "source": "web",
    "protocol": "native",
    "receipt": "0-1",
    "line": 0,
    "reason_code": "not_json",
    "reason": "not_json: this is not an object",
    "raw": b"{cut",
    "format": "",
}


def reject(*rows: dict[str, object]) -> None:
    """Put lines into quarantine."""
    full = [REJECTED | {"line": number} | row for number, row in enumerate(rows)]
    schema = {"received_at": pl.Datetime("ms", "UTC"), "line": pl.UInt32, "raw": pl.Binary}
    facade.write_quarantine(pl.DataFrame(full, schema_overrides=schema), token=str(rows))


def test_today_counts_what_arrived_since_midnight_whatever_its_event_time(store: Store) -> None:
    yesterday, old = AT - timedelta(days=1), AT - timedelta(days=4000)
    last = AT + timedelta(minutes=5)
    store({"message": "now"}, {"message": "imported", "timestamp": old, "received_at": last})
    store({"message": "before", "timestamp": yesterday, "received_at": yesterday})
    store({"message": "other source", "source": "db"})
    with clock.frozen(AT):
        assert facade.lines_today(["shop"]) == {("shop", "web"): (2, last), ("shop", "db"): (1, AT)}


def test_today_tells_nothing_of_other_apps(store: Store) -> None:
    store({"message": "secret", "app": "other"})
    with clock.frozen(AT):
        assert facade.lines_today(["shop"]) == {}
        assert facade.lines_today([]) == {}


@pytest.mark.usefixtures("clickhouse")
def test_reasons_are_grouped_by_source_with_first_last_and_the_newest_line() -> None:
    later = AT + timedelta(hours=1)
    reject({}, {"received_at": later, "raw": b"\xff\x00<b>"}, {"source": "db"}, {"app": "other"})
    busy, quiet = facade.reject_reasons(["shop"], since=AT - timedelta(days=1))
    assert (busy.source, busy.lines, busy.first_at, busy.last_at) == ("web", 2, AT, later)
    assert busy.raw == "\ufffd\x00<b>"
    assert (busy.reason_code, busy.reason) == ("not_json", "not_json: this is not an object")
    assert (quiet.source, quiet.lines) == ("db", 1)


@pytest.mark.usefixtures("clickhouse")
def test_reasons_before_the_span_are_left_out() -> None:
    reject({})
    assert facade.reject_reasons(["shop"], since=AT + timedelta(seconds=1)) == []
