"""Records of several lines: stack traces and indented lines go on with the line before.

What goes on is told by the lines themselves and by their neighbours, a column at a time. JSON is
never joined: a line that opens an object stands alone.
"""

from dataclasses import dataclass
from functools import partial

import polars as pl

from logplatform.kernel import trace_lines
from parsing.contracts import Hint, Parsed
from parsing.facade import parse_lines
from parsing.frames import all_rows, constant, none_of
from parsing.treatment import DEFAULT, Treatment

MAX_LINES = 1000

_OBJECT = r"^\s*\{"
_OF_SEVERAL_LINES = f"{trace_lines.INDENTED}|{trace_lines.NAMED}|{trace_lines.SLOW_HEAD}"
_STAMPED = r"^\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:"
_AT = r"^[ \t]+at "
_GO_PLACE = r"^\t[^ ]+\.go:[0-9]+"
# What a logger puts before its message: a time, or a level.
_HEADER = (
    r"^(?:[\[(<]?[0-9]|[IWEF][0-9]{4} |[\[(<]?(?i:trace|debug|info|notice|warn|warning|error"
    r"|critical|fatal|severe)(?-u:\b)|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep"
    r"|Oct|Nov|Dec)(?-u:\b))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What became of n lines: `len(frame) + len(rejected) + len(joined) == n`.

    Attributes:
        parsed: as of `parse_lines`; a record's `line` is its first one.
        joined: rows (UInt32, ascending) of lines that are part of the record of a line before.
    """

    parsed: Parsed
    joined: pl.Series


def parse_joined(
    lines: pl.Series,
    *,
    streams: pl.Series,
    received_at: pl.Series,
    hint: Hint,
    treatment: Treatment = DEFAULT,
) -> Joined:
    """Understand lines as `parse_lines` does, with those that go on as part of one record.

    Args:
        lines: n lines (Binary or String), without their line ends.
        streams: n numbers; a line goes on with the one before only where both have the same.
        received_at, hint, treatment: as for `parse_lines`.
    Returns:
        Every line once: as a record, as part of one, or refused. A record has at most `MAX_LINES`
        lines and `hint.max_line_bytes` bytes, line ends not counted.
    """
    is_json = hint.strict_json or hint.formats == ("json",)
    may_go_on = hint.multiline and not is_json
    heads = find_heads(lines, streams, max_bytes=hint.max_line_bytes) if may_go_on else None
    if heads is None:
        parsed = parse_lines(lines, received_at=received_at, hint=hint, treatment=treatment)
        return Joined(parsed=parsed, joined=all_rows(0))
    goes_on = heads != all_rows(len(lines))
    tails = _tails(lines, heads, goes_on)
    how = partial(_parse_some, received_at=received_at, hint=hint, treatment=treatment)
    whole, tails = _with_entries(lines, tails)
    parsed = how(whole, ~goes_on, tails=tails)
    # Lines that go on with a refused one are left to themselves, and so is the first of an entry.
    refused = parsed.rejected["line"]
    orphans = goes_on & heads.is_in(refused.implode())
    if orphans.any():
        heads_too = none_of(len(lines)).scatter(heads.filter(orphans), True)
        rest = how(lines, orphans | heads_too, tails=None)
        kept = ~refused.is_in(heads.filter(orphans).implode())
        parsed = Parsed(
            frame=pl.concat([parsed.frame, rest.frame]).sort("line"),
            rejected=pl.concat([parsed.rejected.filter(kept), rest.rejected]).sort("line"),
            hits=pl.concat([parsed.hits, rest.hits]),
        )
    return Joined(parsed=parsed, joined=(goes_on & ~orphans).arg_true())


def _parse_some(
    lines: pl.Series,
    asked: pl.Series,
    *,
    received_at: pl.Series,
    hint: Hint,
    treatment: Treatment,
    tails: pl.Series | None,
) -> Parsed:
    """Parse the lines where `asked` is True; they keep their numbers."""
    rows = asked.arg_true()
    parsed = parse_lines(
        lines.gather(rows),
        received_at=received_at.gather(rows),
        hint=hint,
        tails=None if tails is None else tails.gather(rows),
        treatment=treatment,
    )
    return Parsed(
        frame=parsed.frame.with_columns(rows.gather(parsed.frame["line"]).alias("line")),
        rejected=parsed.rejected.with_columns(rows.gather(parsed.rejected["line"]).alias("line")),
        hits=parsed.hits.with_columns(rows.gather(parsed.hits["line"]).alias("line")),
    )


def _with_entries(lines: pl.Series, tails: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Lines and tails where entries that are read as a whole have their lines in one."""
    heads = tails.is_not_null() & _readable(lines).str.contains(trace_lines.SLOW_HEAD)
    rows = heads.arg_true()
    if not len(rows):
        return lines, tails
    entries = lines.gather(rows).cast(pl.String) + "\n" + tails.gather(rows)
    return lines.clone().scatter(rows, entries.cast(lines.dtype)), tails.scatter(rows, None)


def _tails(lines: pl.Series, heads: pl.Series, goes_on: pl.Series) -> pl.Series:
    """Per line the lines that go on with it, joined by line ends; null where none does."""
    rows = goes_on.arg_true()
    text = lines.gather(rows).cast(pl.String)
    found = pl.DataFrame({"head": heads.gather(rows), "text": text})
    found = found.group_by("head", maintain_order=True).agg(pl.col("text").str.join("\n"))
    return constant(None, len(lines), pl.String).scatter(found["head"], found["text"])


def find_heads(lines: pl.Series, streams: pl.Series, *, max_bytes: int) -> pl.Series | None:
    """The row of the line each line goes on with, or its own; None where none goes on.

    Args:
        lines: n lines (Binary or String).
        streams: n numbers; neighbours with different ones have nothing to do with each other.
        max_bytes: bytes of a record, line ends not counted.
    Returns:
        n rows (UInt32), or None.
    """
    text = _readable(lines)
    always = text.str.contains(_OF_SEVERAL_LINES)
    if not always.any():
        return None
    is_slow_head = text.str.contains(trace_lines.SLOW_HEAD)
    always &= ~is_slow_head
    size = lines.bin.size() if lines.dtype == pl.Binary else lines.str.len_bytes()
    told = pl.DataFrame({"text": text, "stream": streams, "always": always, "size": size})
    told = _tell(told.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")))
    if is_slow_head.any():
        in_entry = _in_slow_entry(told, is_slow_head)
        told = told.with_columns(pl.col("goes_on") | in_entry)
    stands_alone = (told["is_object"] | told["is_indented"]).gather(_head_rows(told["goes_on"]))
    goes_on = told["goes_on"] & ~stands_alone
    return _bounded(told.with_columns(goes_on.alias("goes_on")), max_bytes)


def _readable(lines: pl.Series) -> pl.Series:
    """Lines as text; what is not UTF-8 is empty, and goes on with nothing."""
    if lines.dtype == pl.String:
        return lines
    try:
        return lines.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series([_decoded(line) for line in lines], dtype=pl.String)


def _decoded(line: bytes | None) -> str:
    try:
        return (line or b"").decode()
    except UnicodeDecodeError:
        return ""


def _tell(told: pl.DataFrame) -> pl.DataFrame:
    """Add `goes_on`, before limits, and `is_object`."""
    text = pl.col("text")
    told = told.with_columns(
        is_object=text.str.contains(_OBJECT),
        is_indented=text.str.contains(trace_lines.INDENTED),
        is_header=text.str.contains(_HEADER),
        is_traceback=text.str.contains(trace_lines.TRACEBACK),
        is_near=(pl.col("stream") == pl.col("stream").shift()).fill_null(value=False),
    )
    told = told.with_columns(_ends_traceback(told).alias("ends_traceback"))
    before, after = pl.col("is_header").shift(), pl.col("text").shift(-1)
    chained = text.shift().str.contains(trace_lines.CHAINED)
    trace = pl.col("is_traceback") & (before | chained)
    thrown = (
        text.str.contains(trace_lines.THROWN)
        & ~pl.col("is_header")
        & after.str.contains(_AT)
        & before
    )
    call = (
        text.str.contains(trace_lines.GO_CALL)
        & ~pl.col("is_header")
        & after.str.contains(_GO_PLACE)
    )
    closing = text.str.contains(trace_lines.CLOSING) & pl.col("always").shift()
    goes_on = pl.col("always") | pl.col("ends_traceback") | trace | thrown | call | closing
    is_alone = pl.col("is_object") | ~pl.col("is_near")
    return told.with_columns((goes_on.fill_null(value=False) & ~is_alone).alias("goes_on"))


def _in_slow_entry(told: pl.DataFrame, is_head: pl.Series) -> pl.Series:
    """Lines of a slow query log from below the head of an entry to the end of its statement."""
    text, row, near = pl.col("text"), pl.col("row"), pl.col("is_near")
    below_time = text.shift().str.starts_with("# Time: ") & text.str.starts_with("# User@Host: ")
    begins = pl.lit(is_head) & ~(below_time & near).fill_null(value=False)
    is_note = text.str.contains(trace_lines.SLOW_NOTE)
    ends = text.str.ends_with(";") & ~is_note
    breaks = ~near | pl.col("is_object") | text.str.contains(_STAMPED)
    frame = told.select(
        begins=begins,
        breaks=breaks,
        begun=pl.when(begins).then(row).forward_fill(),
        broken=pl.when(breaks).then(row).forward_fill(),
        ended=pl.when(ends).then(row).forward_fill().shift(),
    )
    is_within = (pl.col("begun") >= pl.col("broken").fill_null(0)) & (
        pl.col("ended").is_null() | (pl.col("ended") < pl.col("begun"))
    )
    goes_on = is_within.fill_null(value=False) & ~pl.col("begins") & ~pl.col("breaks")
    return frame.select(goes_on.alias("in_entry")).to_series()


def _ends_traceback(told: pl.DataFrame) -> pl.Series:
    """Lines such as `ValueError: x` that follow the indented lines of a Python traceback."""
    flush = told.filter(~pl.col("is_indented")).select(
        "row",
        ends=pl.col("is_traceback").shift() & pl.col("text").str.contains(trace_lines.PYTHON_ERROR),
    )
    found = flush.filter("ends")["row"]
    return none_of(len(told)).scatter(found, True)


def _head_rows(goes_on: pl.Series) -> pl.Series:
    """The last row at or before each one that does not go on."""
    rows = all_rows(len(goes_on))
    return pl.select(pl.when(~goes_on).then(rows)).to_series().forward_fill()


def _bounded(told: pl.DataFrame, max_bytes: int) -> pl.Series | None:
    """Heads, with a new one wherever a record would become too large."""
    half = max(1, max_bytes // 2)
    size = told["size"].cast(pl.Int64)
    goes_on = told["goes_on"] & (size <= half)
    heads = _head_rows(goes_on)
    before = size.cum_sum() - size
    piece = (before - before.gather(heads)) // half
    number = (all_rows(len(told)) - heads) // MAX_LINES
    goes_on &= (piece == piece.shift()) & (number == number.shift())
    goes_on = goes_on.fill_null(value=False)
    return _head_rows(goes_on) if goes_on.any() else None
