"""Times as senders write them → Datetime[ns, UTC], a column at a time."""

import re
from collections.abc import Callable

import polars as pl

from parsing.aligned_times import read_aligned_times
from parsing.contracts import TIMESTAMP
from parsing.frames import constant, put
from parsing.layouts import LAST_S, placed, read_layout
from parsing.usual_times import as_iso, read_without_year

_MAX_SHAPES = 4
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?P<sep>[T ])\d\d:\d\d:\d\d"
    r"(?P<fraction>[.,]\d{1,9})?(?P<gap> ?)(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_ANY_ISO = (
    r"^\s*((?:19|20)\d{2}-\d{1,2}-\d{1,2})[Tt _]+(\d{1,2}:\d{2})(:\d{2})?"
    r"(?:[.,:](\d{1,9})\d*)?\s*([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?\s*$"
)
_NS_PER_UNIT = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1}


def read_times(
    text: pl.Series,
    *,
    layouts: tuple[str, ...] = (),
    zone: str,
    arrival: pl.Series | None = None,
) -> pl.Series:
    """Read times of the given layouts; without any, those of every layout that logs have.

    Args:
        text: n values (String); nulls stay null. ISO-8601 with `T` or a space, 0-9 digits of a
            second after `.` or `,`, and any zone or none; or an epoch in s, ms, µs or ns, told
            apart by magnitude (below 1e11, 1e14, 1e17).
        layouts: layouts to read instead, each asked for what those before left (`iso`: ISO-8601
            and epochs; else see `parsing.layouts`). Without them `parsing.usual_times` is asked
            for what is none of both.
        zone: IANA zone of values that carry none.
        arrival: n times Datetime[ns, UTC], for layouts without a year; None: 1970.
    Returns:
        n values Datetime[ns, UTC]; null where unreadable or before 1900 or after 2261.
    """
    if not layouts:
        return _read_any(text, zone, arrival)
    found, rest = constant(None, len(text), TIMESTAMP), text
    for layout in layouts:
        if rest.null_count() == len(rest):
            break
        if layout == "iso":
            found = _first_of(found, _read_usual(rest, zone))
        else:
            found = _first_of(found, read_layout(rest, layout, zone=zone, arrival=arrival))
        rest = _where_null(found, rest)
    return found


def _read_any(text: pl.Series, zone: str, arrival: pl.Series | None) -> pl.Series:
    found = _read_usual(text, zone)
    left = (found.is_null() & text.is_not_null()).arg_true()
    if not len(left):
        return found
    rest = text.gather(left).str.strip_chars()
    own = None if arrival is None else arrival.gather(left)
    told = _read_usual(as_iso(rest), zone)
    told = _first_of(told, read_without_year(rest, zone=zone, arrival=own))
    return put(found, left, told)


def _read_usual(text: pl.Series, zone: str) -> pl.Series:
    """ISO-8601 of any spelling and epochs."""
    found, rest = constant(None, len(text), TIMESTAMP), text
    for _ in range(_MAX_SHAPES):
        if rest.null_count() == len(rest):
            return found
        read = _reader_of(rest.drop_nulls()[0])
        if read is None:
            break
        found = _first_of(found, read(rest, zone))
        rest = _where_null(found, rest)
    if rest.null_count() == len(rest):
        return found
    return _first_of(_first_of(found, _read_any_iso(rest, zone)), _read_epochs(rest))


def _first_of(first: pl.Series, second: pl.Series) -> pl.Series:
    if first.null_count() == len(first):
        return second.alias(first.name)
    return pl.select(pl.coalesce(first, second)).to_series()


def _where_null(found: pl.Series, text: pl.Series) -> pl.Series:
    if found.null_count() == 0:
        return constant(None, len(text), pl.String)
    return pl.select(pl.when(found.is_null()).then(text)).to_series()


def _reader_of(sample: str) -> Callable[[pl.Series, str], pl.Series] | None:
    """The quickest reader for values that look like `sample`; None when none is known."""
    if _NUMBER.fullmatch(sample):
        return lambda text, _zone: _read_epochs(text)
    match = _ISO.fullmatch(sample)
    layout = match and _layout_of(match)
    if not layout:
        return None
    return lambda text, zone: _read_year_first(text, layout, zone)


