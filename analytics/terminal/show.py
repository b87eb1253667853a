"""Records as lines of a terminal: pretty for people, JSON and CSV for programs."""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from analytics.terminal.inert import inert, inert_json, inert_line
from storage import facade as storage

Record = dict[str, Any]
Show = Callable[[Record], str]

FORMATS = ("pretty", "json", "csv")
_CSV_FIELDS = ("timestamp", "level", "service", "host", "message")
_LEVEL_COLOURS = {
    "TRACE": "2",
    "DEBUG": "2",
    "INFO": "32",
    "WARN": "33",
    "ERROR": "31",
    "FATAL": "1;31",
}
_DIM, _NAME = "2", "36"
_FORMULA = re.compile(storage.FORMULA)


def show_as(format: str, fields: Sequence[str], *, is_coloured: bool) -> Show:
    """How records are shown.

    Args:
        format: one of `FORMATS`.
        fields: what is shown of a record, as a query names it; empty: the usual.
        is_coloured: whether `pretty` has colours.
    """
    if format == "json":
        return lambda record: _json(record, fields)
    if format == "csv":
        names = tuple(fields) or _CSV_FIELDS
        return lambda record: _row([_text(record, name) for name in names])
    paint = _paint if is_coloured else _plain
    if fields:
        return lambda record: "  ".join(_told(record, name, paint) for name in fields)
    return lambda record: _pretty(record, paint)


def csv_head(fields: Sequence[str]) -> str:
    """The first line of CSV."""
    return _row(list(fields or _CSV_FIELDS))


def _pretty(record: Record, paint: Callable[[str, str], str]) -> str:
    """Time, level, who, message, and the attributes; further lines of any are set in below."""
    level = record["level"]
    who = " ".join(inert_line(record[name]) for name in ("service", "host") if record[name])
    first, *others = inert(record["message"]).split("\n")
    # Without what the message has already, as the lines of access logs do.
    attributes = [
        (inert_line(key), value)
        for key, value in sorted(record["attributes"].items())
        if value and value not in record["message"]
    ]
    short = " ".join(
        f"{key}={inert(_quoted(value))}" for key, value in attributes if _is_line(value)
    )
    for key, value in attributes:
        if not _is_line(value):
            others += [f"{key}:", *inert(value.rstrip()).split("\n")]
    parts = [
        paint(_time(record["timestamp"]), _DIM),
        paint(f"{level:5}", _LEVEL_COLOURS.get(level, "")),
        paint(who, _NAME) if who else "",
        first,
        paint(short, _DIM) if short else "",
    ]
    return "\n    ".join([" ".join(part for part in parts if part), *others])


def _told(record: Record, name: str, paint: Callable[[str, str], str]) -> str:
    text = inert_line(_text(record, name))
    return paint(text, _LEVEL_COLOURS.get(text, "")) if name == "level" else text or "-"


def _time(text: str) -> str:
    """Day and time with milliseconds, UTC."""
    return f"{text.rstrip('Z').ljust(23, '0') if '.' in text else text.rstrip('Z') + '.000'}"[:23]


def _json(record: Record, fields: Sequence[str]) -> str:
    shown = {name: value_of(record, name) for name in fields} if fields else record
    return inert_json(json.dumps(shown, ensure_ascii=False))


def value_of(record: Record, name: str) -> Any:
    """What a record has in a field, named as in a query; empty where it has none."""
    field = storage.named_field(name)
    return (record["attributes"] if field.is_attribute else record).get(field.name, "")


def _text(record: Record, name: str) -> str:
    return str(value_of(record, name))


def _row(cells: Sequence[str]) -> str:
    """One line of CSV in which no cell is a formula to a spreadsheet, and none has a line feed."""
    out = io.StringIO()
    safe = [f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells]
    csv.writer(out, lineterminator="").writerow([inert_line(cell) for cell in safe])
    return out.getvalue()


def _is_line(text: str) -> bool:
    return "\n" not in text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if not text or " " in text or '"' in text else text


def _paint(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if colour else text


def _plain(text: str, colour: str) -> str:
    return text
