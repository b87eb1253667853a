"""Breaks an installation again and again: kills at named steps and at random moments, stalls."""

import random
import signal
import threading
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field

from tests import faults
from tests.held import STEPS, Steps
from tests.installation import Up

# How often who dies, and how. A worker that dies leaves its shard to the lease: not too often.
WEIGHTS = {
    "web": 5,
    "web's worker": 14,
    "worker": 4,
    "worker's main process": 4,
    "worker's child": 22,
    "beat": 7,
    "engine": 18,
    "valkey": 18,
    "supervisor": 1,
    "everything": 0.5,
}
HANDS = 2
STALLED = ("web's worker", "worker's child", "worker's main process", "engine", "valkey", "beat")
RANDOM_MOMENT = "any moment"
STALL = "while frozen"
OUTAGE = "while it starts"


@dataclass(slots=True, kw_only=True)
class Tally:
    """Who was killed and when: (victim, moment) → times; stalls that went on; restarts of `up`."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    stalls: Counter[str] = field(default_factory=Counter)
    outages: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Kills in all."""
        return self.kills.total()


class Chaos:
    """Faults by two hands, one beside the other, from now until `stop`.

    Args:
        up: started with `steps`' folder, a short lease and a short restart pause.
        pause_s: mean time between two faults.
        stall_s: longest stall.
    """

    def __init__(self, up: Up, steps: Steps, *, pause_s: float, stall_s: float, seed: int) -> None:
        self._up, self._steps = up, steps
        self._pause_s, self._stall_s = pause_s, stall_s
        self._rng = random.Random(seed)
        self._stop, self._starting = threading.Event(), threading.Lock()
        self.tally = Tally()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(HANDS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No fault any more; what is held is let go, and `up` runs."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._steps.release()
        if not faults.supervisor(self._up):
            faults.bring_up(self._up)

    def _run(self) -> None:
        faults_ = (self._kill_at_a_step, self._kill_now, self._stall, self._outage)
        while not self._stop.wait(self._rng.expovariate(1 / self._pause_s)):
            try:
                self._rng.choices(faults_, weights=(45, 43, 9, 3))[0]()
                self._check_supervisor()
            except Exception as error:
                self.tally.problems.append(f"{type(error).__name__}: {str(error)[-3000:]}")

    def _check_supervisor(self) -> None:
        with self._starting:
            if not faults.supervisor(self._up):
                self.tally.problems.append(f"up ended by itself:\n{self._up.text()[-3000:]}")
                faults.bring_up(self._up)

    def _victim(self) -> str:
        return self._rng.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]

    def _kill_now(self) -> None:
        self._kill(self._victim(), RANDOM_MOMENT)

    def _kill(self, victim: str, moment: str) -> None:
        with self._starting if victim in faults.NEED_START else nullcontext():
            if faults.kill(self._up, victim):
                self.tally.kills[victim, moment] += 1

    def _kill_at_a_step(self) -> None:
        """Who stands at the step dies there, or somebody else while it stands."""
        step = self._rng.choice(STEPS)
        self._steps.want(step)
        holder = self._steps.wait(step, 1.5)
        if holder is None:
            self._steps.release()
            return self._kill_now()
        time.sleep(self._rng.uniform(0, 0.05))
        if self._rng.random() < 0.6:
            faults.send(holder, signal.SIGKILL)
            self.tally.kills[owner_of(step), step] += 1
        else:
            self._kill(self._victim(), step)
        return self._steps.release()

    def _stall(self) -> None:
        victim = self._rng.choice(STALLED)
        ends = self._rng.random() < 0.4
        seconds = self._rng.uniform(0.3, self._stall_s)
        ending = signal.SIGKILL if ends else signal.SIGCONT
        if faults.stall(self._up, victim, seconds=seconds, ending=ending):
            if ends:
                self.tally.kills[victim, STALL] += 1
            else:
                self.tally.stalls[victim] += 1

    def _outage(self) -> None:
        """A store that does not come up for a while: killed again as soon as it is there."""
        victim = self._rng.choice(["engine", "valkey", "engine"])
        self.tally.outages += 1
        ends_at = time.monotonic() + self._rng.uniform(3, 8)
        while time.monotonic() < ends_at and not self._stop.wait(0.3):
            self._kill(victim, OUTAGE)


def owner_of(step: str) -> str:
    """The victim that a process at this step is."""
    owners = {"door": "web's worker", "drain": "worker's child", "engine": "engine"}
    return owners[step.split(".")[0]]
