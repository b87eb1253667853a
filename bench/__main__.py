"""`python -m bench`: all parts, a table, docs/bench.md."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench import parts, report
from bench.figures import Figure
from bench.stack import running_stack


def main() -> int:
    """0 when every target was met."""
    options = _options()
    wanted = options.parts or list(parts.PARTS)
    if {"search", "disk"} & set(wanted) and "bulk" not in wanted:
        wanted = ["bulk", *wanted]
    began = time.monotonic()
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="logplatform-bench-") as folder,
        running_stack(Path(folder)) as stack,
    ):
        run = parts.new_run(stack, is_quick=options.quick)
        for name in (name for name in parts.PARTS if name in wanted):
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            figures += parts.PARTS[name](run)
    print(report.machine())
    print(report.table(figures))
    print(f"\n{time.monotonic() - began:.0f} s in all", file=sys.stderr)
    if not options.quick and set(wanted) == set(parts.PARTS):
        report.write(figures, lines=run.lines)
    return 1 if any(figure.is_met is False for figure in figures) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*parts.PARTS, []], help="default: all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; writes nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
