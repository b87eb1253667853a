"""Bodies that came again: the enqueue script notes them here, for the ledger.

They are noted by the receipt they were answered with, so a sender that repeats one body for an hour
costs one note. A batch is put aside by its name and forgotten once it is written, so that it is the
same on every try.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion.queue import names, scripts
from ingestion.queue.connection import client


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Bodies that came again since the batch before.

    `first`: the receipt they were answered with; "" where there were too many to tell them apart.
    `lines`, `bytes` (decompressed) and `sent_bytes` are those of all of them, `last_at` the time
    of the last.
    """

    first: str
    app: str
    source: str
    protocol: str
    lines: int
    bytes: int
    sent_bytes: int
    last_at: datetime


def take_repeats() -> tuple[str, list[Repeat]]:
    """The batch that is put aside, or what was noted since: its name and its repeats."""
    keys = [names.REPEATS_KEY, names.REPEATS_TAKEN_KEY]
    name = scripts.TAKE_REPEATS.run(client(), keys, [])
    return name.decode(), list(_repeats()) if name else []


def forget_repeats() -> None:
    """Remove the batch that is put aside: it is in the ledger."""
    client().delete(names.REPEATS_TAKEN_KEY)


def _repeats() -> Iterator[Repeat]:
    found: dict[bytes, bytes] = client().hgetall(names.REPEATS_TAKEN_KEY)
    for field, sums in found.items():
        first, _, rest = field.decode().partition(" ")
        if not rest:
            continue
        _, app, source, protocol, _ = json.loads(rest)
        lines, size, sent, last = sums.split()
        yield Repeat(
            first="" if first == "-" else first,
            app=app,
            source=source,
            protocol=protocol,
            lines=int(lines),
            bytes=int(size),
            sent_bytes=int(sent),
            last_at=datetime.fromtimestamp(float(last), UTC),
        )
