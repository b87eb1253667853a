"""How many live tails may be open in this web process, in all and by one viewer."""

from collections import Counter

from dashboard.live.errors import TooManyTails

PER_VIEWER = 5
PER_PROCESS = 200

_open: Counter[str] = Counter()


def take_slot(viewer: str) -> None:
    """Count one more tail of `viewer`.

    Raises:
        TooManyTails: the viewer, or this process, has as many as allowed.
    """
    if _open[viewer] >= PER_VIEWER or _open.total() >= PER_PROCESS:
        raise TooManyTails(per_viewer=PER_VIEWER)
    _open[viewer] += 1


def free_slot(viewer: str) -> None:
    """Give back what `take_slot` counted."""
    _open[viewer] -= 1
    if _open[viewer] <= 0:
        del _open[viewer]


def open_tails() -> int:
    """How many live tails this process serves now."""
    return _open.total()
