"""Counts what became of the lines, from the receipts."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ingestion.shipper.client import IngestClient
from logplatform.remote.client import Refused, Unavailable

_OUTCOMES = ("stored", "duplicate", "quarantined")


@dataclass(slots=True, kw_only=True)
class Tally:
    """Running totals; `accepted` counts what the platform said it took."""

    accepted: int = 0
    bodies: int = 0
    content_bytes: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_OUTCOMES, 0))
    open_receipts: deque[str] = field(default_factory=deque)

    def add(self, answer: dict[str, Any], *, content_bytes: int) -> None:
        """Count an acknowledged body; the rest of its numbers may come later."""
        self.bodies += 1
        self.content_bytes += content_bytes
        self.accepted += int(answer.get("received", answer.get("accepted", 0)))
        if "stored" in answer:
            self._count(answer)
        elif receipt := answer.get("receipt"):
            self.open_receipts.append(str(receipt))

    def settle(
        self, client: IngestClient, *, timeout_s: float, wait: Callable[[float], bool]
    ) -> None:
        """Ask for open receipts, the oldest first, until all are done or the time is over."""
        end = time.monotonic() + timeout_s
        pause_s = 0.05
        while self.open_receipts:
            if self._settle_first(client):
                pause_s = 0.05
                continue
            if time.monotonic() + pause_s > end or wait(pause_s):
                return
            pause_s = min(pause_s * 2, 1.0)

    def _settle_first(self, client: IngestClient) -> bool:
        try:
            answer = client.receipt(self.open_receipts[0])
        except Unavailable:
            return False
        except Refused:
            self.open_receipts.popleft()
            return True
        if answer.get("state") != "done":
            return False
        self._count(answer)
        self.open_receipts.popleft()
        return True

    def _count(self, answer: dict[str, Any]) -> None:
        for outcome in _OUTCOMES:
            self.counts[outcome] += int(answer.get(outcome, 0))

    def sentence(self) -> str:
        """What happened, for people."""
        text = f"Shipped {self.accepted:,} lines ({self.content_bytes / 1e6:,.1f} MB)"
        parts = [f"{count:,} {outcome}" for outcome, count in self.counts.items()]
        unsettled = self.accepted - sum(self.counts.values())
        if unsettled:
            parts.append(f"{unsettled:,} accepted, not searchable yet")
        return f"{text}: {', '.join(parts)}."
