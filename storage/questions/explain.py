"""Why a query finds nothing: which clause, and what may have been meant."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property, partial
from typing import Any, Literal

from logplatform.kernel import clock
from logplatform.kernel.nearest import nearest
from storage.clickhouse import client
from storage.clickhouse.error_codes import QueryTooExpensive
from storage.contracts import LogQuery
from storage.counts import closed, count_logs
from storage.query import QueryError, parse_query, render
from storage.query import syntax as s
from storage.query.clauses import Clause, clauses_of
from storage.query.elsewhere import Meant, meant_by
from storage.query.fields import COLUMNS, Kind, field_of
from storage.query.instants import moment_of
from storage.query.syntax import Leaf, Node, map_leaves
from storage.query.text import unescape
from storage.questions.fields import list_fields, name_shares
from storage.questions.suggest import FIELD_LINES, as_value, value_counts
from storage.questions.whereabouts import fields_with
from storage.records import EVENT_NS, iso_moment, iso_time, took_ms
from storage.retention import terms_of_apps
from storage.where import where

# Each clause costs one or two counts: beyond these, nothing more is looked at.
MAX_CLAUSES = 8
MAX_LEAVES = 12
BUDGET_S = 4.0
KNOWN_VALUES = 500
# How long all lines are looked at: for names of fields, and for a word that no message has.
WHEREABOUTS_S = 1.0
MAX_PLACES = 3

ReasonKind = Literal["unknown_field", "unknown_value", "time", "app", "clause"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A query that may have been meant, with the range it is for, if that is another.

    `parameter` is the name of the plain filter that should be `text`; none: it stands in `q`.
    """

    text: str
    q: str
    start: str | None = None
    end: str | None = None
    parameter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why nothing was found.

    Attributes:
        clause: the part of the query, which stands from `start` to `end`; a plain filter or the
            range stands nowhere.
        count_without: lines that are found when it is left away.
    """

    kind: ReasonKind
    clause: str
    message: str
    start: int | None = None
    end: int | None = None
    suggestions: list[Fix] = field(default_factory=list)
    count_without: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Reasons, those that tell most first; none where lines were found.

    `is_complete`: every clause could be looked at in the time there is.
    """

    matched: int
    reasons: list[Reason]
    is_complete: bool
    took_ms: int


def explain_logs(query: LogQuery) -> Explanation:
    """Say why a query finds nothing.

    Looks at the first 8 clauses, and tells after about 4 s what it knows by then.

    Raises:
        as `search_logs`.
    """
    started = time.monotonic()
    matched = count_logs(query)
    search = _Search(query, deadline=started + BUDGET_S)
    reasons = [] if matched else search.reasons()
    return Explanation(
        matched=matched,
        reasons=reasons,
        is_complete=search.is_complete,
        took_ms=took_ms(started),
    )


_ORDER: tuple[ReasonKind, ...] = ("app", "unknown_field", "unknown_value", "time", "clause")


