"""Reads lines exactly as the drain would, and stores nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestion.assemble import assemble
from ingestion.contracts import Entry, QueuedEntry
from ingestion.custom.reading import unpinned
from ingestion.formats import formats_in, pin_formats
from ingestion.protocols import http_protocols
from logplatform.kernel import clock
from parsing import format_confidence, log_formats
from parsing.headers import header_for, table_in
from storage import facade as storage

_PROTOCOL = "native"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The source whose settings count; where there is none, those of a new one."""

    app: str = ""
    source: str = ""
    format: str = ""
    zone: str = "UTC"
    multiline: bool = True
    own_formats: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What n lines would become.

    Attributes:
        format: the format of most of them; empty where all are refused.
        confidence: 0 to 1, how sure that is of the whole; 1 means every line is of one format that
            hardly anything else looks like.
        formats: the format of each line; None for one that is refused or joined.
        records: the record of each line; None for one that is refused or joined.
        rejects: `line` (from 0) and `reason` of those that are refused.
        joined: lines that are part of the record of a line before.
    """

    format: str
    confidence: float
    formats: list[str | None]
    records: list[dict[str, Any] | None]
    rejects: list[dict[str, Any]]
    joined: list[int]


def try_lines(
    body: bytes, *, origin: Origin, formats: str = "", is_text: bool = False, header: str = ""
) -> Trial:
    """Parse a body as if it had been sent.

    Args:
        body: the lines, or JSON in any of the shapes that the door takes.
        origin: whose settings count.
        formats: names of formats with commas between; empty: those of the origin.
        is_text: each line of the body is a line, whatever it looks like.
        header: of a table, the one that bodies before have left in force.
    Raises:
        UnknownFormat: a format that does not exist.
        EmptyBody, NotDecodable: nothing in it is a line.
    """
    how = http_protocols()[_PROTOCOL]
    found = how.inspect(body, "")
    named = pin_formats(formats or origin.format, origin.own_formats)
    table = table_in(formats_in(named))
    entry = Entry(
        app=origin.app,
        source=origin.source,
        key_id=0,
        protocol=_PROTOCOL,
        shape="lines" if is_text else found.shape,
        encoding="",
        format=named,
        zone=origin.zone,
        multiline=origin.multiline,
        header=header_for(table, body, header) if table else "",
        received_at=clock.now(),
        lines=body.count(b"\n") + 1 if is_text else found.lines,
        size=len(body),
        strict_json=found.strict_json and not is_text,
        body=body,
    )
    return _trial_of(entry)


def _trial_of(entry: Entry) -> Trial:
    made = assemble([QueuedEntry(shard=0, stream_id="0-0", entry=entry)])
    name, confidence = format_confidence(made.records["format"], entry.lines)
    records: list[dict[str, Any] | None] = [None] * entry.lines
    formats: list[str | None] = [None] * entry.lines
    stored = storage.records_of(made.records) if len(made.records) else []
    names = made.records["format"]
    for line, record, own in zip(made.records["line"], stored, names, strict=True):
        records[line], formats[line] = dict(record), own
    rejects = made.quarantined.select("line", "reason").to_dicts()
    refused = {reject["line"] for reject in rejects}
    return Trial(
        format=name,
        confidence=confidence,
        formats=formats,
        records=records,
        rejects=rejects,
        joined=[
            line for line, record in enumerate(records) if record is None and line not in refused
        ],
    )


def known_formats(app: str = "", own: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
    """Every format: name, title, group, source, example lines, fields.

    Args:
        app, own: whose formats come too, by name with the version in use.
    """
    _, mine = unpinned(app, pin_formats(",".join(own or ()), own or {}))
    formats = {**log_formats(), **{each.name: each.format for each in mine}}
    return [
        {
            "name": name,
            "title": each.title,
            "group": each.group,
            "source": each.source,
            "examples": [sample.line for sample in each.samples if sample.expect is not None],
            "fields": [
                {"name": field.name, "type": field.type, "unit": field.unit}
                for field in each.fields
            ],
        }
        for name, each in sorted(formats.items())
    ]
