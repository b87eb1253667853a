"""Quarantined lines → columns once more, by the very path new lines take.

Pure: the same lines read the same way give the same rows, so a replay that was interrupted can
begin a batch again. A line gets the id it would have had if it had been stored the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import polars as pl

from ingestion.assemble import Assembled, assemble
from ingestion.contracts import Entry, QueuedEntry

PROTOCOL = "replay"
MARK = "_replay"
_NOT_A_LINE = "not_a_line: these bytes are not one line of text; they can only be looked at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How lines are read: a format ("" detects it line by line) and the zone of bare times."""

    format: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What lines become.

    `records`: record frame as of `assemble`, with `_id` and `_receipt` in quarantine; `refused`:
    `_id`, `reason_code`, `reason`; `receipts`: by the receipt the lines once came with.
    """

    records: pl.DataFrame
    refused: pl.DataFrame
    receipts: dict[str, dict[str, Any]]


def reread(lines: pl.DataFrame, *, app: str, reading: Reading, name: str = "") -> Reread:
    """Read lines again.

    Args:
        lines: of `storage.fetch_batch`, of one app and source.
        app: slug.
        reading: how.
        name: of the replay and batch, for the receipts; "" leaves the records unmarked.
    """
    is_line = pl.Series([_is_line(raw) for raw in lines["raw"]], dtype=pl.Boolean)
    plain, others = lines.filter(is_line), refuse_all(lines.filter(~is_line), _NOT_A_LINE)
    entries = list(_entries(plain, app, reading))
    if not entries:
        return Reread(records=pl.DataFrame(), refused=others, receipts={})
    found = assemble(entries, backend=PROTOCOL)
    refused = _refused(found, plain)
    return Reread(
        records=_records(found, plain, refused, name.partition(":")[0]),
        refused=pl.concat([refused, others]),
        receipts=_receipts(found, name),
    )


def refuse_all(lines: pl.DataFrame, reason: str) -> pl.DataFrame:
    """All of these lines, with `id`, as refused for one reason (`code: sentence`)."""
    return lines.select(
        pl.col("id").alias("_id"),
        pl.lit(reason.partition(":")[0]).alias("reason_code"),
        pl.lit(reason).alias("reason"),
    )


def _is_line(raw: bytes) -> bool:
    return b"\n" not in raw and bool(raw.strip())


def _entries(lines: pl.DataFrame, app: str, reading: Reading) -> Iterator[QueuedEntry]:
    """One body for each request the lines once came with; it keeps that request's receipt."""
    rows = lines.select("receipt", "received_at", "source", "raw").iter_rows()
    for (receipt, received_at, source), found in groupby(rows, key=lambda row: row[:3]):
        raws = [row[3] for row in found]
        shard, _, stream_id = receipt.partition("-")
        body = b"\n".join(raws)
        entry = Entry(
            app=app,
            source=source,
            key_id=0,
            protocol="native",
            shape="lines",
            encoding="",
            format=reading.format,
            zone=reading.zone,
            received_at=received_at,
            lines=len(raws),
            size=len(body),
            body=body,
        )
        yield QueuedEntry(shard=int(shard), stream_id=stream_id, entry=entry)


def _refused(found: Assembled, plain: pl.DataFrame) -> pl.DataFrame:
    """Refused lines under their ids; `line` of the entries counts from 0 in each receipt."""
    places = plain.select(
        pl.col("id").alias("_id"),
        "receipt",
        pl.int_range(pl.len(), dtype=pl.UInt32).over("receipt").alias("line"),
    )
    wanted = found.quarantined.select("receipt", "line", "reason_code", "reason")
    joined = wanted.join(places, on=["receipt", "line"], how="inner", maintain_order="left")
    return joined.select("_id", "reason_code", "reason")


def _records(
    found: Assembled, plain: pl.DataFrame, refused: pl.DataFrame, replay: str
) -> pl.DataFrame:
    """Records with the line numbers and so the ids of old, and the mark of the replay."""
    kept = plain.filter(~pl.col("id").is_in(refused["_id"].implode()))
    if len(kept) != len(found.records):
        raise AssertionError(f"BUG: {len(kept)} lines gave {len(found.records)} records")
    records = found.records.with_columns(
        kept["line"], kept["id"].alias("_id"), kept["receipt"].alias("_receipt")
    )
    if not replay:
        return records
    mark = pl.struct(pl.lit(MARK).alias("key"), pl.lit(replay).alias("value"))
    return records.with_columns(pl.concat_list("attributes", mark).alias("attributes"))


def _receipts(found: Assembled, name: str) -> dict[str, dict[str, Any]]:
    return {
        str(receipt["receipt"]): {
            **receipt,
            "receipt": f"{PROTOCOL}-{name}:{number}",
            "protocol": PROTOCOL,
        }
        for number, receipt in enumerate(found.receipts)
    }
