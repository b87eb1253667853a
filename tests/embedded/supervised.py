"""Run by tests as a process: a Supervisor over the children named in a JSON file.

`python -m tests.embedded.supervised FILE`; each stage is a list of {name, code, rank, …}.
"""

import json
import sys
from pathlib import Path

from logplatform.embedded.supervisor.child import Spec
from logplatform.embedded.supervisor.loop import StartError, Supervisor
from logplatform.embedded.supervisor.printer import Printer
from logplatform.embedded.supervisor.processes import RUN_VARIABLE


def main() -> int:
    """0 after a stop, 1 when a child did not start."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    stages = [[_spec(plan["token"], **child) for child in stage] for stage in plan["stages"]]
    printer = Printer(sys.stdout)
    try:
        Supervisor(stages, printer).run(on_ready=lambda: printer.text("ALL READY"))
    except StartError as error:
        printer.text(f"FAILED {error}")
        return 1
    return 0


def _spec(token: str, *, name: str, code: str, ready_file: str = "", **options: object) -> Spec:
    return Spec(
        name=name,
        command=(sys.executable, "-c", code),
        environment={RUN_VARIABLE: token, "PYTHONUNBUFFERED": "1"},
        is_ready=Path(ready_file).exists if ready_file else lambda: True,
        **{"rank": 0, **options},  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    raise SystemExit(main())
