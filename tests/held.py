"""The test's end of `logplatform.kernel.failpoints`: hold a process at a step, then let it go."""

import re
import time
from contextlib import suppress
from pathlib import Path

DOOR = ("door.before_enqueue", "door.after_enqueue", "door.answered")
DRAIN = ("drain.claimed", "drain.logs_written", "drain.before_acknowledge", "drain.acknowledged")
ENGINE = ("engine.mid_insert", "engine.inserted")
STEPS = (*DOOR, *DRAIN, *ENGINE)


class Steps:
    """The folder of an installation that was started with FAILPOINTS_DIR."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def want(self, step: str) -> None:
        """Hold the next process that reaches the step."""
        (self.folder / f"{step}.wanted").touch()

    def held(self, step: str) -> int | None:
        """The process that stands at the step."""
        for path in self.folder.glob(f"{step}.held.*"):
            if match := re.search(r"\.held\.(\d+)$", path.name):
                return int(match[1])
        return None

    def wait(self, step: str, timeout_s: float) -> int | None:
        """The process that stands at the step, None when nobody came in time."""
        deadline = time.monotonic() + timeout_s
        while (pid := self.held(step)) is None and time.monotonic() < deadline:
            time.sleep(0.005)
        return pid

    def release(self) -> None:
        """Ask for nothing any more and let everybody go."""
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                path.unlink()
