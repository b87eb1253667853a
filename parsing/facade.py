"""The one way in: lines → records, with the reason for every line that is refused."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from parsing.contracts import (
    AUTO,
    HITS_SCHEMA,
    RECORD_SCHEMA,
    REJECTED_SCHEMA,
    Format,
    Found,
    Hint,
    Parsed,
)
from parsing.detection.candidates import LineCandidates
from parsing.frames import all_rows, constant, none_of, put
from parsing.records import ENCODING_ERROR, PARSE_ERROR, TAIL, records_of
from parsing.registry import candidates, gates, log_formats
from parsing.treatment import DEFAULT, Treatment

_BOM = "\ufeff"
# Where none of so many lines is of a format, few are; whether a pattern matches costs half as much
# as what it finds.
_PROBED = 32
_KIND = "kind"
_INVALID_UTF8 = "invalid_utf8: the line is not valid UTF-8"


def parse_lines(
    lines: pl.Series,
    *,
    received_at: pl.Series,
    hint: Hint,
    tails: pl.Series | None = None,
    treatment: Treatment = DEFAULT,
) -> Parsed:
    """Understand lines, each by the most specific format that fits it.

    Args:
        lines: n lines (Binary or String), without their line ends.
        received_at: n arrival times, Datetime[ms, UTC]; the event time of lines without one.
        hint: what is known of the sender.
        tails: n texts (String) that belong below the messages, or null; they are not parsed.
        treatment: what to redact and to add; of itself, what a new source does.
    Returns:
        Every line once: as a record, or refused with a reason. No input raises.
    """
    asked, refused = _admit(lines, received_at, hint, tails)
    asked, likely = _with_kinds(asked, hint)
    frames: list[pl.DataFrame] = []
    hits: list[pl.DataFrame] = []
    for name, log_format in _chosen(hint):
        if not len(asked):
            break
        found = _ask(name, log_format, asked, likely)
        for matched in found.matched:
            records, redacted = records_of(
                matched,
                asked=asked,
                name=matched.format or name,
                zone=hint.zone,
                treatment=treatment,
            )
            frames.append(records)
            hits.append(redacted)
        asked = _left_over(asked, found)
    if len(asked):
        refused.append(_refuse_rest(asked, hint))
    return Parsed(
        frame=_in_order(frames),
        rejected=treatment.apply_to_refused(_with_raw(refused, lines)),
        hits=pl.concat(hits) if hits else pl.DataFrame(schema=HITS_SCHEMA),
    )


def _chosen(hint: Hint) -> Iterator[tuple[str, Format]]:
    """The formats to ask: the sender's own, then the most specific first."""
    for own in hint.own:
        yield own.name, own.format
    wanted = hint.formats or (("json",) if hint.strict_json else ())
    if AUTO in wanted:
        wanted = ("json",) if hint.strict_json else ()
    for name, log_format in log_formats().items():
        is_hidden = any(own.name == name for own in hint.own)
        is_detected = not wanted and not (log_format.reader or log_format.is_chosen_only)
        if not is_hidden and (name in wanted or is_detected):
            yield name, log_format


def _with_kinds(asked: pl.DataFrame, hint: Hint) -> tuple[pl.DataFrame, LineCandidates | None]:
    """The lines with what they look like; nothing where the sender said what they are."""
    if len(hint.formats) == 1 or hint.strict_json or not len(asked):
        return asked, None
    likely = candidates().of_lines(asked["text"])
    return asked.with_columns(likely.kinds.alias(_KIND)), likely


