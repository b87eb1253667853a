"""Rows of tables whose columns a header names: CSV, TSV, and W3C extended logs.

Source: RFC 4180; https://www.w3.org/TR/WD-logfile.html. Which header is in force is decided by
`parsing.headers`; a cell that spans lines is not read, as lines come one by one.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import polars as pl

from parsing.contracts import Field, Format, Found, Matched, OwnFormat, Sample
from parsing.dialects import PLAIN
from parsing.fields import pick_fields
from parsing.frames import constant, put
from parsing.headers import FIELDS, MAX_CHARS, MAX_COLUMNS, is_header, separator_of

HEADER_MARK = "_header"
_MAX_HEADERS = 100
_ODD = re.compile(r"[^\w.@-]+")
_USUAL_NAMES = {name.casefold(): name for name in PLAIN.all_names()}
_TIMES = ("datetime", "date and time", "timegenerated", "timecreated", "eventtime", "event time")
_W3C_NAMES = {
    "c-ip": "client_ip",
    "s-ip": "server_ip",
    "s-port": "server_port",
    "cs-method": "method",
    "cs-uri-stem": "path",
    "cs-uri-query": "query",
    "cs-uri": "url",
    "cs-version": "protocol",
    "cs-protocol-version": "protocol",
    "cs-username": "user",
    "cs(user-agent)": "user_agent",
    "cs(referer)": "referrer",
    "cs(cookie)": "cookie",
    "cs-host": "http_host",
    "cs-bytes": "request_bytes",
    "sc-status": "status",
    "sc-substatus": "substatus",
    "sc-win32-status": "win32_status",
    "sc-bytes": "bytes",
    "s-computername": "host",
    "s-sitename": "site",
    "time-taken": "duration_ms",
}
_NO_HEADER = "no_header: no header says what the columns are; send it as the first line of a body"
_BAD_QUOTES = "csv_quotes: a quoted cell is not closed, or something stands beside it"


def table_format(
    name: str, title: str, source: str, samples: tuple[Sample, ...], fields: Sequence[str]
) -> Format:
    """The plug-in object of a table; by itself the first line it is asked about is its header."""
    return Format(
        title=title,
        parse=partial(_parse, name, None),
        specificity=_SPECIFICITY,
        source=source,
        fields=tuple(Field(name=each) for each in fields),
        samples=samples,
        is_chosen_only=True,
    )


_SPECIFICITY = 5


def table_of(name: str, header: str, body: bytes) -> OwnFormat:
    """The table as a body is read; with an object of its own where the body changes the header.

    Bodies whose tables are one object can be read together.
    """
    is_changing = name == "w3c" and FIELDS.encode() in body
    return (_under if is_changing else table_under)(name, header)


@lru_cache(maxsize=256)
def table_under(name: str, header: str) -> OwnFormat:
    """The table with a header in force; equal headers give one object."""
    return _under(name, header)


def _under(name: str, header: str) -> OwnFormat:
    parse = partial(_parse, name, header)
    return OwnFormat(name=name, format=Format(title=name, parse=parse, specificity=_SPECIFICITY))


def _parse(name: str, header: str | None, lines: pl.Series) -> Found:
    if header is None and name != "w3c":
        header = lines[0].strip() if len(lines) and is_header(name, lines[0].strip(), "") else ""
    if name == "w3c":
        return _parse_w3c(lines, header or "")
    separator = separator_of(name, header or "")
    titles = lines.str.strip_chars_end(" \r") == (header or "\0")
    names = _columns_of(header or "", separator) if header else []
    return _together(
        len(lines), titles, [(~titles, partial(_rows, lines, names, separator, is_dashed=False))]
    )


def headers_in_force(
    name: str, lines: pl.Series, owner: pl.Series, *, headers: Sequence[str], wanted: pl.Series
) -> pl.Series:
    """The header some lines are read by.

    Args:
        name: of the table; "" where the lines are of none.
        lines: n lines (Binary or String) of several bodies.
        owner: n numbers: which body.
        headers: by body, the one in force where it begins.
        wanted: m line numbers.
    Returns:
        m headers (String).
    """
    at_first = pl.Series(headers, dtype=pl.String)
    if name != "w3c" or not len(wanted):
        return at_first.gather(owner.gather(wanted))
    named = lines.cast(pl.Binary).bin.starts_with(FIELDS.encode()).arg_true()
    told = [line.decode("utf-8", "replace").strip() for line in lines.gather(named).cast(pl.Binary)]
    column = constant(None, len(lines), pl.String).scatter(named, pl.Series(told, dtype=pl.String))
    later = pl.DataFrame({"owner": owner, "told": column}).select(
        pl.coalesce(pl.col("told").forward_fill().over("owner"), pl.lit(at_first.gather(owner)))
    )
    return later.to_series().gather(wanted)


_Reader = Callable[[pl.Series], tuple[Matched | None, pl.Series]]


def _parse_w3c(lines: pl.Series, header: str) -> Found:
    """Rows below each `#Fields:` line; other lines that begin with `#` are kept as they are."""
    remarks = lines.str.starts_with("#")
    starts = lines.str.starts_with(FIELDS)
    headers = [header, *lines.filter(starts)]
    codes = {each: code for code, each in enumerate(dict.fromkeys(headers))}
    segment = starts.cast(pl.UInt32).cum_sum()
    code = pl.Series([codes[each] for each in headers], dtype=pl.UInt32).gather(segment)
    parts: list[tuple[pl.Series, _Reader]] = [
        ((code == codes[each]) & ~remarks, partial(_w3c_rows, lines, each))
        for each in list(codes)[:_MAX_HEADERS]
    ]
    if len(codes) > _MAX_HEADERS:
        parts.append(((code >= _MAX_HEADERS) & ~remarks, _beyond_headers))
    return _together(len(lines), remarks, parts)


def _w3c_rows(lines: pl.Series, header: str, rows: pl.Series) -> tuple[Matched | None, pl.Series]:
    return _rows(lines, _w3c_columns(header), "", rows, is_dashed=True)


def _beyond_headers(rows: pl.Series) -> tuple[Matched | None, pl.Series]:
    reason = f"too_many_headers: more than {_MAX_HEADERS} different headers in one body"
    return None, constant(reason, len(rows), pl.String)


def _together(n: int, titles: pl.Series, parts: Sequence[tuple[pl.Series, _Reader]]) -> Found:
    """What became of n lines: those that name columns, and rows by their header."""
    matched: list[Matched] = []
    reasons = constant(None, n, pl.String)
    heads = titles.arg_true().cast(pl.UInt32)
    if len(heads):
        mark = constant("true", len(heads), pl.String).alias(HEADER_MARK)
        matched.append(Matched(rows=heads, values={}, attributes=[mark]))
    for mask, read in parts:
        rows = mask.arg_true().cast(pl.UInt32)
        if not len(rows):
            continue
        found, why = read(rows)
        matched += [found] if found else []
        if why.null_count() < len(why):
            reasons = put(reasons, rows, why)
    return Found(matched=matched, reasons=reasons if reasons.null_count() < n else None)


def _rows(
    lines: pl.Series, names: list[str], separator: str, rows: pl.Series, *, is_dashed: bool
) -> tuple[Matched | None, pl.Series]:
    """The rows of one header, and why others are none."""
    own = lines.gather(rows).str.strip_chars_end("\r")
    if not names:
        return None, constant(_NO_HEADER, len(rows), pl.String)
    cells, bad = _dashed_cells(own, len(names)) if is_dashed else _cells(own, separator)
    count = cells.list.len()
    fits = (count == len(names)) & ~bad
    mismatch = pl.format(
        "column_count: the row has {} cells, its header has {}", pl.lit(count), pl.lit(len(names))
    )
    told = pl.when(pl.lit(bad)).then(pl.lit(_BAD_QUOTES)).otherwise(mismatch)
    why = pl.select(pl.when(~pl.lit(fits)).then(told)).to_series()
    if not fits.any():
        return None, why
    kept = cells.filter(fits)
    frame = pl.DataFrame(
        {
            name: kept.list.get(place, null_on_oob=True).alias(name)
            for place, name in enumerate(names)
        }
    )
    absent = ["", "-"] if is_dashed else [""]
    frame = frame.with_columns(pl.all().replace(absent, [None] * len(absent)))
    return _matched(rows.filter(fits), _with_times(frame, is_utc=is_dashed), is_dashed), why


def _matched(rows: pl.Series, frame: pl.DataFrame, is_dashed: bool) -> Matched:
    if is_dashed and "user_agent" in frame.columns:
        frame = frame.with_columns(pl.col("user_agent").str.replace_all("+", " ", literal=True))
    values, attributes = pick_fields(frame, PLAIN)
    # The whole row says more than an empty message.
    if not any(name in frame.columns for name in PLAIN.names["message"]):
        values.pop("message")
    return Matched(rows=rows, values=values, attributes=attributes)


def _with_times(frame: pl.DataFrame, *, is_utc: bool) -> pl.DataFrame:
    """Date and time of day as one column."""
    if not {"date", "time"} <= {*frame.columns} or "timestamp" in frame.columns:
        return frame
    both = pl.col("date") + " " + pl.col("time") + ("Z" if is_utc else "")
    return frame.with_columns(both.alias("timestamp")).drop("date", "time")


def _cells(lines: pl.Series, separator: str) -> tuple[pl.Series, pl.Series]:
    """The cells of each line, and where quotes are wrong (RFC 4180)."""
    if not lines.str.contains('"', literal=True).any():
        return lines.str.split(separator), constant(False, len(lines), pl.Boolean)
    sign = re.escape(separator)
    pieces = (separator + lines).str.extract_all(rf'{sign}(?: *"(?:[^"]|"")*" *|[^{sign}"]*)')
    sizes = pieces.list.eval(pl.element().str.len_bytes()).list.sum()
    bad = sizes != lines.str.len_bytes() + len(separator)
    piece = pl.element().str.slice(1)
    bare = piece.str.strip_chars(" ")
    unquoted = bare.str.slice(1, bare.str.len_chars() - 2).str.replace_all('""', '"', literal=True)
    return pieces.list.eval(pl.when(bare.str.starts_with('"')).then(unquoted).otherwise(piece)), bad


def _dashed_cells(lines: pl.Series, n: int) -> tuple[pl.Series, pl.Series]:
    """The cells of W3C rows: by tabs where there are some, else by blanks; quotes where needed."""
    none = constant(False, len(lines), pl.Boolean)
    tabs = lines.str.contains("\t", literal=True)
    by_tab, by_blank = lines.str.split("\t"), lines.str.split(" ")
    cells = pl.select(
        pl.when(pl.lit(tabs)).then(pl.lit(by_tab)).otherwise(pl.lit(by_blank))
    ).to_series()
    if not (~tabs & (cells.list.len() != n) & lines.str.contains('"', literal=True)).any():
        return cells, none
    quoted, bad = _cells(lines, " ")
    better = ~tabs & (cells.list.len() != n) & (quoted.list.len() == n) & ~bad
    return pl.select(
        pl.when(pl.lit(better)).then(pl.lit(quoted)).otherwise(pl.lit(cells))
    ).to_series(), none


@lru_cache(maxsize=256)
def _columns_of(header: str, separator: str) -> list[str]:
    """Names of columns, as attributes have them; usual ones in their usual spelling."""
    cells = _cells(pl.Series([header]), separator)[0][0]
    return _distinct([_named(cell.strip()) for cell in cells])


def _named(cell: str) -> str:
    folded = cell.casefold()
    if folded in _TIMES:
        return "timestamp"
    return (
        _USUAL_NAMES.get(folded)
        or (folded if folded == "date" else _ODD.sub("_", cell).strip("_"))
        or "_"
    )


def _w3c_columns(header: str) -> list[str]:
    cells = header[:MAX_CHARS].removeprefix(FIELDS).split()[:MAX_COLUMNS]
    names = [
        _W3C_NAMES.get(cell.casefold(), _ODD.sub("_", cell).strip("_") or "_") for cell in cells
    ]
    if any(cell.startswith("x-edge") for cell in cells):
        # CloudFront counts in seconds.
        names = ["duration_s" if name == "duration_ms" else name for name in names]
    return _distinct(names)


def _distinct(names: list[str]) -> list[str]:
    """Names of which none occurs twice, and none is one of ours."""
    found: list[str] = []
    for name in names:
        plain = name.lstrip("_") or "column"
        found.append(plain if plain not in found else f"{plain}_{len(found) + 1}")
    return found
