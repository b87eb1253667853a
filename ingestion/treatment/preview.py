"""Shows what would be stored of some lines; stores nothing."""

from typing import Any

from ingestion.custom.reading import published, unpinned
from ingestion.formats import pin_formats
from ingestion.treatment.models import SourceRules
from ingestion.treatment.plans import treatment_from
from logplatform.kernel import clock

MAX_LINES = 200
MAX_BYTES = 100_000


def preview(rules: SourceRules, text: str, *, patterns: Any = None) -> list[dict[str, Any]]:
    """What becomes of the first `MAX_LINES` lines of a text.

    Args:
        rules: settings of a source, saved or not.
        text: lines.
        patterns: (name, pattern, action) in place of those saved, or None.
    Returns:
        For each line `line`, and either `record` (message, level, attributes, and other fields
        that have a value) or `reason` with `raw`, in order.
    Raises:
        UnusablePattern: a pattern is wrong.
    """
    import polars as pl

    from parsing import Hint, parse_lines, split_lines

    lines = split_lines(text.encode("utf-8", "replace")[:MAX_BYTES])[:MAX_LINES]
    if not len(lines):
        return []
    source = rules.source
    named = pin_formats(source.format, published(source.app_id))
    formats, own = unpinned(source.app.slug, named)
    arrived = pl.Series([clock.now()], dtype=pl.Datetime("ms", "UTC"))
    parsed = parse_lines(
        lines,
        received_at=arrived.new_from_index(0, len(lines)),
        hint=Hint(formats=formats, own=own, zone=source.zone),
        treatment=treatment_from(rules, patterns=patterns),
    )
    shown = [_record(row) for row in parsed.frame.iter_rows(named=True)]
    shown += [
        {
            "line": row["line"],
            "reason": row["reason"],
            "raw": row["raw"].decode("utf-8", "replace"),
        }
        for row in parsed.rejected.iter_rows(named=True)
    ]
    return sorted(shown, key=lambda row: int(row["line"]))


def _record(row: dict[str, Any]) -> dict[str, Any]:
    from logplatform.kernel.levels import level_of_severity

    texts = ("service", "host", "logger", "trace_id", "span_id")
    record = {
        "timestamp": row["timestamp"].isoformat(),
        "level": level_of_severity(row["severity"]),
        "message": row["message"],
        **{name: row[name] for name in texts if row[name]},
        "attributes": {pair["key"]: pair["value"] for pair in row["attributes"]},
    }
    return {"line": row["line"], "record": record}
