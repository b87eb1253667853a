"""What waits to be sent to one viewer: bounded, oldest out first, every loss counted."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import orjson

MAX_RECORDS = 2_000
MAX_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One frame's worth: records as JSON, and how many were dropped since the batch before."""

    records: list[bytes]
    dropped: int

    def frame(self) -> str:
        """The `logs` message of the protocol."""
        head = b'{"type":"logs","dropped":%d,"records":[' % self.dropped
        return (head + b",".join(self.records) + b"]}").decode()


class Outbox:
    """Records on their way to one viewer, at most `max_records` and `max_bytes` of them."""

    def __init__(self, *, max_records: int = MAX_RECORDS, max_bytes: int = MAX_BYTES) -> None:
        self._max_records, self._max_bytes = max_records, max_bytes
        self._records: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0

    @property
    def waiting(self) -> int:
        """How many records would be sent now."""
        return len(self._records)

    @property
    def dropped(self) -> int:
        """How many were lost since the last batch."""
        return self._dropped

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self._records and not self._dropped

    def add(self, records: list[dict[str, Any]], *, dropped: int = 0) -> int:
        """Take records in order of arrival; `dropped` were lost before they came here.

        Returns:
            How many had to go to make room.
        """
        self._dropped += dropped
        before = self._dropped
        for record in records:
            encoded = orjson.dumps(record)
            self._records.append(encoded)
            self._bytes += len(encoded)
        while len(self._records) > self._max_records or self._bytes > self._max_bytes:
            self._bytes -= len(self._records.popleft())
            self._dropped += 1
        return self._dropped - before

    def take(self) -> Batch:
        """Everything that waits; the box is empty afterwards."""
        batch = Batch(records=list(self._records), dropped=self._dropped)
        self.clear()
        return batch

    def clear(self) -> None:
        """Forget what waits and what was lost: the viewer asked for something else."""
        self._records.clear()
        self._bytes = self._dropped = 0


class GapCounter:
    """Finds messages lost between the workers and us.

    Each worker process (`origin`) numbers what it matched; a jump in its count is what the channel
    layer dropped on the way.
    """

    def __init__(self) -> None:
        self._expected: dict[str, int] = {}

    def missed(self, origin: str, *, total: int, count: int) -> int:
        """How many records of `origin` are missing before this message.

        Args:
            total: what the origin had matched before this message.
            count: what this message stands for: its records and those its worker cut.
        """
        expected = self._expected.get(origin, total)
        self._expected[origin] = total + count
        # A lower count than expected: the worker forgot the subscription and started again.
        return max(0, total - expected)

    def clear(self) -> None:
        """Start anew, for another subscription."""
        self._expected.clear()
