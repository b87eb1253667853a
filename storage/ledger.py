"""Compares the ledger with the store: does every request have the lines its receipt says?

Lines know their request: the ids of a request's lines share its `id_key`. So lines that are
missing here and doubled there never cancel out, and a difference names its receipts. Figures of
what it costs are in docs/decisions/0007.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.clickhouse import client
from storage.ids import ID_KEY_SQL, NS_PER_MS
from storage.query import SqlCondition
from storage.query.instants import moment_of
from storage.receipts import arrived
from storage.where import all_of, of_apps

NAMED_RECEIPTS = 20
# Late minutes of one answer; more come with the next.
_LATE_MINUTES = 500
_LIMITS: dict[str, Any] = {"max_execution_time": 120}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where ledger and store differ: one source in one minute of arrival.

    `booked` and `found` are lines by the receipts and in the store. `lost`: missing of what
    receipts say, `doubled`: more than they say, `unbooked`: lines of requests without a receipt.
    `receipts`: the first 20 requests it comes from, each with receipt ("" where there is none),
    booked and found.
    """

    app: str
    source: str
    minute: datetime
    booked: int
    found: int
    lost: int
    doubled: int
    unbooked: int
    receipts: list[dict[str, Any]]


def compare_ledger(apps: Sequence[str], start: datetime, end: datetime) -> list[Difference]:
    """Where ledger and store differ over what arrived from `start` on and before `end`.

    Nothing of the span may still be on its way into the store. A replay keeps the ids and the
    arrival of its lines, so its receipts add to those of the requests the lines once came with.

    Args:
        apps: slugs to look at.
        start, end: whole minutes.
    Raises:
        StoreUnavailable, QueryTooExpensive, StoreError.
    """
    requests = _requests(all_of([of_apps(apps), arrived(start, end)]))
    return [_difference(row) for row in _differences(requests)]


def late_minutes(
    *, arrived_before: datetime, after: datetime, until: datetime
) -> tuple[list[datetime], datetime]:
    """Minutes of arrival that receipts were added to long after.

    Args:
        arrived_before: which arrivals are late.
        after, until: when the receipts were written; `after` is not included.
    Returns:
        The minutes, and up to when receipts were taken into account: `until`, or less where there
        were too many for one answer.
    """
    rows = client.fetch(
        "SELECT toUnixTimestamp(toStartOfMinute(received_at)) AS minute_s,"
        " toUnixTimestamp64Milli(max(done_at)) AS done_ms FROM receipts"
        " WHERE done_at > fromUnixTimestamp64Milli({after:Int64}, 'UTC')"
        " AND done_at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')"
        " AND received_at < fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
        f" GROUP BY minute_s ORDER BY done_ms LIMIT {_LATE_MINUTES} WITH TIES",
        {"after": _ms(after), "until": _ms(until), "before": _ms(arrived_before)},
        **_LIMITS,
    )
    minutes = sorted(moment_of(row["minute_s"] * 1_000 * NS_PER_MS) for row in rows)
    is_cut = len(rows) >= _LATE_MINUTES
    return minutes, moment_of(rows[-1]["done_ms"] * NS_PER_MS) if is_cut else until


def _requests(condition: SqlCondition) -> SqlCondition:
    """A SELECT of requests: app, source, key, receipt, came, booked, found (rows of both sides).

    Lines joined to the record of a line before have no row of their own.

    Receipts of earlier versions have no key: all of them are the request 0, without found lines.
    """
    text = (
        "SELECT app, source, key, max(r) AS receipt, sum(b) AS booked, sum(f) AS found,"
        " if(max(r) = '', min(t), minIf(t, r != '')) AS came FROM ("
        "SELECT app, source, id_key AS key, receipt AS r, min(received_at) AS t,"
        " max(toInt64(received) - duplicate - quarantined - joined) AS b,"
        " toInt64(0) AS f FROM receipts"
        f" WHERE {condition.text} GROUP BY app, source, key, r"
        " UNION ALL "
        f"SELECT app, source, {ID_KEY_SQL} AS key, '' AS r, min(received_at) AS t,"
        " toInt64(0) AS b, toInt64(count()) AS f FROM logs"
        f" WHERE {condition.text} GROUP BY app, source, key"
        ") GROUP BY app, source, key"
    )
    return SqlCondition(text=text, params=condition.params)


def _differences(requests: SqlCondition) -> list[dict[str, Any]]:
    """Requests that differ, by minute; by the sums of the minute where a receipt has no key."""
    return client.fetch(
        "SELECT app, source, toUnixTimestamp(toStartOfMinute(came)) AS minute_s,"
        " max(key = 0) AS is_loose, sum(booked) AS booked_lines, sum(found) AS found_lines,"
        " sumIf(booked - found, booked > found) AS lost,"
        " sumIf(found - booked, found > booked AND receipt != '') AS doubled,"
        " sumIf(found, receipt = '') AS unbooked,"
        f" groupArrayIf({NAMED_RECEIPTS})((receipt, booked, found), booked != found) AS receipts"
        f" FROM ({requests.text}) GROUP BY app, source, minute_s"
        " HAVING if(is_loose, booked_lines != found_lines, lost + doubled + unbooked > 0)"
        " ORDER BY minute_s, app, source LIMIT 10000",
        requests.params,
        **_LIMITS,
    )


def _difference(row: dict[str, Any]) -> Difference:
    missing = row["booked_lines"] - row["found_lines"]
    is_loose = row["is_loose"]
    return Difference(
        app=row["app"],
        source=row["source"],
        minute=moment_of(row["minute_s"] * 1_000 * NS_PER_MS),
        booked=row["booked_lines"],
        found=row["found_lines"],
        lost=max(missing, 0) if is_loose else row["lost"],
        doubled=max(-missing, 0) if is_loose else row["doubled"],
        unbooked=0 if is_loose else row["unbooked"],
        receipts=[] if is_loose else [_request(*of) for of in row["receipts"]],
    )


def _request(receipt: str, booked: int, found: int) -> dict[str, Any]:
    return {"receipt": receipt, "booked": booked, "found": found}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
