"""Load and faults, then peace, then the judge."""

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.held import Steps
from tests.installation import Up
from tests.soak import report
from tests.soak.chaos import Chaos, Tally
from tests.soak.judge import Verdict, judge, queue_rest, stored_bodies, stored_receipts
from tests.soak.oracle import Oracle
from tests.soak.senders import Senders

LINES_A_BODY = 100
SETTINGS = {"LEASE_S": "2", "RESTART_PAUSE_MAX_S": "1", "LOG_LEVEL": "WARNING"}
STALL_S = 5.0
_LIMIT_S = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a storm showed. `rest` is what the queue still holds; `fresh_s` the time of a new line
    from its post to its place in the store, None when it did not get there.
    """

    tally: Tally
    verdict: Verdict
    answers: Mapping[str, int]
    problems: list[str]
    rest: Mapping[str, int]
    calm_s: float
    fresh_s: float | None

    heading = "Kills"

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing twice, nothing left over, and it still works."""
        is_empty = not any(self.rest.values())
        works = self.fresh_s is not None and not self.problems
        return self.verdict.is_good and is_empty and works

    def text(self, *, minutes: float, seed: int) -> str:
        """As docs/soak.md has it."""
        return report.storm_text(self, minutes=minutes, seed=seed)


def run(folder: Path, *, minutes: float, seed: int, pause_s: float = 0.15) -> Outcome:
    """A whole storm on a folder of its own."""
    steps = Steps(folder / "steps")
    up = Up(folder / "data", FAILPOINTS_DIR=str(steps.folder), **SETTINGS)
    up.start()
    try:
        return brew(up, steps, minutes=minutes, seed=seed, pause_s=pause_s)
    finally:
        _show_errors(folder)
        steps.release()
        with suppress(AssertionError):
            up.stop()


def brew(
    up: Up, steps: Steps, *, minutes: float, seed: int, pause_s: float, pace_s: float = 0.08
) -> Outcome:
    """A storm on an installation that runs already, with `SETTINGS`."""
    oracle = Oracle(run=f"storm-{seed}", lines=LINES_A_BODY)
    senders = Senders(up, oracle, keyed=4, bare=1, pause_s=pace_s)
    chaos = Chaos(up, steps, pause_s=pause_s, stall_s=STALL_S, seed=seed)
    _watch(chaos, oracle, minutes * 60)
    chaos.stop()
    problems = [] if senders.stop(_LIMIT_S) else ["a sender could not deliver in the calm"]
    began = time.monotonic()
    fresh_s = _fresh_line(up, seed)
    verdict = _settled(up, oracle)
    return Outcome(
        tally=chaos.tally,
        verdict=verdict,
        answers=senders.answers,
        problems=[*problems, *senders.problems],
        rest=queue_rest(up),
        calm_s=time.monotonic() - began,
        fresh_s=fresh_s,
    )


def _watch(chaos: Chaos, oracle: Oracle, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        time.sleep(min(30, left))
        acked = sum(1 for body in oracle.bodies if body.receipt)
        sys.stderr.write(f"{left:4.0f} s left, {chaos.tally.count} kills, {acked} bodies taken\n")


def _show_errors(folder: Path) -> None:
    """What our own processes logged as errors, for who looks into it."""
    for log in sorted(folder.glob("data*.log")):
        for line in log.read_text(errors="replace").splitlines():
            if '"level": "ERROR"' in line:
                sys.stderr.write(f"{log.name}: {line[:3000]}\n")


def _fresh_line(up: Up, seed: int) -> float | None:
    """A line of after the storm gets through; the seconds it took."""
    oracle = Oracle(run=f"fresh-{seed}", lines=1)
    began = time.monotonic()
    Senders(up, oracle, keyed=1, bare=0, pause_s=0).stop(_LIMIT_S)
    while time.monotonic() - began < _LIMIT_S:
        with suppress(httpx.HTTPError):
            if stored_bodies(up, oracle):
                return time.monotonic() - began
        time.sleep(0.1)
    return None


def _settled(up: Up, oracle: Oracle) -> Verdict:
    """The verdict once the queue is empty, or once the time is over."""
    deadline = time.monotonic() + _LIMIT_S
    while any(queue_rest(up).values()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return judge(oracle, stored_bodies(up, oracle), own_receipts(up, oracle))


def own_receipts(up: Up, oracle: Oracle) -> list[dict[str, object]]:
    """Receipts but those of the fresh line and of other runs on the same installation."""
    return [row for row in stored_receipts(up) if int(row["received"]) == oracle.lines]
