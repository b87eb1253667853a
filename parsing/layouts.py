"""Times of one layout → Datetime[ns, UTC], a column at a time.

A layout is chrono's strftime language, which says more than Python's, plus: `%Z` at the end, a zone
by name (`CET`, `Europe/Berlin`); `%L` at the end, milliseconds without leading zeros; and layouts
without a year.
"""

import re
from functools import lru_cache

import polars as pl

from parsing.contracts import TIMESTAMP
from parsing.frames import constant, put

# Datetime[ns] ends in 2262; beyond it the conversion wraps around silently.
LAST_S = 9_200_000_000
_DAY = pl.duration(days=1, time_unit="ns")
# What several formats share.
LAYOUT_SETS = {
    "syslog": ("%b %e %H:%M:%S%.f", "iso", "%b %e %Y %H:%M:%S%.f"),
    "access": ("%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%H:%M:%S%.f %z"),
}
# A 29th of February is at most eight years back (1896, 1904).
_YEARS_BACK = 9
_MAX_ZONES = 64
# The names that logs have; of those that several zones share, the one that is met most.
ZONES = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("BST", "CET", "WEST", "MET"), 60),
    **dict.fromkeys(("CEST", "MEST", "EET", "SAST"), 120),
    **dict.fromkeys(("EEST", "MSK", "TRT"), 180),
    **{"PKT": 300, "IST": 330, "WIB": 420, "HKT": 480, "SGT": 480, "AWST": 480},
    **{"JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780},
    **{"BRT": -180, "ART": -180, "AST": -240, "EDT": -240, "EST": -300, "CDT": -300},
    **{"CST": -360, "MDT": -360, "MST": -420, "PDT": -420, "PST": -480, "AKST": -540, "HST": -600},
}


def read_layout(
    text: pl.Series, layout: str, *, zone: str, arrival: pl.Series | None = None
) -> pl.Series:
    """Read times of one layout.

    Args:
        text: n values (String).
        layout: in the language of this module; with `%z` or `%Z` the value's own zone counts.
        zone: IANA zone of values without one.
        arrival: n times Datetime[ns, UTC] from which a missing year is taken, so that the time is
            at most a day after it; None: 1970.
    Returns:
        n values Datetime[ns, UTC]; null where the layout does not fit.
    """
    if layout.endswith("%Z"):
        return _read_named_zones(text, layout.removesuffix("%Z").rstrip(), zone, arrival)
    if layout.endswith("%L"):
        # 7 of 10:00:00:7 is 7 ms, not 700.
        text = text.str.replace(r"([^0-9])([0-9])$", "${1}00$2")
        text = text.str.replace(r"([^0-9])([0-9]{2})$", "${1}0$2")
        layout = layout.removesuffix("%L") + "%3f"
    directives = re.findall(r"%[-_.\d]*([a-zA-Z])", layout)
    if not {*directives} & {"Y", "y", "s", "c", "D", "F", "G"}:
        return _read_without_year(text, layout, zone, arrival)
    return _read(text, layout, zone, is_fine="f" in directives)


def _read(text: pl.Series, layout: str, zone: str, *, is_fine: bool) -> pl.Series:
    frame = text.alias("text").to_frame()
    stamp = pl.col("text")
    coarse = stamp.str.to_datetime(layout, time_unit="us", strict=False, cache=False)
    known = coarse.dt.timestamp("us").abs() < LAST_S * 1_000_000
    if is_fine:
        fine = stamp.str.to_datetime(layout, time_unit="ns", strict=False, cache=False)
    else:
        fine = coarse.dt.cast_time_unit("ns")
    times = placed(pl.when(known).then(fine), None if "%z" in layout else zone)
    return frame.select(times).to_series()


def _read_without_year(
    text: pl.Series, layout: str, zone: str, arrival: pl.Series | None
) -> pl.Series:
    """The latest year in which the day exists and is not over a day after the arrival."""
    if arrival is None:
        arrival = constant(0, len(text), pl.Int64).cast(TIMESTAMP)
    found, rest = constant(None, len(text), TIMESTAMP), text
    frame = pl.DataFrame({"arrival": arrival}).select("arrival", year=pl.col("arrival").dt.year())
    is_fine = "f" in layout
    turns = (pl.col("arrival") + _DAY).dt.year() > pl.col("year")
    for back in range(-1 if frame.select(turns.any()).item() else 0, _YEARS_BACK):
        stamped = frame.select((pl.col("year") - back).cast(pl.String) + " " + rest)
        times = _read(stamped.to_series(), f"%Y {layout}", zone, is_fine=is_fine)
        times = frame.select(pl.when(times <= pl.col("arrival") + _DAY).then(times)).to_series()
        found = pl.select(pl.coalesce(found, times)).to_series()
        left = found.is_null() & text.is_not_null()
        if not left.any():
            break
        rest = pl.select(pl.when(left).then(text)).to_series()
    return found


def _read_named_zones(
    text: pl.Series, layout: str, zone: str, arrival: pl.Series | None
) -> pl.Series:
    stamp = pl.col("text").str
    parts = text.alias("text").to_frame()
    parts = parts.select(stamp=stamp.extract(r"^(.*\S)\s+\S+$"), name=stamp.extract(r"(\S+)$"))
    found = constant(None, len(text), TIMESTAMP)
    for name in parts["name"].unique().drop_nulls()[:_MAX_ZONES]:
        rows = (parts["name"] == name).arg_true()
        known, offset = _zone_of(name, zone)
        own = None if arrival is None else arrival.gather(rows)
        times = read_layout(parts["stamp"].gather(rows), layout, zone=known, arrival=own)
        shift = pl.duration(minutes=offset, time_unit="ns")
        found = put(found, rows, times.to_frame("time").select(pl.col("time") - shift).to_series())
    return found


@lru_cache(maxsize=1024)
def _zone_of(name: str, default: str) -> tuple[str, int]:
    """An IANA zone, and minutes east of it."""
    if name.upper() in ZONES:
        return "UTC", ZONES[name.upper()]
    try:
        pl.Series([0]).cast(pl.Datetime("ns")).dt.replace_time_zone(name)
    except pl.exceptions.PolarsError:
        return default, 0
    return name, 0


def placed(times: pl.Expr, zone: str | None) -> pl.Expr:
    """Give naive times their zone: the earlier of two at a fold, shifted on in a gap.

    None: the times carry their zone already.
    """
    if zone is None:
        return times.dt.convert_time_zone("UTC")
    if zone == "UTC":
        return times.dt.replace_time_zone("UTC")
    hour = pl.duration(hours=1, time_unit="ns")
    placed = times.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    moved = (times - hour).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(placed, moved + hour).dt.convert_time_zone("UTC")
