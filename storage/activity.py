"""What each source sends: lines over the last hour, how late they are, when the last one came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.clickhouse import client
from storage.ids import NS_PER_MS
from storage.query.instants import moment_of
from storage.receipts import arrived
from storage.where import KEPT_FROM, all_of, of_apps

STEPS = 60
STEP = timedelta(minutes=1)
# Lag is that of what came lately; of the whole hour it would hide what is wrong now.
_LAG_OF = timedelta(minutes=5)
# Figures of overview pages: late is worse than missing.
_OVERVIEW_S = 5

_NONE_REFUSED: Mapping[str, Any] = {}

Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceActivity:
    """One source over `STEPS` minutes; `lines` has the lines received in each, oldest first.

    `lag_ms`: from event time to arrival, `store_ms`: from arrival to being searchable; both are
    medians, None where nothing came lately. `last_at`: when the last line came; of a source that
    was silent for the hour it is the time of its last line, or the day on which an old one came.
    `refused` lines are in quarantine, the last since `refused_at` and for `reason`.
    """

    lines: list[int]
    lag_ms: int | None = None
    store_ms: int | None = None
    last_at: datetime | None = None
    refused: int = 0
    refused_at: datetime | None = None
    reason: str = ""


def source_activity(apps: Sequence[str], *, now: datetime) -> dict[Place, SourceActivity]:
    """(app, source) → its activity, for every source that has lines or receipts.

    Raises:
        StoreUnavailable, QueryTooExpensive, StoreError.
    """
    end = now.astimezone(UTC).replace(second=0, microsecond=0) + STEP
    start = end - STEPS * STEP
    received = _received(apps, start, end)
    lags = _lags(apps, now)
    last, refused = _last_lines(apps), _refused(apps)
    return {
        place: replace(
            _one(place, received.get(place, []), lags, last), **refused.get(place, _NONE_REFUSED)
        )
        for place in {*received, *lags, *last, *refused}
    }


def _one(
    place: Place, steps: list[Mapping[str, int]], lags: dict[Place, int], last: dict[Place, int]
) -> SourceActivity:
    lines = [0] * STEPS
    for row in steps:
        if 0 <= row["step"] < STEPS:
            lines[row["step"]] = row["n"]
    lately = [row["last_ms"] for row in steps if row["kept"]]
    last_ms = max(lately) if lately else last.get(place)
    return SourceActivity(
        lines=lines,
        lag_ms=lags.get(place),
        store_ms=steps[-1]["store_ms"] if steps else None,
        last_at=None if last_ms is None else moment_of(last_ms * NS_PER_MS),
    )


def _received(
    apps: Sequence[str], start: datetime, end: datetime
) -> dict[Place, list[Mapping[str, int]]]:
    """By minute, from the receipts: they also count what was not stored."""
    condition = all_of([of_apps(apps), arrived(start, end)])
    rows = client.fetch(
        "SELECT app, source, intDiv(toUnixTimestamp(received_at) - {first:Int64}, {step:Int64})"
        " AS step, sum(received) AS n, sum(stored + duplicate) AS kept,"
        " toUnixTimestamp64Milli(maxIf(received_at, stored + duplicate > 0)) AS last_ms,"
        " toInt64(ifNotFinite(quantileIf(0.5)(toUnixTimestamp64Milli(done_at)"
        " - toUnixTimestamp64Milli(received_at), duplicate = 0), 0)) AS store_ms"
        f" FROM receipts WHERE {condition.text} GROUP BY app, source, step ORDER BY step",
        {
            **condition.params,
            "first": int(start.timestamp()),
            "step": int(STEP.total_seconds()),
        },
        max_execution_time=_OVERVIEW_S,
    )
    found: dict[Place, list[Mapping[str, int]]] = {}
    for row in rows:
        found.setdefault((row["app"], row["source"]), []).append(row)
    return found


def _lags(apps: Sequence[str], now: datetime) -> dict[Place, int]:
    condition = all_of([of_apps(apps), arrived(now - _LAG_OF, now + STEP)])
    rows = client.fetch(
        "SELECT app, source, toInt64(quantile(0.5)(toUnixTimestamp64Milli(received_at)"
        " - toUnixTimestamp64Milli(toDateTime64(timestamp, 3, 'UTC')))) AS lag_ms"
        f" FROM logs WHERE {condition.text} AND toDate({KEPT_FROM}) >= {{since:Date}}"
        " GROUP BY app, source",
        {**condition.params, "since": (now - _LAG_OF).astimezone(UTC).date()},
        max_execution_time=_OVERVIEW_S,
    )
    return {(row["app"], row["source"]): row["lag_ms"] for row in rows}


def _last_lines(apps: Sequence[str]) -> dict[Place, int]:
    """From the counts by minute: the lines themselves may be thousands of millions."""
    condition = of_apps(apps)
    rows = client.fetch(
        "SELECT app, source, toUnixTimestamp64Milli(toDateTime64(max(if(toDate(latest) = day,"
        " latest, toDateTime64(day, 9, 'UTC'))), 3, 'UTC')) AS last_ms"
        f" FROM log_counts WHERE {condition.text} AND severity != 255 GROUP BY app, source",
        condition.params,
        max_execution_time=_OVERVIEW_S,
    )
    return {(row["app"], row["source"]): row["last_ms"] for row in rows}


def _refused(apps: Sequence[str]) -> dict[Place, dict[str, Any]]:
    """Lines in quarantine, without looking at their bytes."""
    condition = of_apps(apps)
    rows = client.fetch(
        "SELECT app, source, count() AS n, toUnixTimestamp64Milli(max(received_at)) AS last_ms,"
        " toValidUTF8(argMax(reason, received_at)) AS last_reason"
        f" FROM quarantine WHERE {condition.text} GROUP BY app, source",
        condition.params,
        max_execution_time=_OVERVIEW_S,
    )
    return {
        (row["app"], row["source"]): {
            "refused": row["n"],
            "refused_at": moment_of(row["last_ms"] * NS_PER_MS),
            "reason": row["last_reason"],
        }
        for row in rows
    }
