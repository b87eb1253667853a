"""Ends a worker process in which reading a group hangs.

A native library that runs out of memory in one thread may wait for ever for a lock, and then holds
its shard for as long as the lease is renewed. Reading needs nothing but the processor, so who
reads and uses none of it for a minute hangs; a busy machine only makes it slow. A process that
hangs with the interpreter's lock cannot look: its lease runs out, and Celery's time limit ends it.
"""

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from celery.exceptions import SoftTimeLimitExceeded

logger = logging.getLogger(__name__)

# Of looks in a row, not of seconds: a process that was frozen meanwhile does not hang.
MOST_IDLE_LOOKS = 24
_LEAST_CPU_S = 0.2

_readers = 0
_idle_looks = 0
_cpu_s = 0.0


class TooSlow(Exception):
    """A group was still being read when the time of the task was over."""


@contextmanager
def reading() -> Iterator[None]:
    """A group is read inside the block. Raises: TooSlow."""
    global _readers, _idle_looks
    _idle_looks = 0
    _readers += 1
    try:
        yield
    except SoftTimeLimitExceeded as error:
        raise TooSlow() from error
    finally:
        _readers -= 1


def look() -> None:
    """Kill this process if it hangs; called by another thread, every few seconds."""
    global _idle_looks, _cpu_s
    used_s = time.process_time()
    is_idle = _readers > 0 and used_s - _cpu_s < _LEAST_CPU_S
    _idle_looks = _idle_looks + 1 if is_idle else 0
    if not is_idle:
        _cpu_s = used_s
    if _idle_looks >= MOST_IDLE_LOOKS:
        logger.error("Reading hangs; this worker process ends itself")
        os.kill(os.getpid(), signal.SIGKILL)
