"""What a draft would change: the last real lines of a source, read as now and by the draft."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ingestion.custom.cases import read_lines
from ingestion.custom.models import CustomFormat
from ingestion.custom.reading import published, unpinned
from ingestion.formats import formats_in, pin_formats
from ingestion.models import Source
from ingestion.treatment.plans import treatment_of
from logplatform.kernel import clock
from storage import facade as storage

LINES = 200
_SPANS = (timedelta(hours=1), timedelta(days=1), timedelta(days=30), None)
_SHOWN_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How lines are read before and after.

    `lines`: newest first, each with `line`, `before`, `after` (a format, "" where it is refused),
    `reason` (why the draft refuses it), `kind` ("gained", "lost", "changed", "same", "refused") and
    `fields`, the changes as `name`, `before`, `after` (None: absent); `counts` by kind;
    `changed_fields`: field → lines in which it changed, most first.
    """

    lines: list[dict[str, Any]]
    counts: dict[str, int]
    changed_fields: dict[str, int]


def compare(draft: CustomFormat, source: Source, *, lines: list[str] | None = None) -> Comparison:
    """Read lines by the settings of their source, and as if it were read as the draft.

    Args:
        draft: of the source's app, saved or not.
        source: where the draft stands among its formats, it is put there; else it is the only one.
        lines: in place of the last ones of the source.
    Raises:
        UnusableFormat: the pattern cannot be used.
        StoreUnavailable: the lines cannot be fetched.
    """
    from parsing.own import own_format

    lines = last_lines(source) if lines is None else lines
    app, named = source.app.slug, formats_in(source.format)
    treatment = treatment_of(app, source.slug)
    now, own = unpinned(app, pin_formats(source.format, published(source.app_id)))
    how: dict[str, Any] = {"zone": source.zone, "treatment": treatment, "moment": clock.now()}
    before = read_lines(lines, now, own, **how)
    mine = own_format(draft.name, draft.definition)
    others = tuple(each for each in own if each.name != draft.name)
    then = named if draft.name in named else (draft.name,)
    after = read_lines(lines, then, (mine, *others), **how)
    told = [_difference(*each) for each in zip(lines, before, after, strict=True)]
    changes = [each["fields"] for each in told if each["kind"] == "changed"]
    changed = Counter(change["name"] for fields in changes for change in fields)
    return Comparison(
        lines=told,
        counts=dict(Counter(each["kind"] for each in told)),
        changed_fields=dict(changed.most_common()),
    )


def last_lines(source: Source) -> list[str]:
    """The newest lines of a source, stored and quarantined, newest first.

    Of a stored line that is its message, which for text is the line as it came but for what is
    redacted; of one that goes on, the first line.
    """
    found = sorted([*_stored(source), *_refused(source)], key=lambda each: each[0], reverse=True)
    return [line for _, line in found[:LINES]]


def _stored(source: Source) -> list[tuple[datetime, str]]:
    now, page = clock.now(), None
    for span in _SPANS:
        query = storage.LogQuery(
            apps=(source.app.slug,), source=(source.slug,), start=now - span if span else None
        )
        page = storage.search_logs(query, limit=LINES)
        if len(page.records) >= LINES:
            break
    records = page.records if page else []
    return [
        (datetime.fromisoformat(record["received_at"]), _first_line(record["message"]))
        for record in records
        if record["message"].strip()
    ]


def _refused(source: Source) -> list[tuple[datetime, str]]:
    query = storage.RejectQuery(apps=(source.app.slug,), source=source.slug)
    page = storage.list_rejects(query, limit=LINES)
    return [
        (datetime.fromisoformat(row["received_at"]), _first_line(row["raw"]))
        for row in page.lines
        if row["raw"].strip()
    ]


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0].rstrip("\r")


def _difference(line: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    old, new = before.get("fields"), after.get("fields")
    fields = _changes(old, new) if old is not None and new is not None else []
    kinds = {(True, False): "lost", (False, True): "gained", (False, False): "refused"}
    usual = "changed" if fields else "same"
    return {
        "line": line[:_SHOWN_CHARS],
        "before": before.get("format", ""),
        "after": after.get("format", ""),
        "reason": after.get("reason", ""),
        "kind": kinds.get((old is not None, new is not None), usual),
        "fields": fields or _changes({}, new or {}),
    }


def _changes(old: dict[str, str], new: dict[str, str]) -> list[dict[str, Any]]:
    names = dict.fromkeys([*new, *old])
    return [
        {"name": name, "before": old.get(name), "after": new.get(name)}
        for name in names
        if old.get(name) != new.get(name)
    ]
