"""A range of time in stretches that grow: a page is looked for where its lines most likely are.

The engine opens every part that may hold a line of the range, and looks into several at a time. A
page of the newest lines is nearly always full after the last hour, or day.
"""

from collections.abc import Iterator

from logplatform.kernel import clock
from storage.contracts import Order
from storage.query.instants import MAX_NS, MIN_NS, NS, epoch_ns

_HOUR, _DAY = 3_600 * NS, 86_400 * NS
_WIDTHS = (_HOUR, _DAY, 7 * _DAY)

Span = tuple[int, int]


def stretches(low: int, high: int, order: Order) -> Iterator[Span]:
    """Cut a range, the end that a page begins with first.

    Args:
        low, high: ns since 1970, [low, high); `MIN_NS` and `MAX_NS`, or beyond them, where an end
            is open.
    Returns:
        (from, to) without gaps: an hour, a day, a week, and the rest. The newest hour is the last
        one by the clock, with all that claims to come from the future.
    """
    low, high = max(low, MIN_NS), min(high, MAX_NS)
    if order == "asc" and low == MIN_NS:  # nobody knows when it began
        yield low, high
        return
    edge = low if order == "asc" else min(high, epoch_ns(clock.now()))
    for width in _WIDTHS:
        cut = edge + width if order == "asc" else edge - width
        left = high - cut if order == "asc" else cut - low
        if left < width // 2:  # a look of its own would cost more
            break
        yield (low, cut) if order == "asc" else (cut, high)
        low, high = (cut, high) if order == "asc" else (low, cut)
        edge = cut
    yield low, high
