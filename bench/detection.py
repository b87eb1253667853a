"""What detecting a format costs beside naming it: `python -m bench.detection [NAME…]`.

For each format a body of its first sample, 10,000 times; CPU of the whole process, named and
detected in turns, the best of some rounds of each. Lists those over twice, slowest first.
"""

import sys
import time

import polars as pl

from bench.parsing import ARRIVAL, NOTHING
from parsing import Hint, log_formats, parse_lines

_LINES = 10_000
_ROUNDS = 5


def ratios(names: list[str], rounds: int = _ROUNDS) -> dict[str, tuple[float, float]]:
    """Name → µs a line named, and detected."""
    found = {}
    for name in names:
        samples = log_formats()[name].samples
        line = next(sample.line for sample in samples if sample.expect is not None)
        lines = pl.Series([line] * _LINES)
        arrived = pl.Series([ARRIVAL] * _LINES, dtype=pl.Datetime("ms", "UTC"))
        best = [float("inf"), float("inf")]
        for _ in range(rounds + 1):
            for way, hint in enumerate((Hint(formats=(name,)), Hint())):
                began = time.process_time()
                parse_lines(lines, received_at=arrived, hint=hint, treatment=NOTHING)
                best[way] = min(best[way], time.process_time() - began)
        found[name] = (best[0] / _LINES * 1e6, best[1] / _LINES * 1e6)
    return found


def main(names: list[str]) -> None:
    """Print the ratios."""
    asked = names or [name for name, each in log_formats().items() if not each.is_chosen_only]
    found = ratios(asked)
    ranked = sorted(found.items(), key=lambda item: item[1][1] / item[1][0], reverse=True)
    over = [item for item in ranked if item[1][1] > 2 * item[1][0]]
    for name, (fixed, detected) in ranked if names else ranked[:12]:
        print(f"{name:24} {fixed:6.2f} {detected:6.2f}  {detected / fixed:.2f}")
    print(f"{len(over)} of {len(found)} formats over twice")


if __name__ == "__main__":
    main(sys.argv[1:])
