"""Turns queue entries into columns: decodes, parses, and books every line to its request.

The same entries give the same rows under the same ids, so a retry under the same insert token is
exact: an app's own formats come with their version. Only what redaction and enrichment make of a
row follows the settings of the moment.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from django.conf import settings

from ingestion.contracts import Entry, QueuedEntry
from ingestion.custom.reading import unpinned
from ingestion.encoding import decompress
from ingestion.errors import RulesUnavailable
from ingestion.free_text import without_lone_templates
from ingestion.protocols import http_protocols
from ingestion.treatment import plans
from logplatform.kernel import clock
from logplatform.kernel.errors import PlatformError
from parsing import Hint, parse_joined, split_bodies, split_lines
from parsing.contracts import REJECTED_SCHEMA
from parsing.headers import table_in
from parsing.tables import headers_in_force, table_of
from parsing.treatment import Treatment
from storage import facade as storage

logger = logging.getLogger(__name__)

SHOWN_ERRORS = 20
_RAW_LIMIT = 1 << 20
_NOTHING_QUARANTINED = pl.DataFrame(
    schema={
        **REJECTED_SCHEMA,
        "reason_code": pl.String,
        "received_at": pl.Datetime("ms", "UTC"),
        **dict.fromkeys(("app", "source", "protocol", "receipt", "format", "header"), pl.String),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """What a group becomes.

    `records`: record frame plus app, source, received_at, entry_key, sequence; `quarantined`: app,
    source, received_at, protocol, receipt, line, reason_code, reason, raw, format, header;
    `receipts`: one row a request, whose received = stored + duplicate + quarantined; `joined` of
    the stored lines are in the record of a line before, `quarantined_bytes` is the size of what is
    kept of the refused ones; `redactions`: (app, source, rule) → fields of records in which the
    rule found something.
    """

    records: pl.DataFrame
    quarantined: pl.DataFrame
    receipts: list[dict[str, object]]
    redactions: Mapping[tuple[str, str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Decoded:
    queued: QueuedEntry
    lines: bytes


def assemble(entries: Sequence[QueuedEntry], *, backend: str = "queue") -> Assembled:
    """Decode and parse entries; lines of many small bodies are parsed together.

    Bodies of sources that do not exist are quarantined: stored, they would be shown to nobody.

    Returns:
        Frames in which every received line is exactly once: as a record or in quarantine.
    """
    records: list[pl.DataFrame] = []
    rejected: list[pl.DataFrame] = []
    receipts: list[dict[str, object]] = []
    redactions: dict[tuple[str, str, str], int] = {}
    known, strays = _known_and_strays(entries)
    for queued, reason in strays:
        whole = quarantine_whole(queued, reason, backend=backend)
        rejected.append(whole.quarantined)
        receipts += whole.receipts
    for (hint, treatment), batch in _batches(known):
        parsed = _parse_batch(hint, treatment, batch)
        records.append(parsed.records)
        rejected.append(parsed.quarantined)
        receipts += [{**receipt, "backend": backend} for receipt in parsed.receipts]
        for key, count in parsed.redactions.items():
            redactions[key] = redactions.get(key, 0) + count
    return Assembled(
        records=without_lone_templates(pl.concat(records)) if records else pl.DataFrame(),
        quarantined=pl.concat(rejected),
        receipts=receipts,
        redactions=redactions,
    )


def _known_and_strays(
    entries: Sequence[QueuedEntry],
) -> tuple[list[tuple[QueuedEntry, Treatment]], list[tuple[QueuedEntry, str]]]:
    """Entries of sources that exist, with what happens to them; the others with the reason."""
    known: list[tuple[QueuedEntry, Treatment]] = []
    strays: list[tuple[QueuedEntry, str]] = []
    for queued in entries:
        try:
            known.append((queued, plans.treatment_of(queued.entry.app, queued.entry.source)))
        except plans.UnknownSource as error:
            strays.append((queued, str(error)))
    return known, strays


def warm_up() -> None:
    """Load the parsers and compile the formats before the first body comes."""
    entry = Entry(
        app="",
        source="",
        key_id=0,
        protocol="native",
        shape="lines",
        encoding="",
        format="",
        zone="UTC",
        received_at=clock.now(),
        lines=2,
        size=0,
        body=b'{"message": "warm"}\nup',
    )
    assemble([QueuedEntry(shard=0, stream_id="0-0", entry=entry)])


def quarantine_whole(
    queued: QueuedEntry, reason: str, *, backend: str = "queue", unread: bytes | None = None
) -> Assembled:
    """Put all lines of a request into quarantine, as one raw body where there is no telling.

    What its source redacts is gone. With `unread` the body is not looked at: these bytes are kept.
    """
    is_read = unread is None
    entry = queued.entry
    raw = _raw_lines(queued) if is_read else pl.Series([unread], dtype=pl.Binary)
    row = pl.DataFrame({"raw": raw}).select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("line"),
        "raw",
        pl.lit(reason).alias("reason"),
        pl.lit(0, pl.Int64).alias("entry"),
        pl.lit(entry.header).alias("header"),
    )
    if is_read:
        row = _redacted(row, entry)
    counts = np.array([entry.lines])
    receipt = _receipts([queued], counts * 0, counts, counts * 0, row)[0]
    return Assembled(
        records=pl.DataFrame(),
        quarantined=_quarantine_columns(row, [queued]),
        receipts=[
            {**receipt, "backend": backend, "reasons": {_code_of(reason): entry.lines}},
        ],
    )


def _raw_lines(queued: QueuedEntry) -> pl.Series:
    """The lines of a request, so that they can be replayed; its body where they cannot be told."""
    try:
        lines = split_lines(_decode(queued)).cast(pl.Binary)
    except MemoryError:
        raise
    except Exception:
        lines = pl.Series(dtype=pl.Binary)
    if len(lines) != queued.entry.lines:
        return pl.Series([queued.entry.body[:_RAW_LIMIT]], dtype=pl.Binary)
    return lines


def _redacted(row: pl.DataFrame, entry: Entry) -> pl.DataFrame:
    """The row redacted; without its bytes where that fails, as they may hold a secret."""
    try:
        return plans.treatment_of(entry.app, entry.source).apply_to_refused(row)
    except RulesUnavailable:
        raise
    except plans.UnknownSource:
        return row
    except Exception:
        logger.exception("A body cannot be redacted; its bytes are not kept")
        withheld = f"[{len(entry.body)} bytes that could not be redacted]".encode()
        return row.with_columns(pl.lit(withheld, pl.Binary).alias("raw"))


def _batches(
    entries: Sequence[tuple[QueuedEntry, Treatment]],
) -> Iterator[tuple[tuple[Hint, Treatment], list[_Decoded]]]:
    """Entries that can be parsed by one call, with their lines."""
    batches: dict[tuple[Hint, Treatment], list[_Decoded]] = {}
    for queued, treatment in entries:
        entry = queued.entry
        lines = _decode(queued)
        formats, own = unpinned(entry.app, entry.format)
        table = table_in(formats)
        if table:
            own = (*own, table_of(table, entry.header, lines))
        hint = Hint(
            formats=formats,
            own=own,
            strict_json=entry.strict_json,
            zone=entry.zone,
            max_line_bytes=settings.ENV.max_line_bytes,
            multiline=entry.multiline and not table,
        )
        how = (hint, treatment)
        batches.setdefault(how, []).append(_Decoded(queued, lines))
    for how, batch in batches.items():
        # What one sender sent is side by side: lines go on from one body to the next.
        yield how, sorted(batch, key=_stream_of) if how[0].multiline else batch


def _stream_of(decoded: _Decoded) -> tuple[str, str, int]:
    """What lines that go on must have in common."""
    entry = decoded.queued.entry
    return entry.app, entry.source, entry.key_id


def _decode(queued: QueuedEntry) -> bytes:
    entry = queued.entry
    plain = decompress(entry.body, entry.encoding, limit_bytes=settings.ENV.max_decompressed_bytes)
    return http_protocols()[entry.protocol].decode(plain, entry.shape)


def _parse_batch(hint: Hint, treatment: Treatment, batch: list[_Decoded]) -> Assembled:
    queued = [decoded.queued for decoded in batch]
    lines, counts = _all_lines(batch)
    owner = pl.Series(np.repeat(np.arange(len(batch)), counts))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    arrived = pl.Series([item.entry.received_at for item in queued], dtype=pl.Datetime("ms", "UTC"))
    numbers = {stream: number for number, stream in enumerate(map(_stream_of, batch))}
    streams = pl.Series([numbers[_stream_of(decoded)] for decoded in batch]).gather(owner)
    found = parse_joined(
        lines,
        streams=streams,
        received_at=arrived.gather(owner),
        hint=hint,
        treatment=treatment,
    )
    records = _book(found.parsed.frame, owner, starts)
    refused = found.parsed.rejected
    headers = headers_in_force(
        table_in(hint.formats),
        lines,
        owner,
        headers=[item.entry.header for item in queued],
        wanted=refused["line"],
    )
    rejected = _book(refused.with_columns(headers.alias("header")), owner, starts)
    joined = np.bincount(owner.gather(found.joined).to_numpy(), minlength=len(batch))
    stored = np.bincount(records["entry"].to_numpy(), minlength=len(batch)) + joined
    quarantined = np.bincount(rejected["entry"].to_numpy(), minlength=len(batch))
    return Assembled(
        records=_record_columns(records, queued, arrived),
        quarantined=_quarantine_columns(rejected, queued),
        receipts=_receipts(queued, stored, quarantined, joined, rejected),
        redactions=_count_redactions(found.parsed.hits, owner, queued),
    )


def _count_redactions(
    hits: pl.DataFrame, owner: pl.Series, queued: list[QueuedEntry]
) -> dict[tuple[str, str, str], int]:
    """(app, source, rule) → fields in which the rule found something."""
    counts: dict[tuple[str, str, str], int] = {}
    if len(hits):
        found = hits.select("rule", owner.gather(hits["line"]).alias("entry"))
        for entry, rule, count in found.group_by("entry", "rule").len().rows():
            key = (queued[entry].entry.app, queued[entry].entry.source, rule)
            counts[key] = counts.get(key, 0) + count
    return counts


def _all_lines(batch: list[_Decoded]) -> tuple[pl.Series, list[int]]:
    """The lines of all bodies in one series, and how many belong to each."""
    counts = [decoded.queued.entry.lines for decoded in batch]
    lines = split_bodies([decoded.lines for decoded in batch])
    if len(lines) != sum(counts):
        raise AssertionError(
            f"BUG: the door counted {sum(counts)} lines, the worker found {len(lines)}"
        )
    return lines, counts


def _book(
    frame: pl.DataFrame, owner: pl.Series, starts: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> pl.DataFrame:
    """Replace the line number in the batch by the request it came with and its number there."""
    if not len(frame):
        return frame.with_columns(entry=pl.lit(None, pl.Int64))
    entry = owner.gather(frame["line"])
    offset = pl.Series(starts).gather(entry)
    line = (frame["line"].cast(pl.Int64) - offset).cast(pl.UInt32)
    return frame.with_columns(line.alias("line"), entry.alias("entry"))


def _record_columns(
    frame: pl.DataFrame, queued: list[QueuedEntry], arrived: pl.Series
) -> pl.DataFrame:
    entry = frame["entry"]
    keys = pl.Series([entry_key(item) for item in queued], dtype=pl.UInt64)
    return frame.drop("entry").with_columns(
        pl.Series("app", [item.entry.app for item in queued]).gather(entry).alias("app"),
        pl.Series("source", [item.entry.source for item in queued]).gather(entry).alias("source"),
        arrived.gather(entry).alias("received_at"),
        keys.gather(entry).alias("entry_key"),
        storage.sequences(frame["timestamp"], entry).alias("sequence"),
    )


def entry_key(queued: QueuedEntry) -> int:
    """The 64 bits that the ids of a request's records are made from."""
    digest = hashlib.blake2b(queued.receipt.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _quarantine_columns(rejected: pl.DataFrame, queued: list[QueuedEntry]) -> pl.DataFrame:
    if not len(rejected):
        return _NOTHING_QUARANTINED
    entry = rejected["entry"]
    parts = pl.col("reason").str.splitn(": ", 2).struct
    columns = {
        "app": [item.entry.app for item in queued],
        "source": [item.entry.source for item in queued],
        "protocol": [item.entry.protocol for item in queued],
        "receipt": [item.receipt for item in queued],
        "format": [item.entry.format for item in queued],
    }
    arrived = [item.entry.received_at for item in queued]
    return (
        rejected.drop("entry")
        .with_columns(
            parts.field("field_0").alias("reason_code"),
            pl.Series(arrived, dtype=pl.Datetime("ms", "UTC")).gather(entry).alias("received_at"),
            *(
                pl.Series(values, dtype=pl.String).gather(entry).alias(name)
                for name, values in columns.items()
            ),
        )
        .select(_NOTHING_QUARANTINED.columns)
    )


def _receipts(
    queued: list[QueuedEntry],
    stored: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    quarantined: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    joined: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    rejected: pl.DataFrame,
) -> list[dict[str, object]]:
    reasons, sizes = _count_reasons(rejected), _sizes(rejected)
    return [
        {
            "receipt": item.receipt,
            "app": item.entry.app,
            "source": item.entry.source,
            "protocol": item.entry.protocol,
            "received_at": item.entry.received_at,
            "received": item.entry.lines,
            "stored": int(stored[index]),
            "duplicate": 0,
            "quarantined": int(quarantined[index]),
            "joined": int(joined[index]),
            "bytes": item.entry.size,
            "sent_bytes": item.sent_bytes,
            "quarantined_bytes": sizes.get(index, 0),
            "reasons": reasons.get(index, {}),
            "errors": _first_errors(rejected, index) if quarantined[index] else "[]",
            "id_key": storage.id_key(entry_key(item)),
        }
        for index, item in enumerate(queued)
    ]


def _count_reasons(rejected: pl.DataFrame) -> dict[int, dict[str, int]]:
    """Request → reason code → lines."""
    counts: dict[int, dict[str, int]] = {}
    if len(rejected):
        code = pl.col("reason").str.splitn(": ", 2).struct.field("field_0").alias("code")
        for entry, reason_code, lines in rejected.group_by("entry", code).len().rows():
            counts.setdefault(entry, {})[reason_code] = lines
    return counts


def _sizes(rejected: pl.DataFrame) -> dict[int, int]:
    """Request → bytes of its refused lines."""
    if not len(rejected):
        return {}
    size = pl.col("raw").bin.size().sum()
    return dict(rejected.group_by("entry").agg(size).iter_rows())


def _code_of(reason: str) -> str:
    return reason.partition(": ")[0]


def _first_errors(rejected: pl.DataFrame, entry: int) -> str:
    mine = rejected.filter(pl.col("entry") == entry).head(SHOWN_ERRORS)
    return json.dumps(mine.select("line", "reason").to_dicts())


def problem_of(error: Exception) -> str:
    """A quarantine reason for an entry that cannot be assembled or stored."""
    if isinstance(error, PlatformError):
        return f"{error.code}: {error.text}"
    return f"not_storable: {type(error).__name__} while it was read; an administrator sees why"
