"""When events happen: a steady rate with bursts, or a given number at once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingestion.generator.events import incident_at
from logplatform.kernel import clock

TICK_S = 0.1
_BLOCK = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to make.

    Attributes:
        rate: lines a second, 0 for as fast as possible.
        burst: factor on the rate while a service is in trouble (six seconds of each minute).
        count: lines in all; None for ever.
        over_s: spread the times of `count` lines over this many seconds before now.
    """

    rate: float = 0
    burst: float = 1
    count: int | None = None
    over_s: float = 0


def event_times(plan: Plan, *, wait: Callable[[float], bool]) -> Iterator[list[float]]:
    """Blocks of event times in epoch seconds, in order, each yielded when it is due.

    Args:
        wait: sleeps for the seconds given; true ends the iteration.
    """
    if plan.rate:
        yield from _paced(plan, wait)
    else:
        yield from _at_once(plan, wait)


def _at_once(plan: Plan, wait: Callable[[float], bool]) -> Iterator[list[float]]:
    made = 0
    first = clock.now().timestamp() - plan.over_s
    step = plan.over_s / plan.count if plan.count else 0
    while plan.count is None or made < plan.count:
        size = _BLOCK if plan.count is None else min(_BLOCK, plan.count - made)
        if plan.over_s:
            yield [first + (made + index) * step for index in range(size)]
        else:
            yield [clock.now().timestamp()] * size
        made += size
        if wait(0):
            return


def _paced(plan: Plan, wait: Callable[[float], bool]) -> Iterator[list[float]]:
    made, owed = 0, 1.0
    before, elapsed = time.monotonic(), TICK_S
    while plan.count is None or made < plan.count:
        now = clock.now().timestamp()
        size = int(owed) if plan.count is None else min(int(owed), plan.count - made)
        if size:
            yield [now - elapsed * (1 - (index + 1) / size) for index in range(size)]
            made, owed = made + size, owed - size
        if wait(TICK_S):
            return
        elapsed, before = time.monotonic() - before, time.monotonic()
        owed += elapsed * plan.rate * (plan.burst if incident_at(now) else 1)
