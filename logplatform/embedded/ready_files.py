"""Says that a Celery process is ready, by a file: asking it through the broker costs a second.

Imported by `logplatform.celery`; writes only below DATA_DIR.
"""

import os
from pathlib import Path
from typing import Any

from celery.signals import beat_init, worker_ready

from logplatform.env import load_env


def ready_file(data_dir: Path, name: str) -> Path:
    """The file of the `worker` or of `beat`; it holds the process id."""
    return data_dir / "run" / f"{name}.ready"


def _write(name: str) -> None:
    folder = load_env().data_dir
    if folder.is_dir():  # a container without embedded services has none
        path = ready_file(folder, name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(os.getpid()))


@worker_ready.connect
def _worker_is_ready(**_: Any) -> None:
    _write("worker")


@beat_init.connect
def _beat_is_ready(**_: Any) -> None:
    _write("beat")
