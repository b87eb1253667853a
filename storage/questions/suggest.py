"""What could be typed next in a query: fields, values and operators at the cursor, with counts."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from logplatform.kernel.levels import LEVELS, level_of_severity
from storage.clickhouse import client
from storage.contracts import InvalidLimit, LogQuery
from storage.counts import closed
from storage.query import QueryError, SqlCondition, parse_query
from storage.query.completion import Place, place_of
from storage.query.fields import EXISTS, PREFIX, TAGS, Kind, field_of
from storage.query.meaning import number_of
from storage.query.syntax import Word
from storage.query.text import escape, quote, unescape
from storage.questions.columns import MAX_NAME_CHARS, Columns
from storage.questions.fields import FieldInfo, having_any, list_fields, name_shares
from storage.questions.sample import sample_of
from storage.records import took_ms

MAX_ITEMS = 50
# Lines of each part of the range that are looked at for names of fields.
FIELD_LINES = 500

# Fewer values or names than that in the sample: look further.
FEW = 3
# Typing does not wait for what hardly a line has: what was found until then is told.
_PATIENCE = {"max_execution_time": 1, "timeout_overflow_mode": "break"}
# The same of names, which are then known for a while.
RARE_S = 0.5
NAMES_KEPT = timedelta(minutes=5)
MAX_RARE = 10
_FITS = "positionCaseInsensitiveUTF8({}, {{typed:String}}) > 0"

ItemKind = Literal["field", "value", "operator"]
_JOINS = {"AND": "both sides", "OR": "either side", "NOT": "without what follows"}
_COMPARISONS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_TIMES = {"now-15m": "15 minutes ago", "now-1h": "an hour ago", "now-1d": "a day ago"}
_NUMBERS = ("number", "integer", "level", "time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Something to put at the cursor: what to show, what to insert, and how many lines have it."""

    text: str
    insert: str
    kind: ItemKind
    detail: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """Replace the characters from `start` to `end` of the query; `kind` is that of the first."""

    start: int
    end: int
    kind: ItemKind
    items: list[Suggestion]
    took_ms: int


def suggest(query: LogQuery, text: str, cursor: int, *, limit: int = 20) -> Suggestions:
    """Complete a query at a position.

    Args:
        query: whose lines tell the fields and values; a sample of them is looked at.
        text: the query as typed so far, readable or not.
        cursor: the number of characters before the cursor; beyond the end is the end.
        limit: items at most, 1-50.
    Raises:
        InvalidLimit. QueryTooComplex, QueryError: the text is too long, or no text. Else as
        `search_logs`.
    """
    if not 1 <= limit <= MAX_ITEMS:
        raise InvalidLimit(highest=MAX_ITEMS)
    started = time.monotonic()
    place = place_of(text, cursor)
    query = closed(query)
    items: list[Suggestion] = []
    if place.expected == "field":
        items = list(_names(query, place))
    elif place.expected == "value":
        items = list(_values(query, place))
    items = items[:limit]
    return Suggestions(
        start=place.start,
        end=place.end,
        kind=items[0].kind if items else "value" if place.expected == "value" else "field",
        items=items,
        took_ms=took_ms(started),
    )


def _names(query: LogQuery, place: Place) -> Iterator[Suggestion]:
    """Fields that fit what is typed; operators before them where nothing or capitals are."""
    fields = _fields(query, place.typed)
    joins = list(_joins(place.typed)) if place.after_term or place.typed else []
    is_join = not place.typed or place.typed.isupper()
    if is_join:
        yield from joins
    for field in fields:
        if place.colon and field.name == place.typed and field.type in _NUMBERS:
            yield from _comparisons(f"{field.name}:")
    for field in _ranked(fields, place.typed):
        yield Suggestion(
            text=field.name,
            insert=field.name + place.colon,
            kind="field",
            detail=field.type,
            count=field.count,
        )
    if place.colon and not is_join:
        yield from joins
        if EXISTS.startswith(place.typed):
            detail = "lines that have the field"
            yield Suggestion(text=EXISTS, insert=f"{EXISTS}:", kind="operator", detail=detail)


def _fields(query: LogQuery, typed: str) -> list[FieldInfo]:
    """Fields of a sample, and of all lines where hardly one in the sample begins as is typed."""
    fields = list_fields(query, lines=FIELD_LINES).fields
    known = {field.name for field in fields}
    wanted = typed.lower().removeprefix(PREFIX)
    if not wanted or query.start is None or query.end is None:
        return fields
    if sum(_begins(name, wanted) for name in known) >= FEW:
        return fields
    names = _all_names(query.apps, _rounded(query.start), _rounded(query.end))
    if rare := [name for name in names if _begins(name, wanted) and name not in known]:
        narrowed = replace(query, q=having_any(rare[:MAX_RARE]))
        more = list_fields(narrowed, lines=FIELD_LINES).fields
        fields += [field for field in more if field.name in rare]
    return fields


def _begins(name: str, wanted: str) -> bool:
    return unescape(name).lower().startswith(wanted)


