"""Quarantined lines → columns once more, by the very path new lines take.

Pure: the same lines read the same way give the same rows, so a replay that was interrupted can
begin a batch again. A line gets the id it would have had if it had been stored the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import polars as pl

from ingestion.assemble import Assembled, assemble, entry_key
from ingestion.contracts import Entry, QueuedEntry
from storage import facade as storage

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
    `_id`, `reason_code`, `reason`; `receipts`: those of the replay, by what records name.
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
    parts = plain.partition_by("header", maintain_order=True)
    read: list[Reread] = []
    for part in parts:
        booked = sum(len(each.receipts) for each in read)
        read.append(_reread(part, app, reading, name, booked))
    if not read:
        return Reread(records=pl.DataFrame(), refused=others, receipts={})
    return Reread(
        records=pl.concat(part.records for part in read),
        refused=pl.concat([*(part.refused for part in read), others]),
        receipts={key: row for part in read for key, row in part.receipts.items()},
    )


def _reread(lines: pl.DataFrame, app: str, reading: Reading, name: str, booked: int) -> Reread:
    """Read lines of one header; `booked` receipts are there already."""
    entries = list(_entries(lines, app, reading))
    found = assemble(entries, backend=PROTOCOL)
    receipts = _receipts(found, name, booked)
    places = _places(lines, entries, receipts)
    return Reread(
        records=_records(found, places, name.partition(":")[0]),
        refused=_refused(found, places),
        receipts={str(row["receipt"]): row for row in receipts.values()},
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
    """A body for each request the lines once came with; it keeps that request's receipt."""
    rows = lines.select("receipt", "received_at", "source", "header", "raw").iter_rows()
    for (receipt, received_at, source, header), found in groupby(rows, key=lambda row: row[:4]):
        raws = [row[4] for row in found]
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
            header=header,
            body=body,
        )
        yield QueuedEntry(shard=int(shard), stream_id=stream_id, entry=entry)


def _places(
    lines: pl.DataFrame, entries: list[QueuedEntry], receipts: dict[str, dict[str, Any]]
) -> pl.DataFrame:
    """Where each line is now (`entry_key`, and `place` from 0) and what it once was."""
    keys = pl.DataFrame(
        {
            "receipt": [queued.receipt for queued in entries],
            "entry_key": pl.Series([entry_key(queued) for queued in entries], dtype=pl.UInt64),
            "_receipt": [str(receipts[queued.receipt]["receipt"]) for queued in entries],
        }
    )
    places = lines.select(
        "receipt",
        pl.col("id").alias("_id"),
        pl.col("line").alias("_line"),
        pl.int_range(pl.len(), dtype=pl.UInt32).over("receipt").alias("place"),
    )
    return places.join(keys, on="receipt", maintain_order="left")


def _refused(found: Assembled, places: pl.DataFrame) -> pl.DataFrame:
    """Refused lines under their ids."""
    joined = found.quarantined.select("receipt", "line", "reason_code", "reason").join(
        places, left_on=["receipt", "line"], right_on=["receipt", "place"], maintain_order="left"
    )
    return joined.select("_id", "reason_code", "reason")


def _records(found: Assembled, places: pl.DataFrame, replay: str) -> pl.DataFrame:
    """Records with the line numbers of old, ids made from those, and the mark of the replay."""
    records = found.records.join(
        places.drop("receipt"),
        left_on=["entry_key", "line"],
        right_on=["entry_key", "place"],
        maintain_order="left",
    )
    if len(records) != len(found.records) or len(records) + len(found.quarantined) != len(places):
        raise AssertionError(f"BUG: {len(places)} lines gave {len(found.records)} records")
    sequence = (storage.LATER + pl.col("_line").cast(pl.UInt64)).cast(pl.UInt32)
    records = records.with_columns(line="_line", sequence=sequence).drop("_line")
    if not replay:
        return records
    mark = pl.struct(pl.lit(MARK).alias("key"), pl.lit(replay).alias("value"))
    # The line may have said something under this name itself.
    others = pl.col("attributes").list.filter(pl.element().struct.field("key") != MARK)
    return records.with_columns(pl.concat_list(others, mark).alias("attributes"))


def _receipts(found: Assembled, name: str, booked: int) -> dict[str, dict[str, Any]]:
    """The receipts of the replay by those the lines once came with."""
    return {
        str(receipt["receipt"]): {
            **receipt,
            "receipt": f"{PROTOCOL}-{name}:{number}",
            "protocol": PROTOCOL,
        }
        for number, receipt in enumerate(found.receipts, booked)
    }
