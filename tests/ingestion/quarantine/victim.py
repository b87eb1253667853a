"""Works on a replay in processes that die by SIGKILL, one at each step of a batch.

`python -m tests.ingestion.quarantine.victim` prints what became of them as JSON; `DATABASE_URL` and
the addresses of the servers come with the environment. Processes are forked, so that Django is set
up once; polars is loaded in the forks only.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

LINES, BATCH = 4_000, 250
_RUNNER, _STORE, _CLIENT = (
    "ingestion.quarantine.runner",
    "storage.facade",
    "storage.clickhouse.client",
)
POINTS = {
    "before anything": (_RUNNER, "query_of", "before"),
    "batch chosen, intent not saved": (_STORE, "next_batch", "after"),
    "intent saved": (_STORE, "fetch_batch", "before"),
    "read, not inserted": (_STORE, "write_logs_once", "before"),
    "in the middle of the insert": (_CLIENT, "insert", "amid"),
    "inserted": (_STORE, "write_logs_once", "after"),
    "receipts written, not noted": (_STORE, "write_receipts_once", "after"),
    "noted, still in quarantine": (_STORE, "delete_batch", "before"),
    "in the middle of the removal": (_CLIENT, "run", "amid"),
    "removed, place not saved": (_STORE, "delete_batch", "after"),
}


def die() -> None:
    """End like a process whose machine lost power."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(module: str, name: str, when: str) -> None:
    """Have the process die around the second call of a function."""
    owner = import_module(module)
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
    from django.core.management import call_command

    from ingestion.quarantine import replays
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
    from ingestion.models import Replay
    from ingestion.quarantine import runner

    Replay.objects.update(held_until=None)
    runner.BATCH_LINES = BATCH
    if point:
        arm(*POINTS[point])
    runner.run_replay(Replay.objects.get().pk)


def outcome_of(job: Callable[[], None]) -> int:
    """Run a job in a process of its own: 0, or minus the signal that ended it."""
    child = os.fork()
    if not child:
        status = 1
        try:
            job()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Prepare, die at every point, finish, tell."""
    import django

    django.setup()
    from ingestion.models import Replay

    outcomes = {"prepared": outcome_of(prepare)}
    outcomes |= {point: outcome_of(lambda point=point: work(point)) for point in POINTS}
    outcomes["finished"] = outcome_of(lambda: work(""))
    replay = Replay.objects.get()
    names = ("state", "total", "stored", "refused", "gone")
    numbers = {name: getattr(replay, name) for name in names}
    sys.stdout.write(json.dumps({"outcomes": outcomes, "replay": numbers}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logplatform.settings")
    main()
