"""Stretches of buckets that share something."""

import numpy as np
from numpy.typing import NDArray


def runs_of(flags: NDArray[np.bool_], *, gap: int = 0) -> list[tuple[int, int]]:
    """Where flags are set.

    Args:
        flags: one a bucket.
        gap: so many buckets without the flag do not end a run.
    Returns:
        (first, last) of each run, `last` excluded.
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    runs: list[tuple[int, int]] = []
    for first, last in edges.reshape(-1, 2).tolist():
        if runs and first - runs[-1][1] <= gap:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs
