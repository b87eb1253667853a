"""Times of every layout that logs have, besides ISO-8601 and epochs, as ISO-8601 texts.

Which layout a value has is told by the value. Dates of three numbers and slashes have the month
first, as Windows writes them, unless only the day can be first; with dots the day is first.
"""

from collections.abc import Iterable

import polars as pl

from parsing.contracts import TIMESTAMP
from parsing.frames import constant, put
from parsing.layouts import ZONES, read_layout

_TIME = r"(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)"
_HALF = r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE_NAME = r"[A-Z][A-Za-z]{0,4}"
_ZONE = rf"(?: ?(?P<zone>{_ZONE_NAME}|(?:UTC|GMT)?[+-][0-9]{{2}}:?[0-9]{{2}}))?(?: \([A-Za-z ]+\))?"
_MONTH = r"(?P<name>[A-Z][a-z]{2})[a-z]{0,6}\.?"
_DAY_NAME = r"(?:[A-Z][a-z]{2,8},? +)?"
_DAY = r"(?P<day>[0-9]{1,2})"
_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_SHAPES = (
    # 11/Feb/2026:06:43:36 +0000; Wed, 11 Feb 2026 06:43:36 GMT; 11-Feb-2026 06:43:36
    rf"^{_DAY_NAME}{_DAY}[ /-]{_MONTH}[ /-]{_YEAR}[ :,T]+{_TIME}{_HALF}{_ZONE}$",
    # Feb 11, 2026 6:43:36 AM
    rf"^{_DAY_NAME}{_MONTH} +{_DAY},? +{_YEAR},?(?: at)? +{_TIME}{_HALF}{_ZONE}$",
    # Wed Feb 11 06:43:36 UTC 2026
    rf"^{_DAY_NAME}{_MONTH} +{_DAY} +{_TIME}{_ZONE} +{_YEAR}$",
    # 2026/02/11 06:43:36; 2026.02.11; 2026-02-11 06:43:36 CET
    rf"^{_YEAR}[/.-](?P<month>[0-9]{{1,2}})[/.-]{_DAY}(?:[ T,:-]+{_TIME}{_HALF}{_ZONE})?$",
    # 20260211T064336Z
    rf"^{_YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})(?:[T _-]?(?P<digits>[0-9]{{6}})"
    rf"(?P<rest>[.,][0-9]+)?|[T _-]{_TIME}){_ZONE}$",
    # 02/11/2026 06:43:36 AM
    rf"^(?P<first>[0-9]{{1,2}})/(?P<second>[0-9]{{1,2}})/{_YEAR}[ ,T]+{_TIME}{_HALF}{_ZONE}$",
    # 11.02.2026 06:43:36
    rf"^{_DAY}\.(?P<month>[0-9]{{1,2}})\.{_YEAR}[ ,T]+{_TIME}{_HALF}{_ZONE}$",
)
_NO_YEAR = r"^[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?$"
_NO_YEAR_LAYOUT = "%b %e %H:%M:%S%.f"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NUMBERS = [f"{number:02}" for number in range(1, 13)]


def as_iso(text: pl.Series) -> pl.Series:
    """The times of n values (String) as ISO-8601; null where they are of none of these layouts."""
    found, left = constant(None, len(text), pl.String), text.is_not_null().arg_true()
    for shape in _SHAPES:
        if not len(left):
            break
        own = text.gather(left)
        fits = own.str.contains(shape)
        if fits.any():
            rows = left.filter(fits)
            found = put(found, rows, _told(own.filter(fits), shape))
            left = left.filter(~fits)
    return found


def read_without_year(text: pl.Series, *, zone: str, arrival: pl.Series | None) -> pl.Series:
    """Times such as `Feb 11 06:43:36`, null for others; see `read_layout`."""
    if not text.str.contains(_NO_YEAR).any():
        return constant(None, len(text), TIMESTAMP)
    return read_layout(text, _NO_YEAR_LAYOUT, zone=zone, arrival=arrival)


def _told(text: pl.Series, shape: str) -> pl.Series:
    parts = text.str.extract_groups(shape).struct.unnest()
    date = pl.concat_str("year", _month(parts.columns), _day(parts.columns), separator="-")
    return parts.select(date + "T" + _clock(parts.columns) + _offset()).to_series()


def _month(names: Iterable[str]) -> pl.Expr:
    if "name" in names:
        return pl.col("name").replace_strict(_MONTHS, _NUMBERS, default=None)
    if "first" in names:
        return pl.when(_is_day_first()).then("second").otherwise("first").str.zfill(2)
    return pl.col("month").str.zfill(2)


def _day(names: Iterable[str]) -> pl.Expr:
    if "first" in names:
        return pl.when(_is_day_first()).then("first").otherwise("second").str.zfill(2)
    return pl.col("day").str.zfill(2)


def _is_day_first() -> pl.Expr:
    return pl.col("first").cast(pl.UInt8) > 12


def _clock(names: Iterable[str]) -> pl.Expr:
    """The time of day in 24 hours; midnight where there is none."""
    time = pl.col("time")
    if "half" in names:
        hour = time.str.extract(r"^([0-9]+)").cast(pl.UInt8) % 12
        half = pl.col("half").str.to_lowercase()
        told = (hour + pl.when(half == "p").then(12).otherwise(0)).cast(pl.String).str.zfill(2)
        time = pl.when(half.is_not_null()).then(told + time.str.extract("(:.*)")).otherwise(time)
    if "digits" in names:
        digits = pl.col("digits").str.replace("^(..)(..)", "$1:$2:")
        time = pl.coalesce(digits + pl.col("rest").fill_null(""), time)
    return time.fill_null("00:00:00").str.replace("^([0-9]):", "0$1:")


def _offset() -> pl.Expr:
    """The zone as minutes east, or nothing where there is none or its name says nothing."""
    bare = pl.col("zone").str.replace("^(?:UTC|GMT)([+-])", "$1")
    named = bare.str.to_uppercase().replace_strict(
        list(ZONES), [_written(minutes) for minutes in ZONES.values()], default=None
    )
    return pl.coalesce(named, pl.when(bare.str.contains("^[+-]")).then(bare)).fill_null("")


def _written(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
