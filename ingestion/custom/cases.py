"""Reads lines by a draft alone: what cases are checked with, and made from."""

from datetime import datetime
from typing import Any

from ingestion.custom.models import CustomFormat
from logplatform.kernel import clock

_SHOWN = ("timestamp", "level", "service", "host", "logger", "trace_id", "span_id", "message")


def read_by(
    draft: CustomFormat, lines: list[str], *, zone: str = "UTC"
) -> list[dict[str, str] | None]:
    """Fields of each line by name, None for one that the draft refuses.

    `message` is left out where it is the line itself.

    Raises:
        UnusableFormat: the pattern cannot be used.
    """
    from parsing.own import own_format

    own = own_format(draft.name, draft.definition)
    return [each.get("fields") for each in read_lines(lines, (draft.name,), (own,), zone=zone)]


def read_lines(
    lines: list[str],
    formats: tuple[str, ...],
    own: Any,
    *,
    zone: str,
    treatment: Any = None,
    moment: datetime | None = None,
) -> list[dict[str, Any]]:
    """What each line becomes: `format` and `fields`, or the `reason` why nothing.

    Args:
        lines: without line ends.
        formats, own: as of `parsing.Hint`.
        zone: of times that carry none.
        treatment: what is redacted and added; None: nothing.
        moment: when they came; None: now.
    """
    import polars as pl

    from parsing import Hint, parse_lines
    from parsing.treatment import NONE

    arrived = pl.Series([moment or clock.now()], dtype=pl.Datetime("ms", "UTC"))
    parsed = parse_lines(
        pl.Series(lines, dtype=pl.String),
        received_at=arrived.new_from_index(0, len(lines)),
        hint=Hint(formats=formats, own=own, zone=zone),
        treatment=treatment or NONE,
    )
    read: list[dict[str, Any]] = [{} for _ in lines]
    for row in parsed.frame.iter_rows(named=True):
        read[row["line"]] = {"format": row["format"], "fields": _fields(row, lines[row["line"]])}
    for row in parsed.rejected.iter_rows(named=True):
        read[row["line"]] = {"reason": row["reason"]}
    return read


def failing_cases(draft: CustomFormat) -> list[dict[str, Any]]:
    """Saved cases that the draft does not pass: `case` (id), `line`, and `problem`."""
    cases = list(draft.cases.all())
    read = read_by(draft, [case.line for case in cases]) if cases else []
    checked = zip(cases, read, strict=True)
    return [
        {"case": case.pk, "line": case.line[:500], "problem": problem}
        for case, fields in checked
        if (problem := _problem(case.expect, fields))
    ]


def _problem(expect: dict[str, str] | None, fields: dict[str, str] | None) -> str:
    """Why a line was not read as expected; empty where it was."""
    if expect is None or fields is None:
        if expect is None and fields is not None:
            return "is read, and should be refused"
        return "is refused, and should be read" if expect is not None else ""
    differing = [
        f"{name} is {fields.get(name, 'absent')!r}, not {value!r}"
        for name, value in expect.items()
        if fields.get(name) != value
    ]
    return "; ".join(differing)[:1000]


def _fields(row: dict[str, Any], line: str) -> dict[str, str]:
    from logplatform.kernel.levels import level_of_severity

    values = {
        **row,
        "timestamp": _moment(row["timestamp"]),
        "level": level_of_severity(row["severity"]),
        "message": "" if row["message"] == line else row["message"],
    }
    shown = {name: str(values[name]) for name in _SHOWN if values[name]}
    return shown | {pair["key"]: pair["value"] for pair in row["attributes"]}


def _moment(moment: Any) -> str:
    return str(moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
