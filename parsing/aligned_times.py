"""ISO-8601 times that are written alike, read digit by digit at once.

Most columns of times are: one program wrote them. `str.to_datetime` takes four times as long.
"""

import re
from typing import TypeAlias

import numpy as np
import polars as pl

from parsing.contracts import TIMESTAMP
from parsing.frames import fixed_width

_LAYOUT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.(?P<fraction>\d{1,9}))? ?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<hours>[01]\d|2[0-3]):?(?P<minutes>[0-5]\d))?"
)
_DATE = slice(0, 10)
_ZERO, _NINE = np.uint8(48), np.uint8(9)
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
_DAY_S, _NS = 86_400, 1_000_000_000

_Digits: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
_Numbers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]


def read_aligned_times(text: pl.Series, zone: str) -> pl.Series | None:
    """Read times that differ in their digits only, and name their zone alike.

    Args:
        text: n values (String).
        zone: IANA zone of values that carry none.
    Returns:
        n values Datetime[ns, UTC]; None where one has another form, or does not exist.
    """
    characters = fixed_width(text)
    layout = None if characters is None else _LAYOUT.fullmatch(text[0])
    if characters is None or layout is None or not (layout["zone"] or zone == "UTC"):
        return None
    # A row for each place of the text, as numpy looks along rows.
    places = np.ascontiguousarray(characters.T)
    digits = places - _ZERO
    for place, (written, numbers) in enumerate(zip(places, digits, strict=True)):
        is_digit = numbers[0] <= _NINE and not layout.start("zone") <= place < layout.end("zone")
        if numbers.max() > _NINE if is_digit else (written != written[0]).any():
            return None
    seconds = _seconds(digits)
    if seconds is None:
        return None
    fraction = layout["fraction"] or ""
    nanoseconds = _number(digits, layout.start("fraction"), len(fraction)) if fraction else 0
    offset_s = _offset_s(layout)
    times = (seconds - offset_s) * _NS + nanoseconds * 10 ** (9 - len(fraction))
    return pl.Series(text.name, times).cast(TIMESTAMP)


def _offset_s(layout: re.Match[str]) -> int:
    if not layout["sign"]:
        return 0
    offset_s = int(layout["hours"]) * 3600 + int(layout["minutes"]) * 60
    return -offset_s if layout["sign"] == "-" else offset_s


def _seconds(digits: _Digits) -> _Numbers | None:
    """Seconds since 1970 of the written date and time of day; None where one does not exist."""
    is_one_day = bool((digits[_DATE] == digits[_DATE, :1]).all())
    days = _days(digits[:, :1] if is_one_day else digits)
    hour, minute, second = (_number(digits, start, 2) for start in (11, 14, 17))
    if days is None or hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        return None
    return days * _DAY_S + hour * 3600 + minute * 60 + second


def _days(digits: _Digits) -> _Numbers | None:
    year, month, day = (_number(digits, *place) for place in ((0, 4), (5, 2), (8, 2)))
    is_known = (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12)
    if not is_known.all() or day.min() < 1:
        return None
    months = (year - 1970) * 12 + month - 1
    first, following = (
        number.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        for number in (months, months + 1)
    )
    return None if (first + day > following).any() else first + day - 1


def _number(digits: _Digits, start: int, length: int) -> _Numbers:
    """The number that stands in some rows of digits."""
    number: _Numbers = digits[start].astype(np.int64)
    for row in digits[start + 1 : start + length]:
        number = number * 10 + row
    return number