class _Search:
    """Looks for the reasons of one query that found nothing."""

    def __init__(self, query: LogQuery, *, deadline: float) -> None:
        self._query = query
        self._deadline = deadline
        self._clauses = clauses_of(query.q)
        # All that the caller has at this time, whatever the query.
        self._here = replace(query, q="", level=(), service=(), host=(), source=())
        self.is_complete = True
        # There is no line at this time, so nothing can be told of clauses.
        self._is_empty = False

    def reasons(self) -> list[Reason]:
        """The reasons: what another language would read differently, then those that tell most."""
        meant = self._elsewhere()
        words = [one for one in self._clauses if not any(_is_within(one, part) for part in meant)]
        looked_at = words[:MAX_CLAUSES]
        self.is_complete = len(looked_at) == len(words)
        steps: list[Callable[[], Iterator[Reason]]] = [self._apps, self._look_here]
        steps += [partial(self._clause, clause) for clause in looked_at]
        steps += [self._filters, self._times]
        found = [reason for step in steps for reason in self._tried(step)]
        found.sort(key=lambda reason: _ORDER.index(reason.kind))
        return [*map(self._meant, meant), *found]

    def _tried(self, step: Callable[[], Iterator[Reason]]) -> Iterator[Reason]:
        """What a step finds; what costs most is the last to be tried."""
        if self._is_empty and step != self._times:
            return
        try:
            yield from step()
        except QueryTooExpensive:
            self.is_complete = False

    def _look_here(self) -> Iterator[Reason]:
        """Whether there is any line at this time."""
        self._is_empty = not self._any(self._here)
        yield from ()

    def _apps(self) -> Iterator[Reason]:
        """Apps named in the query that the caller does not see."""
        apps = self._query.apps
        for clause in self._clauses:
            for leaf in _leaves(clause.node):
                if leaf.field == "app" and isinstance(leaf, s.Word | s.Phrase):
                    if leaf.text in apps:
                        continue
                    message = f"There is no app “{leaf.text[:63]}” that you may see."
                    names = nearest(leaf.text, apps)
                    yield self._reason("app", clause, message, self._fixes(clause, leaf, names))

    def _elsewhere(self) -> list[Meant]:
        """What other languages read differently, in the order of the query."""
        q, found = self._query.q, list[Meant]()
        for clause in self._clauses:
            if found and _is_within(clause, found[-1]):
                continue
            if meant := meant_by(q, clause.start, clause.end, self._is_name):
                found.append(meant)
        return found

    def _meant(self, part: Meant) -> Reason:
        """Another language's part of the query, with the query as it is written here."""
        q, written = self._query.q, part.written
        text, fixed = q[part.start : part.end], q[: part.start] + written + q[part.end :]
        return Reason(
            kind="clause",
            clause=text,
            start=part.start,
            end=part.end,
            message=f"“{text[:80]}” is read as text here; what may be meant is {written[:80]}.",
            suggestions=[Fix(text=written, q=fixed)] if _is_readable(fixed) else [],
        )

    def _is_name(self, name: str) -> bool:
        """Whether lines of this time have a field of this name."""
        with suppress(QueryTooExpensive):
            return name in self._names
        return name in COLUMNS

    def _times(self) -> Iterator[Reason]:
        """Lines that the query finds at other times."""
        if self._query.start is None and self._query.end is None:
            return
        found = self._fetch(
            f"count() AS n, min({EVENT_NS}) AS first, max({EVENT_NS}) AS last",
            replace(self._query, start=None, end=None),
        )[0]
        if found["n"]:
            first, last = iso_time(found["first"]), iso_time(found["last"])
            message = f"Nothing at this time, but {found['n']} lines from {first} to {last}."
            end = iso_moment(moment_of(found["last"]) + timedelta(milliseconds=1))
            fix = Fix(text="All of that time", q=self._query.q, start=first, end=end)
            yield Reason(
                kind="time", clause="", message=message, suggestions=[fix], count_without=found["n"]
            )
        if self._is_empty and not found["n"]:
            message = self._gone() or "There are no lines at all of this time."
            yield Reason(kind="time", clause="", message=message, count_without=0)

    def _gone(self) -> str:
        """Says so when the whole range is before what is kept."""
        days = list(terms_of_apps(self._query.apps).values())
        kept = [day for day in days if day is not None]
        if not kept or len(kept) < len(days) or self._query.end is None:
            return ""
        oldest = clock.now() - timedelta(days=max(kept))
        return f"Lines are kept for {max(kept)} days." if self._query.end <= oldest else ""

    def _clause(self, clause: Clause) -> Iterator[Reason]:
        """What is the matter with one clause, if anything."""
        rest = " ".join(other.text for other in self._clauses if other is not clause)
        without = self._count(replace(self._query, q=rest))
        leaves = _leaves(clause.node)[:MAX_LEAVES]
        problems = [reason for leaf in leaves for reason in self._leaf(clause, leaf, without)]
        yield from problems
        if without and (not problems or len(leaves) > 1):
            message = f"Without “{clause.text[:80]}” there are {without} lines."
            yield self._reason("clause", clause, message, [], without)

    def _leaf(self, clause: Clause, leaf: Leaf, without: int) -> Iterator[Reason]:
        """A field that no line has, or a value that none has."""
        kind = field_of(leaf.field).kind
        exists = s.Exists(field=leaf.field)
        if kind is Kind.ATTRIBUTE and not self._any(replace(self._here, q=render(exists))):
            message = f"No line of this time has the field “{leaf.field[:80]}”."
            fixes = self._fixes(clause, leaf, nearest(leaf.field, self._names), is_field=True)
            yield self._reason("unknown_field", clause, message, fixes, without)
        elif isinstance(leaf, s.Word | s.Phrase) and leaf.field != "app":
            if self._any(replace(self._here, q=render(leaf))):
                return
            of = "the words" if kind is Kind.MESSAGE else leaf.field[:80]
            message = f"No line of this time has {of} “{leaf.text[:80]}”."
            if kind is Kind.MESSAGE and (fields := self._fields_with(leaf.text)):
                message = f"No message of this time has “{leaf.text[:80]}”, but {fields[0]} has."
                fixes = self._fixes(clause, leaf, fields, is_field=True)
            else:
                fixes = self._fixes(clause, leaf, self._values_near(leaf, kind))
            yield self._reason("unknown_value", clause, message, fixes, without)

    def _values_near(self, leaf: s.Word | s.Phrase, kind: Kind) -> list[str]:
        if kind not in (Kind.TEXT, Kind.ATTRIBUTE) or not leaf.text:
            return []
        counted = value_counts(closed(self._here), leaf.field, "", limit=KNOWN_VALUES)
        return nearest(leaf.text, [value for value, _ in counted])

    def _fields_with(self, text: str) -> list[str]:
        """Other fields that have it as their value, if there is time to look."""
        left_s = self._left_s()
        return fields_with(self._here, text, seconds=left_s)[:MAX_PLACES] if left_s > 0 else []

    def _left_s(self) -> float:
        """How long all lines may be looked at."""
        return min(self._deadline - time.monotonic(), WHEREABOUTS_S)

    def _filters(self) -> Iterator[Reason]:
        """Plain filters that leave nothing."""
        for name in ("level", "service", "host", "source"):
            values: tuple[str, ...] = getattr(self._query, name)
            changed: dict[str, Any] = {name: ()}
            if not values:
                continue
            without = self._count(replace(self._query, **changed))
            clause = f"{name}={','.join(values)}"[:200]
            unknown = [] if name == "level" else [one for one in values if self._lacks(name, one)]
            for value in unknown:
                yield self._unknown(name, value, clause, without)
            if without and not unknown:
                message = f"Without the filter {clause} there are {without} lines."
                yield Reason(kind="clause", clause=clause, message=message, count_without=without)

    def _lacks(self, name: str, value: str) -> bool:
        """Whether no line of this time has this value of a plain filter."""
        changed: dict[str, Any] = {name: (value,)}
        return not self._any(replace(self._here, **changed))

    def _unknown(self, name: str, value: str, clause: str, without: int) -> Reason:
        """A plain filter with a value that no line has."""
        near = self._values_near(s.Word(field=name, text=value), Kind.TEXT)
        return Reason(
            kind="unknown_value",
            clause=clause,
            message=f"No line of this time has {name} “{value[:80]}”.",
            suggestions=[Fix(text=text, q=self._query.q, parameter=name) for text in near],
            count_without=without,
        )

    @cached_property
    def _names(self) -> list[str]:
        """Fields of the lines of the range, and those all lines have."""
        found = [one.name for one in list_fields(self._here, lines=FIELD_LINES).fields]
        if (left_s := self._left_s()) > 0:
            found += name_shares(self._here, seconds=left_s)
        return list(dict.fromkeys([*COLUMNS, *found]))

    def _count(self, query: LogQuery) -> int:
        return int(self._fetch("count() AS n", query)[0]["n"])

    def _any(self, query: LogQuery) -> bool:
        return bool(self._fetch("1 AS found", query, "LIMIT 1"))

    def _fetch(self, columns: str, query: LogQuery, tail: str = "") -> list[dict[str, Any]]:
        """Rows, if there is time left for them. Raises: QueryTooExpensive."""
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise QueryTooExpensive(limit="time")
        condition = where(query)
        return client.fetch(
            f"SELECT {columns} FROM logs WHERE {condition.text} {tail}",
            condition.params,
            max_execution_time=round(left_s, 3),
        )

    def _fixes(
        self, clause: Clause, leaf: Leaf, names: list[str], *, is_field: bool = False
    ) -> list[Fix]:
        """The query with each of the names in the place of a leaf's field or value."""
        q = self._query.q
        fixes = []
        for name in names:
            other = _renamed(leaf, name) if is_field else _with_value(leaf.field, name)
            node = map_leaves(clause.node, partial(_exchanged, leaf, other))
            text = render(node)
            if isinstance(node, s.Or | s.And) and len(self._clauses) > 1:
                text = f"({text})"
            fixes.append(Fix(text=name, q=f"{q[: clause.start]}{text}{q[clause.end :]}"))
        return fixes

    def _reason(
        self,
        kind: ReasonKind,
        clause: Clause,
        message: str,
        fixes: list[Fix],
        without: int | None = None,
    ) -> Reason:
        return Reason(
            kind=kind,
            clause=clause.text,
            start=clause.start,
            end=clause.end,
            message=message,
            suggestions=fixes,
            count_without=without,
        )


def _is_within(clause: Clause, part: Meant) -> bool:
    return part.start <= clause.start < part.end


def _is_readable(q: str) -> bool:
    try:
        parse_query(q)
    except QueryError:
        return False
    return True


def _leaves(node: Node) -> list[Leaf]:
    """The tests that lines have to pass, not those they must not."""
    match node:
        case s.And(nodes=nodes) | s.Or(nodes=nodes):
            return [leaf for part in nodes for leaf in _leaves(part)]
        case s.Not() | s.MatchAll():
            return []
        case _:
            return [node]


def _exchanged(leaf: Leaf, other: Leaf, one: Leaf | s.MatchAll) -> Node:
    return other if one == leaf else one


def _renamed(leaf: Leaf, name: str) -> Leaf:
    return replace(leaf, field=unescape(name))


def _with_value(field_name: str, value: str) -> Leaf:
    is_plain = as_value(value) == value
    return (s.Word if is_plain else s.Phrase)(field=field_name, text=value)
