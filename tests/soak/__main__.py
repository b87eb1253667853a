"""`make soak`: `python -m tests.soak --minutes 20`, or `--steady` for load without faults."""

import argparse
import secrets
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.soak import report, steady, storm


def main() -> int:
    """0 when every promise was kept."""
    options = _options()
    began = time.monotonic()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="logplatform-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    part = steady if options.steady else storm
    outcome = part.run(folder, minutes=options.minutes, seed=options.seed)
    text = outcome.text(minutes=(time.monotonic() - began) / 60, seed=options.seed)
    sys.stdout.write(f"{text}\n")
    if not options.no_write:
        report.write(outcome.heading, text)
    if outcome.is_good:
        _remove(folder)
    else:
        sys.stdout.write(f"Everything is kept in {folder} for who looks into it.\n")
    return 0 if outcome.is_good else 1


def _remove(folder: Path) -> None:
    import shutil

    with suppress(OSError):
        shutil.rmtree(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="of load, without start and end")
    parser.add_argument("--steady", action="store_true", help="full load, queries, tails; no kill")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 30))
    parser.add_argument("--folder", help="data folder; default: a temporary one")
    parser.add_argument("--no-write", action="store_true", help="leave docs/soak.md alone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
