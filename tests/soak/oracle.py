"""What was sent and what was promised: every line can be computed again from its number."""

import hashlib
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAYS = 3


@dataclass(slots=True, kw_only=True)
class Obligation:
    """One body. `receipt` is set once a 2xx promised it; `is_unknown` when nobody may say."""

    number: int
    is_keyed: bool
    receipt: str = ""
    backend: str = ""
    is_unknown: bool = False


@dataclass(slots=True, kw_only=True)
class Oracle:
    """Hands out bodies and remembers what became of them. Body n has the lines from n * `lines`."""

    run: str
    lines: int
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    bodies: list[Obligation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, *, is_keyed: bool) -> Obligation:
        """A new body."""
        with self._lock:
            body = Obligation(number=len(self.bodies), is_keyed=is_keyed)
            self.bodies.append(body)
            return body

    def content(self, number: int) -> bytes:
        """The body as it is sent: NDJSON whose lines belong to several days."""
        first = number * self.lines
        return b"\n".join(self._line(seq) for seq in range(first, first + self.lines))

    def _line(self, seq: int) -> bytes:
        at = self.started_at - timedelta(days=seq % DAYS)
        line = {"timestamp": at.isoformat(), "message": f"soak {self.run} {seq}", "run": self.run}
        return json.dumps({**line, "seq": seq, "sum": checksum(self.run, seq)}).encode()


def checksum(run: str, seq: int) -> str:
    """What the `sum` of a line has to be."""
    return hashlib.sha256(f"{run}:{seq}".encode()).hexdigest()[:16]
