"""Writes that stay exact however late they are repeated.

A token is remembered for the last 10 000 inserts only; what is begun again after hours needs more.
So a piece lies in one partition, where an insert is seen whole or not at all, and before it is
written the store is asked for its first row. On a cluster an insert is spread over nodes and the
first row tells nothing of the others: there the token alone decides.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from storage.clickhouse import client
from storage.ids import ID_KEY_SQL, id_key
from storage.receipts import find_receipt
from storage.where import all_of, at_time, equals, of_apps
from storage.writer import write_logs, write_receipts

if TYPE_CHECKING:
    import polars as pl


def day_pieces(frame: "pl.DataFrame") -> list[tuple[date, "pl.DataFrame"]]:
    """Record frames of one partition each, with its day, in the order of their first rows."""
    import polars as pl

    day = pl.max_horizontal("timestamp", pl.col("received_at").cast(pl.Datetime("ns", "UTC")))
    pieces = frame.with_columns(day.dt.date().alias("_day")).partition_by("_day")
    return [(piece["_day"][0], piece.drop("_day")) for piece in pieces]


def write_logs_once(piece: "pl.DataFrame", *, token: str) -> None:
    """Store records of one partition, unless the first of them is there. Errors: `write_logs`.

    Args:
        piece: of `day_pieces`; of at most 100 000 rows, so that it is one block of the engine.
        token: as in `write_logs`.
    """
    if settings.CLICKHOUSE_CLUSTER or not _is_stored(piece):
        write_logs(piece, token=token)


def write_receipts_once(rows: Sequence[Mapping[str, Any]], *, token: str) -> None:
    """Store receipts, unless they are there. Errors: as `write_receipts`."""
    for day, found in groupby(rows, key=lambda row: row["received_at"].date()):
        piece = list(found)
        first = piece[0]
        if settings.CLICKHOUSE_CLUSTER or not find_receipt(first["receipt"], apps=[first["app"]]):
            write_receipts(piece, token=f"{token}:{day}")


def without_stored(frame: "pl.DataFrame") -> "pl.DataFrame":
    """What of a frame is still to be stored by the repeat of an insert, however late that is.

    Args:
        frame: as it was, of at most 1 000 000 rows; what is left goes under the same token, so two
            who repeat at the same time store nothing twice either.
    """
    import polars as pl

    if settings.CLICKHOUSE_CLUSTER or not len(frame):
        return frame
    missing = [piece for _, piece in day_pieces(frame) if not _is_stored(piece)]
    return pl.concat(missing) if missing else frame.clear()


def without_quarantined(frame: "pl.DataFrame") -> "pl.DataFrame":
    """What of lines for quarantine is still to be stored by a repeat, however late that is."""
    import polars as pl

    if not len(frame):
        return frame
    mine = of_apps(sorted(frame["app"].unique()))
    rows = client.fetch(
        f"SELECT receipt, line FROM quarantine WHERE {mine.text} "
        "AND receipt IN {receipts:Array(String)}",
        {**mine.params, "receipts": frame["receipt"].unique().to_list()},
    )
    stored = {(row["receipt"], int(row["line"])) for row in rows}
    lines = zip(frame["receipt"], frame["line"], strict=True)
    return frame.filter(pl.Series([line not in stored for line in lines], dtype=pl.Boolean))


def has_receipts(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all of these receipts are stored."""
    mine = of_apps(sorted({str(row["app"]) for row in rows}))
    found = client.fetch(
        f"SELECT uniqExact(receipt) AS n FROM receipts WHERE {mine.text} "
        "AND receipt IN {receipts:Array(String)}",
        {**mine.params, "receipts": [row["receipt"] for row in rows]},
    )
    return int(found[0]["n"]) == len({row["receipt"] for row in rows})


def holds_any(
    *,
    apps: Sequence[str],
    receipts: Sequence[str],
    entry_keys: Sequence[int],
    since: datetime,
    until: datetime,
) -> bool:
    """Whether anything of these requests is stored: a record, a quarantined line or a receipt.

    Reads all ids of the time between, so it is for rare questions.

    Args:
        apps: slugs the requests belong to.
        receipts, entry_keys: of the requests.
        since, until: their first and last time of arrival, both included.
    Raises:
        StoreUnavailable, StoreError.
    """
    mine = of_apps(apps)
    arrived = "received_at BETWEEN {since:DateTime64(3)} AND {until:DateTime64(3)}"
    own = "receipt IN {receipts:Array(String)}"
    rows = client.fetch(
        f"SELECT 1 FROM receipts WHERE {mine.text} AND {own} LIMIT 1 UNION ALL "
        f"SELECT 1 FROM quarantine WHERE {mine.text} AND {arrived} AND {own} LIMIT 1 UNION ALL "
        f"SELECT 1 FROM logs WHERE {mine.text} AND {arrived} "
        f"AND {ID_KEY_SQL} IN {{keys:Array(UInt64)}} LIMIT 1",
        {
            **mine.params,
            "since": since.astimezone(UTC),
            "until": until.astimezone(UTC),
            "receipts": list(receipts),
            "keys": [id_key(key) for key in entry_keys],
        },
    )
    return bool(rows)


def _is_stored(piece: "pl.DataFrame") -> bool:
    from storage.ids import with_ids

    row = with_ids(piece.head(1)).row(0, named=True)
    record_id = str(UUID(int=row["id_high"] << 64 | row["id_low"]))
    ns = int(piece["timestamp"].dt.epoch("ns")[0])
    condition = all_of([equals("app", row["app"]), at_time("at", "=", ns)])
    rows = client.fetch(
        f"SELECT 1 FROM logs WHERE {condition.text} AND id = {{id:UUID}} LIMIT 1",
        {**condition.params, "id": record_id},
    )
    return bool(rows)