def _layout_of(match: re.Match[str]) -> str | None:
    fraction, zone = match["fraction"] or "", match["zone"] or ""
    if len(fraction) in (4, 7, 10):
        digits = f"{fraction[0]}%{len(fraction) - 1}f"
    elif fraction.startswith(","):
        return None
    else:
        digits = "%.f" if fraction else ""
    suffix = "Z" if zone == "Z" else "%z" if zone else ""
    return f"%Y-%m-%d{match['sep']}%H:%M:%S{digits}{match['gap']}{suffix}"


def _read_year_first(text: pl.Series, layout: str, zone: str) -> pl.Series:
    aligned = read_aligned_times(text, zone)
    return _read_by_layout(text, layout, zone) if aligned is None else aligned


def _read_by_layout(text: pl.Series, layout: str, zone: str) -> pl.Series:
    stamp = pl.col("text")
    # Beyond 2262 a conversion to ns wraps around silently.
    known = stamp.str.starts_with("20") | stamp.str.starts_with("19")
    times = pl.when(known).then(
        stamp.str.to_datetime(layout, time_unit="ns", strict=False, cache=False)
    )
    own_zone = {"z": None, "Z": "UTC"}.get(layout[-1], zone)
    return text.alias("text").to_frame().select(placed(times, own_zone)).to_series()


def _read_any_iso(text: pl.Series, zone: str) -> pl.Series:
    """ISO-8601 of every spelling, value by value its own zone."""
    parts = pl.DataFrame({"text": text}).select(
        pl.col("text").str.extract(_ANY_ISO, group).alias(name)
        for group, name in enumerate(("date", "minute", "second", "fraction", "zone"), start=1)
    )
    stamp = pl.col("date") + "T" + pl.col("minute") + pl.col("second").fill_null(":00")
    naive = stamp.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="ns", strict=False)
    fraction = pl.col("fraction").str.pad_end(9, "0").cast(pl.Int64).fill_null(0)
    digits = pl.col("zone").str.replace_all("[^0-9]", "").str.pad_end(4, "0")
    minutes = digits.str.slice(0, 2).cast(pl.Int64) * 60 + digits.str.slice(2, 2).cast(pl.Int64)
    sign = pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
    offset = pl.duration(minutes=sign * minutes, time_unit="ns")
    parts = parts.select(
        "zone",
        naive=naive + pl.duration(nanoseconds=fraction, time_unit="ns"),
        offset=pl.when(minutes < 24 * 60).then(offset),
    )
    own = pl.col("naive").dt.replace_time_zone("UTC") - pl.col("offset")
    local = placed(pl.col("naive"), zone)
    return parts.select(pl.when(pl.col("zone").is_null()).then(local).otherwise(own)).to_series()


def _read_epochs(text: pl.Series) -> pl.Series:
    """Unix epochs by magnitude, whole or with a fraction."""
    numbers = pl.DataFrame({"text": text}).with_columns(
        whole=pl.col("text")
        .str.extract(r"^\s*([+-]?\d{1,19})(?:\.\d*)?\s*$")
        .cast(pl.Int64, strict=False),
        part=pl.col("text")
        .str.extract(r"^\s*[+-]?\d{1,19}(\.\d{1,18})\d*\s*$")
        .cast(pl.Float64, strict=False),
        loose=pl.col("text")
        .str.extract(r"^\s*([+-]?\d+(?:\.\d*)?[eE][+-]?\d{1,3})\s*$")
        .cast(pl.Float64, strict=False),
    )
    size = pl.coalesce(pl.col("whole").abs().cast(pl.Float64), pl.col("loose").abs())
    unit = (
        pl.when(size < 1e11)
        .then(_NS_PER_UNIT["s"])
        .when(size < 1e14)
        .then(_NS_PER_UNIT["ms"])
        .when(size < 1e17)
        .then(_NS_PER_UNIT["us"])
        .otherwise(_NS_PER_UNIT["ns"])
    )
    numbers = numbers.with_columns(unit=unit.cast(pl.Int64))
    sign = pl.when(pl.col("text").str.contains(r"^\s*-")).then(-1).otherwise(1)
    part = (pl.col("part") * pl.col("unit")).round().cast(pl.Int64).fill_null(0)
    exact = pl.col("whole") * pl.col("unit") + sign * part
    loose = pl.col("loose") * pl.col("unit")
    in_range = size * pl.col("unit") < LAST_S * 1e9
    return numbers.select(
        pl.when(in_range)
        .then(pl.coalesce(exact, pl.when(in_range).then(loose).cast(pl.Int64, strict=False)))
        .cast(pl.Datetime("ns"))
        .dt.replace_time_zone("UTC")
    ).to_series()
