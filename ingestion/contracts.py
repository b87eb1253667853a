"""What crosses borders inside ingestion: protocol plug-ins, queue entries, receipts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What the door learned about a decompressed body without parsing its lines.

    `shape` is the protocol's own word for how to decode it; `lines` counts exactly the lines
    `decode` will give; `strict_json` forbids keeping lines that are not JSON as text.
    """

    shape: str
    lines: int
    strict_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpProtocol:
    """A way to send logs over HTTP; one module of `ingestion.protocols` each.

    Attributes:
        path: address below the root, without a leading slash.
        inspect: (decompressed body, media type) → Inspection; raises a PlatformError with a 4xx
            status where nothing of the body can be stored. Runs at the door: counts, no parsing.
        decode: (decompressed body, shape) → the lines, joined by newlines. Pure; runs in workers.
    """

    path: str
    inspect: Callable[[bytes, str], Inspection]
    decode: Callable[[bytes, str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted request body with all that storing it depends on, so a retry is identical.

    `header`: of a table (CSV and the like), the one in force where the body begins. `edges`: as
    `trace_lines.edges_of` says, whether lines at its ends belong to records of bodies around it.
    """

    app: str
    source: str
    key_id: int
    protocol: str
    shape: str
    encoding: str
    format: str
    zone: str
    received_at: datetime
    lines: int
    size: int
    strict_json: bool = False
    wants_result: bool = False
    multiline: bool = False
    header: str = ""
    edges: str = ""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the queue checks of an entry besides its backlog; a 0 is no limit.

    Attributes:
        window_key, window_s: an entry with this key within so many seconds is the same again.
        rate_key, rate_bytes, burst_bytes: a bucket that fills by `rate_bytes` a second.
        source_key, source_bytes; app_key, app_bytes: counters of a day and what they may reach.
        duplicate_fields: where lines and bytes of what came before are counted; () for nowhere.
    """

    window_key: str = ""
    window_s: int = 0
    rate_key: str = ""
    rate_bytes: int = 0
    burst_bytes: int = 0
    source_key: str = ""
    source_bytes: int = 0
    app_key: str = ""
    app_bytes: int = 0
    duplicate_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedEntry:
    """An entry with its place in the queue.

    `left_behind`: bytes of a body that was not fetched from there; `entry.body` is empty then.
    """

    shard: int
    stream_id: str
    entry: Entry
    left_behind: int = 0

    @property
    def receipt(self) -> str:
        """The receipt's id: the place in the queue."""
        return f"{self.shard}-{self.stream_id}"

    @property
    def sent_bytes(self) -> int:
        """The body's size as it was sent."""
        return self.left_behind or len(self.entry.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer of the door; `is_new` is False where the idempotency key was known."""

    receipt: str
    lines: int
    backend: str
    is_new: bool = True

    @property
    def answer(self) -> dict[str, object]:
        """The body of the 202."""
        return {"receipt": self.receipt, "accepted": self.lines, "backend": self.backend}

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        return {"X-Receipt-Id": self.receipt}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the lines of one request: received = stored + duplicate + quarantined.

    `joined` of the stored lines are parts of the records of lines before them.
    """

    receipt: str
    received: int
    stored: int
    duplicate: int
    quarantined: int
    errors: list[dict[str, Any]]
    joined: int = 0
