"""Levels as senders write them → OpenTelemetry severity numbers, a column at a time."""

from collections.abc import Callable, Mapping

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
_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"),
    *("authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2"),
    *("local3", "local4", "local5", "local6", "local7"),
)
_LAST_PRIORITY = len(_FACILITIES) * 8 - 1
_SIGNS = (
    (23, r"(?i)\bpanic\b"),
    (21, r"(?i)\b(?:fatal|segfault|segmentation fault|out of memory)\b"),
    (17, r"(?i)\b(?:errors?|failed|failure|critical|denied)\b|traceback|exception"),
    (13, r"(?i)\b(?:warn|warning|deprecated)\b"),
)


def severity_of_words(words: pl.Expr) -> pl.Expr:
    """Severity numbers of words or numbers.

    Args:
        words: String, in any case; rules in `logplatform.kernel.levels`.
    Returns:
        UInt8 (1-24); null where absent or unknown.
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


def severity_of_status(status: pl.Expr) -> pl.Expr:
    """Severity of HTTP answers (String): 5xx ERROR, 4xx WARN, else INFO; null where absent."""
    is_answer = status.str.len_bytes() == 3
    is_refusal = is_answer & status.str.starts_with("4")
    is_failure = is_answer & status.str.starts_with("5")
    told = pl.when(is_failure).then(17).when(is_refusal).then(13).when(status.is_not_null())
    return told.then(9).cast(pl.UInt8)


def severity_of_priority(priority: pl.Expr) -> pl.Expr:
    """Severity of syslog priorities (String): facility * 8 + severity."""
    return severity_of_words((_number(priority) % 8).cast(pl.String))


def facilities(priority: pl.Expr) -> pl.Expr:
    """Names of the facilities of syslog priorities (String); null for none. Source: RFC 5424."""
    return (_number(priority) // 8).replace_strict(
        list(range(len(_FACILITIES))), _FACILITIES, default=None, return_dtype=pl.String
    )


def _number(priority: pl.Expr) -> pl.Expr:
    number = priority.cast(pl.UInt16, strict=False)
    return pl.when(number <= _LAST_PRIORITY).then(number)


def severities_in_text(lines: pl.Series) -> pl.Series:
    """Severity that a line of plain text tells by its words.

    A level in capitals or marked as one (`[error]`, `level=warn`) comes first; else words such as
    `Traceback`, `panic` or `failed` anywhere in the line.

    Args:
        lines: n lines (String).
    Returns:
        n values UInt8 (1-24), null where no word tells.
    """
    line = pl.col("line")
    signs = [pl.when(line.str.contains(sign)).then(severity) for severity, sign in _SIGNS]
    found = lines.alias("line").to_frame().select(severity_of_words(line.str.extract(_UPPER)))
    severities = found.to_series()
    for told in (severity_of_words(line.str.extract(_MARKED)), pl.coalesce(signs)):
        if severities.null_count() == 0:
            break
        missing = severities.is_null()
        rest = lines.filter(missing).alias("line").to_frame()
        more = rest.select(told.cast(pl.UInt8)).to_series()
        severities = severities.scatter(missing.arg_true(), more)
    return severities


SEVERITY_RULES: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "http_status": severity_of_status,
    "level": severity_of_words,
    "syslog_pri": severity_of_priority,
}