def _admit(
    lines: pl.Series, received_at: pl.Series, hint: Hint, tails: pl.Series | None
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Lines to ask formats about, and those refused before: too long, or not UTF-8 in JSON."""
    text, note = _decoded(lines, is_strict=hint.strict_json)
    asked = pl.DataFrame(
        {
            "text": text,
            "received_at": received_at,
            "line": all_rows(len(lines)),
            **({} if note is None else {ENCODING_ERROR: note}),
            **({} if tails is None else {TAIL: tails}),
        }
    )
    refused = []
    size = lines.bin.size() if lines.dtype == pl.Binary else lines.str.len_bytes()
    too_long = (size > hint.max_line_bytes).fill_null(value=False)
    if too_long.any():
        reason = f"line_too_long: the line has more than {hint.max_line_bytes} bytes"
        refused.append(_refuse(asked.filter(too_long), reason))
        asked = asked.filter(~too_long)
    if asked["text"].null_count():
        refused.append(_refuse(asked.filter(pl.col("text").is_null()), _INVALID_UTF8))
        asked = asked.drop_nulls("text")
    return asked, refused


def _decoded(lines: pl.Series, *, is_strict: bool) -> tuple[pl.Series, pl.Series | None]:
    """Lines as text, and a note where bytes had to be replaced; strict: null instead.

    One line that is not UTF-8 has its batch decoded one by one: polars does not tell which it is.
    """
    try:
        text, note = lines.cast(pl.String), None
    except pl.exceptions.ComputeError:
        decoded = [_decode(line or b"", is_strict=is_strict) for line in lines]
        text = pl.Series([line for line, _ in decoded], dtype=pl.String)
        note = pl.Series([flaw for _, flaw in decoded], dtype=pl.String)
    if text.str.starts_with(_BOM).any():
        text = text.str.strip_prefix(_BOM)
    return text, note


def _decode(line: bytes, *, is_strict: bool) -> tuple[str | None, str | None]:
    try:
        return line.decode(), None
    except UnicodeDecodeError:
        return None if is_strict else line.decode("utf-8", "replace"), "invalid UTF-8"


def _ask(
    name: str, log_format: Format, asked: pl.DataFrame, likely: LineCandidates | None
) -> Found:
    """Ask a format, sparing it the lines that cannot be of it."""
    text = asked["text"]
    if likely is None or name not in gates():
        return log_format.parse(text)
    rows = _selected(all_rows(len(text)), likely.mask_of(name, asked[_KIND]))
    if len(rows):
        rows = _selected(rows, gates()[name].mask_of(_gathered(text, rows)))
    if len(rows) > _PROBED and not _fits(log_format, text.gather(rows[:_PROBED])).any():
        rows = rows.filter(_fits(log_format, _gathered(text, rows)))
    if not len(rows):
        return Found(matched=())
    found = log_format.parse(_gathered(text, rows))
    if len(rows) == len(text):
        return found
    reasons = found.reasons
    return Found(
        matched=[replace(each, rows=rows.gather(each.rows)) for each in found.matched],
        reasons=reasons if reasons is None else put(_no_text(len(text)), rows, reasons),
    )


def _fits(log_format: Format, text: pl.Series) -> pl.Series:
    """Lines that one of the format's patterns matches."""
    mask = constant(not log_format.patterns, len(text), pl.Boolean)
    for pattern in log_format.patterns:
        mask = mask | text.str.contains(pattern)
    return mask


def _selected(rows: pl.Series, mask: pl.Series | bool) -> pl.Series:
    if isinstance(mask, bool):
        return rows if mask else rows.clear()
    return rows.filter(mask)


def _gathered(text: pl.Series, rows: pl.Series) -> pl.Series:
    return text if len(rows) == len(text) else text.gather(rows)


def _no_text(n: int) -> pl.Series:
    return constant(None, n, pl.String)


def _left_over(asked: pl.DataFrame, found: Found) -> pl.DataFrame:
    """Lines still to be understood; the first reason given for each is remembered."""
    count = sum(len(each.rows) for each in found.matched)
    if count == len(asked):
        return asked.clear()
    if found.reasons is not None:
        known = asked.to_dict().get(PARSE_ERROR, _no_text(len(asked)))
        reasons = pl.select(pl.coalesce(known, found.reasons)).to_series()
        asked = asked.with_columns(reasons.alias(PARSE_ERROR))
    if not count:
        return asked
    taken = none_of(len(asked)).scatter(pl.concat(each.rows for each in found.matched), True)
    return asked.filter(~taken)


def _refuse_rest(asked: pl.DataFrame, hint: Hint) -> pl.DataFrame:
    """Refuse what no chosen format took (nothing, when plain text is among them)."""
    names = ", ".join(hint.formats) or "json"
    known = {*log_formats(), AUTO, *(own.name for own in hint.own)}
    unknown = [name for name in hint.formats if name not in known]
    reason = f"format_mismatch: the line is not {names}"
    if unknown:
        reason = f"unknown_format: there is no format named {', '.join(unknown)}"
    if PARSE_ERROR in asked.columns:
        return asked.select("line", pl.col(PARSE_ERROR).fill_null(reason).alias("reason"))
    return _refuse(asked, reason)


def _refuse(asked: pl.DataFrame, reason: str) -> pl.DataFrame:
    return asked.select("line", pl.lit(reason).alias("reason"))


def _with_raw(refused: list[pl.DataFrame], lines: pl.Series) -> pl.DataFrame:
    if not refused:
        return pl.DataFrame(schema=REJECTED_SCHEMA)
    together = pl.concat(refused).sort("line")
    raw = lines.gather(together["line"]).cast(pl.Binary).fill_null(b"")
    return together.select("line", raw.alias("raw"), "reason").cast(REJECTED_SCHEMA)


def _in_order(frames: list[pl.DataFrame]) -> pl.DataFrame:
    if len(frames) == 1:
        return frames[0]
    return pl.concat(frames).sort("line") if frames else pl.DataFrame(schema=RECORD_SCHEMA)
