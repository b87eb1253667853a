"""Times as people write them in queries and parameters: ISO-8601 or relative to now."""

import re
from datetime import UTC, datetime, timedelta

from logplatform.kernel import clock

NS = 1_000_000_000
MIN_NS, MAX_NS = -(2**63), 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<minute>\d\d:\d\d)(?P<second>:\d\d)?(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?",
    re.ASCII | re.IGNORECASE,
)
_LOST_PLUS = re.compile(r"(.*T.*\S|now) (\d\d:?\d\d|\d+[smhdw])", re.ASCII | re.IGNORECASE)
_RELATIVE = re.compile(r"now(?:(?P<sign>[+-])(?P<count>\d{1,9})(?P<unit>[smhdw]))?", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def instant_ns(text: str) -> tuple[int, int] | None:
    """Read a time.

    Args:
        text: `2026-11-22`, `2026-11-22T10:00:00.5Z` (UTC without a zone), `now`, `now-15m`.
    Returns:
        (start, width) in ns since 1970 UTC: the span the text covers, a day for a date, a second
        for whole seconds, 1 ns for an exact time. None, when it is no time or out of range.
    """
    relative = _RELATIVE.fullmatch(text)
    if relative:
        return _relative(relative)
    match = _ISO.fullmatch(text)
    return _absolute(match) if match else None


def _relative(match: re.Match[str]) -> tuple[int, int] | None:
    seconds = int(match["count"] or 0) * _UNITS.get(match["unit"] or "s", 1)
    start = epoch_ns(clock.now()) + (-seconds if match["sign"] == "-" else seconds) * NS
    return (start, 1) if MIN_NS <= start <= MAX_NS else None


def _absolute(match: re.Match[str]) -> tuple[int, int] | None:
    seconds = match["second"] or ":00"
    try:
        moment = datetime.fromisoformat(
            f"{match['day']}T{match['minute'] or '00:00'}{seconds}{(match['zone'] or 'Z').upper()}"
        )
        start = epoch_ns(moment)
    except (ValueError, OverflowError):
        return None
    fraction = match["fraction"] or ""
    start += int(fraction.ljust(9, "0")) if fraction else 0
    return (start, _width(match, fraction)) if MIN_NS <= start <= MAX_NS else None


def _width(match: re.Match[str], fraction: str) -> int:
    if fraction:
        return int(10 ** (9 - len(fraction)))
    if match["second"]:
        return NS
    return (60 if match["minute"] else 86_400) * NS


def epoch_ns(moment: datetime) -> int:
    """Exact ns since 1970 of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


def read_moment(text: str) -> datetime | None:
    """A time as parameters give it (`now-15m`, ISO-8601): its start, to the microsecond."""
    # In an address, + is a space unless it is written as %2B.
    lost = _LOST_PLUS.fullmatch(text.strip())
    span = instant_ns(f"{lost[1]}+{lost[2]}" if lost else text.strip())
    return None if span is None else moment_of(span[0])


def moment_of(ns: int) -> datetime:
    """The datetime of ns since 1970, to the microsecond."""
    return _EPOCH + timedelta(microseconds=ns // 1_000)
