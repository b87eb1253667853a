"""A process that works on a replay and dies by SIGKILL where it is told to.

`python -m tests.ingestion.quarantine.victim prepare|run|show [POINT]`; `DATABASE_URL` and the
addresses of the servers come with the environment.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logplatform.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from ingestion.models import Replay  # noqa: E402
from ingestion.quarantine import replays, runner  # noqa: E402
from storage import facade as storage  # noqa: E402
from storage.clickhouse import client  # noqa: E402

LINES, BATCH = 4_000, 250
POINTS = {
    "before anything": (runner, "query_of", "before"),
    "batch chosen, intent not saved": (storage, "next_batch", "after"),
    "intent saved": (storage, "fetch_batch", "before"),
    "read, not inserted": (storage, "write_logs_once", "before"),
    "in the middle of the insert": (client, "insert", "amid"),
    "inserted": (storage, "write_logs_once", "after"),
    "receipts written, not noted": (storage, "write_receipts_once", "after"),
    "noted, still in quarantine": (storage, "delete_batch", "before"),
    "in the middle of the removal": (client, "run", "amid"),
    "removed, place not saved": (storage, "delete_batch", "after"),
}


def die() -> None:
    """End like a process whose machine lost power."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(owner: Any, name: str, when: str) -> None:
    """Have the process die around the second call of a function."""
    real: Callable[..., Any] = getattr(owner, name)
    calls = iter(range(1_000))

    def deadly(*args: Any, **kwargs: Any) -> Any:
        is_time = next(calls) == 1
        if is_time and when == "before":
            die()
        if is_time and when == "amid":
            threading.Timer(0.004, die).start()
        result = real(*args, **kwargs)
        if is_time:
            die()
        return result

    setattr(owner, name, deadly)


def prepare() -> None:
    """A control plane with a replay of LINES lines, every tenth of which is refused again."""
    from tests.factories import make_app, make_source
    from tests.storage.rejects import reject

    call_command("migrate", verbosity=0)
    app = make_app("shop")
    make_source(app, "web", format="json")
    raws = [b"not json" if n % 10 == 0 else b'{"message":"m%d"}' % n for n in range(LINES)]
    for start in range(0, LINES, 100):
        reject(*({"raw": raw} for raw in raws[start : start + 100]))
    replays._ring = lambda replay: None
    replays.start_replay(replays.Choice(app=app, source="web"), user=None)


def work(point: str) -> None:
    """One run, as after the lease of a dead one is over."""
    Replay.objects.update(held_until=None)
    runner.BATCH_LINES = BATCH
    if point:
        arm(*POINTS[point])
    runner.run_replay(Replay.objects.get().pk)


def show() -> None:
    """What the control plane knows."""
    replay = Replay.objects.get()
    names = ("state", "total", "stored", "refused", "gone", "batch", "reasons")
    sys.stdout.write(json.dumps({name: getattr(replay, name) for name in names}))


if __name__ == "__main__":
    command, point = sys.argv[1], " ".join(sys.argv[2:])
    {"prepare": prepare, "run": lambda: work(point), "show": show}[command]()
