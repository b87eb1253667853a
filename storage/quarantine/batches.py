"""Quarantined lines for reading them again: batches in the order of the table, bytes as they came.

A batch is chosen first (`next_batch`, no bytes) and fetched then (`fetch_batch`), so whoever works
on it can save what belongs to it before anything happens, and fetch just that again later.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from storage.clickhouse import client
from storage.quarantine.selection import Place, RejectQuery, between, beyond, rejects_where
from storage.where import all_of

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Which lines: their ids in the order of the table, and the places of the first and last."""

    ids: tuple[str, ...]
    first: Place
    last: Place


def next_batch(
    query: RejectQuery, *, after: Place | None, limit: int, max_bytes: int
) -> Batch | None:
    """The next lines behind `after`, none twice.

    Args:
        query: of one app.
        after: the `last` of the batch before; None begins.
        limit: lines at most.
        max_bytes: of the lines together; one line that is larger comes alone.
    Returns:
        None, when no line is left.
    """
    condition = rejects_where(query)
    if after:
        condition = all_of([condition, beyond(after)])
    rows = client.fetch(
        "SELECT toString(id) AS uuid, toUnixTimestamp64Milli(received_at) AS received_ms, receipt,"
        f" line, length(raw) AS size_bytes FROM quarantine WHERE {condition.text}"
        f" ORDER BY received_at, receipt, line LIMIT {int(limit)}",
        condition.params,
    )
    totals = accumulate(row["size_bytes"] for row in rows)
    rows = rows[: max(1, sum(total <= max_bytes for total in totals))]
    if not rows:
        return None
    places = [Place(row["received_ms"], row["receipt"], row["line"]) for row in (rows[0], rows[-1])]
    return Batch(ids=tuple(row["uuid"] for row in rows), first=places[0], last=places[1])


def fetch_batch(query: RejectQuery, batch: Batch) -> "pl.DataFrame":
    """The lines of a batch that are still there, in its order.

    Returns:
        `id` String, `received_at` Datetime[ms, UTC], `source`, `receipt`, `reason_code` and
        `reason` and `header` String, `line` UInt32, `raw` Binary.
    """
    import polars as pl

    from storage.clickhouse.arrow import read_block

    condition = all_of([rejects_where(query), between(batch.first, batch.last)])
    body = client.fetch_arrow(
        "SELECT toString(id) AS uuid, received_at, source, receipt, line, reason_code, reason, raw,"
        f" header FROM quarantine WHERE {condition.text} ORDER BY received_at, receipt, line",
        condition.params,
    )
    names = ("uuid", "source", "receipt", "reason_code", "reason", "header")
    frame = read_block(body).with_columns(
        *(pl.col(name).cast(pl.String) for name in names),
        pl.col("received_at").cast(pl.Datetime("ms", "UTC")),
    )
    # Lines that came into the range since it was chosen belong to another batch.
    mine = pl.Series(batch.ids, dtype=pl.String).implode()
    return frame.rename({"uuid": "id"}).filter(pl.col("id").is_in(mine))
