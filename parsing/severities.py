"""Levels as senders write them → OpenTelemetry severity numbers, a column at a time."""

import polars as pl

from logplatform.kernel.levels import SEVERITY_OF_WORD

_UPPER = (
    r"\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|SEVERE|FATAL|CRIT(?:ICAL)?|ALERT"
    r"|EMERG(?:ENCY)?|PANIC)\b"
)
_MARKED = (
    r"(?i)(?:\b(?:level|lvl|severity)\s*[=:]\s*[\"']?|[\[<(]\s*)"
    r"(trace|debug|info|notice|warn(?:ing)?|err(?:or)?|severe|fatal|crit(?:ical)?|alert"
    r"|emerg(?:ency)?|panic)\b"
)
_SIGNS = (
    (23, r"(?i)\b(?:kernel )?panic\b"),
    (21, r"(?i)\b(?:fatal|segfault|segmentation fault|out of memory)\b"),
    (17, r"(?i)\b(?:errors?|failed|failure|critical|denied)\b|traceback|exception"),
    (13, r"(?i)\b(?:warn|warning|deprecated)\b"),
)


def read_severities(words: pl.Series) -> pl.Series:
    """Severity numbers of words or numbers.

    Args:
        words: n values (String) in any case; rules in `logplatform.kernel.levels`.
    Returns:
        n values UInt8 (1-24); null where absent or unknown.
    """
    return (
        words.str.to_lowercase()
        .str.strip_chars()
        .replace_strict(
            list(SEVERITY_OF_WORD),
            list(SEVERITY_OF_WORD.values()),
            default=None,
            return_dtype=pl.UInt8,
        )
    )


def severities_of_status(status: pl.Series) -> pl.Series:
    """Severity of HTTP answers: 5xx ERROR, 4xx WARN, else INFO.

    Args:
        status: n values (String).
    """
    value = pl.lit(status)
    server = pl.when(value.str.starts_with("5")).then(17)
    severity = server.when(value.str.starts_with("4")).then(13).otherwise(9)
    return pl.select(severity.cast(pl.UInt8)).to_series()


def severities_in_text(lines: pl.Series) -> pl.Series:
    """Severity that a line of plain text tells by its words.

    A level in capitals or marked as one (`[error]`, `level=warn`) comes first; else words such as
    `Traceback`, `panic` or `failed` anywhere in the line.

    Args:
        lines: n lines (String).
    Returns:
        n values UInt8 (1-24), null where no word tells.
    """
    found = read_severities(lines.str.extract(_UPPER))
    for read in (lambda rest: read_severities(rest.str.extract(_MARKED)), _severities_of_signs):
        if found.null_count() == 0:
            break
        missing = found.is_null()
        found = found.scatter(missing.arg_true(), read(lines.filter(missing)))
    return found


def _severities_of_signs(lines: pl.Series) -> pl.Series:
    text = pl.lit(lines)
    ranked = [pl.when(text.str.contains(sign)).then(severity) for severity, sign in _SIGNS]
    return pl.select(pl.coalesce(ranked).cast(pl.UInt8)).to_series()
