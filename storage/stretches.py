"""A range of time in stretches that grow: a page is looked for where its lines most likely are.

The engine opens every part that may hold a line of the range, and looks into several at a time. A
page of the newest lines is nearly always full after the last hour; one of rarer lines after as much
as the first stretches let expect.
"""

import math

from logplatform.kernel import clock
from storage.contracts import Order
from storage.query.instants import MAX_NS, MIN_NS, NS, epoch_ns

# ns since 1970, [from, to); `MIN_NS` and `MAX_NS` where an end is open.
Span = tuple[int, int]

FIRST_WIDTH = 3_600 * NS
_GROWS_BY = (2, 24)
_MARGIN = 1.5


def cut(span: Span, order: Order, width: int) -> tuple[Span, Span | None]:
    """The stretch of a span that a page begins with, and what is left of the span, if anything.

    The newest stretch counts from now on back, and has all that claims to come from the future. A
    span that begins at an end nobody knows is one stretch.
    """
    low, high = max(span[0], MIN_NS), min(span[1], MAX_NS)
    if order == "asc":
        edge = low + width
        is_all = low == MIN_NS or high - edge < width // 2
        return ((low, high), None) if is_all else ((low, edge), (edge, high))
    edge = _newest(high) - width
    is_all = edge - low < width // 2
    return ((low, high), None) if is_all else ((edge, high), (low, edge))


def next_width(width: int, *, found: int, missing: int) -> int:
    """How wide the stretch after one is, in which `found` lines were and `missing` were not."""
    least, most = _GROWS_BY
    wanted = math.ceil(_MARGIN * missing / found) if found else most
    return width * min(max(wanted, least), most)


def reach(span: Span, order: Order, last: int) -> int:
    """How wide a stretch has to be for a page that ended with a line of the time `last`."""
    from_end = last - span[0] if order == "asc" else _newest(span[1]) - last
    return max(FIRST_WIDTH, math.ceil(_MARGIN * from_end))


def _newest(high: int) -> int:
    """What the newest stretch counts back from."""
    return min(high, epoch_ns(clock.now()))