def _rounded(moment: datetime) -> datetime:
    """Somebody who types asks again and again, of times that move with the clock."""
    return moment - (moment - datetime.min.replace(tzinfo=UTC)) % NAMES_KEPT


@lru_cache(maxsize=256)
def _all_names(apps: tuple[str, ...], start: datetime, end: datetime) -> list[str]:
    """Names of the attributes of lines from about `start` to about `end`."""
    span = LogQuery(apps=apps, start=start, end=end + NAMES_KEPT)
    return [*name_shares(span, seconds=RARE_S)]


def forget_names() -> None:
    """Look for names anew."""
    _all_names.cache_clear()


def _ranked(fields: Iterable[FieldInfo], typed: str) -> list[FieldInfo]:
    """Names that begin so, then those of which a part does, then those that hold it."""
    wanted = typed.lower()
    whole = wanted.startswith(PREFIX)
    ranked = []
    for at, field in enumerate(fields):
        is_long = whole and field.is_attribute and not field.name.startswith(PREFIX)
        named = replace(field, name=PREFIX + field.name) if is_long else field
        rank = _rank(unescape(named.name).lower(), wanted)
        if rank is not None:
            ranked.append((rank, at, named))
    return [named for _, _, named in sorted(ranked, key=lambda entry: entry[:2])]


def _rank(name: str, wanted: str) -> int | None:
    if name.startswith(wanted):
        return 0
    if any(part.startswith(wanted) for part in name.replace(".", "_").split("_")):
        return 1
    return 2 if wanted in name else None


def _joins(typed: str) -> Iterator[Suggestion]:
    for word, detail in _JOINS.items():
        if word.startswith(typed.upper()):
            yield Suggestion(text=word, insert=f"{word} ", kind="operator", detail=detail)


def _comparisons(before: str) -> Iterator[Suggestion]:
    for operator, detail in _COMPARISONS.items():
        yield Suggestion(text=operator, insert=before + operator, kind="operator", detail=detail)


def _values(query: LogQuery, place: Place) -> Iterator[Suggestion]:
    """Values of the field that fit what is typed, the most frequent first."""
    match field_of(place.field).kind:
        case Kind.MESSAGE | Kind.ID:
            return
        case Kind.TIME:
            for text, detail in _TIMES.items():
                yield Suggestion(text=text, insert=text, kind="value", detail=detail)
        case Kind.LEVEL:
            yield from _levels(query, place.typed)
        case _:
            found = value_counts(query, place.field, place.typed)
            for value, count in found:
                yield Suggestion(text=value, insert=as_value(value), kind="value", count=count)
            if (
                not place.typed
                and found
                and all(number_of(value) is not None for value, _ in found)
            ):
                yield from _comparisons("")


def _levels(query: LogQuery, typed: str) -> Iterator[Suggestion]:
    counts = dict.fromkeys(LEVELS, 0)
    for severity, count in value_counts(query, "severity", ""):
        counts[level_of_severity(int(severity))] += count
    for level in reversed(LEVELS):
        if level.startswith(typed.upper()):
            text = level.lower()
            yield Suggestion(text=text, insert=text, kind="value", count=counts[level])


def value_counts(
    query: LogQuery, field: str, typed: str, *, limit: int = MAX_ITEMS
) -> list[tuple[str, int]]:
    """Values of a field, those first that begin with `typed`, then the most frequent.

    Args:
        field: its name, as it is.
        typed: a part of the values, in any case; empty: all.
    Returns:
        (value, lines that have it). The lines are a sample; where it has hardly a fitting value,
        all that can be looked at in a second.
    """
    name = escape(field)
    if not 0 < len(name) <= MAX_NAME_CHARS:
        return []
    columns = Columns()
    column = columns.of(name)
    shown = column.shown.format(column.key)
    # A line may have several tags.
    value = (
        f"arrayJoin(splitByChar(',', {shown})) AS value" if field in TAGS else f"{shown} AS value"
    )
    params = {**columns.params, "typed": typed}
    present = SqlCondition(text=column.is_present, params=params)
    fitting = SqlCondition(text=_FITS.format(shown), params=params)
    found = _counted(sample_of(query, value, present), limit)
    if typed and len(found) < FEW:
        wide = sample_of(query, value, present, fitting)
        found = _counted(wide, limit, **_PATIENCE) or found
    return found


def _counted(sample: SqlCondition, limit: int, **limits: Any) -> list[tuple[str, int]]:
    rows = client.fetch(
        f"SELECT value, count() AS n FROM ({sample.text}) WHERE {_FITS.format('value')} "
        "GROUP BY value ORDER BY positionCaseInsensitiveUTF8(value, {typed:String}) = 1 DESC, "
        f"n DESC, value LIMIT {int(limit)}",
        sample.params,
        **limits,
    )
    return [(row["value"], row["n"]) for row in rows]


def as_value(text: str) -> str:
    """A value as it has to stand after `field:`: in quotes, if it needs them."""
    try:
        is_plain = parse_query(f"x:{text}") == Word(field="x", text=text)
    except QueryError:
        is_plain = False
    return text if is_plain else quote(text)
