"""Formats that people make themselves: a pattern and the layouts of its time → a `Format`.

A pattern is either a line with its fields marked (`<ip> - - [<time>] "<request:quoted>"`, where
`\\<` is no mark) or a regex with named groups (and `%{name}` of the named patterns). Both run in
the linear-time engine.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import polars as pl

from logplatform.kernel.errors import PlatformError
from parsing.bodies import mark_body
from parsing.contracts import RECORD_SCHEMA, TEXT_COLUMNS, Field, Format, OwnFormat
from parsing.declared import Level, Rules
from parsing.layouts import LAYOUT_SETS, read_layout
from parsing.patterns import REFERENCE, UnknownPattern, expand, named_patterns

MAX_CHARS = 2_000
MAX_FIELDS = 60
MAX_LAYOUTS = 10
# Parts of a compiled pattern; the engine's time for a line is at most this times its length.
MAX_PARTS = 5_000
# Asked before every other format.
_FIRST = 1_000_000
_RESERVED = {*RECORD_SCHEMA} - {"timestamp", *TEXT_COLUMNS} | {"severity"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
_GROUP = re.compile(r"\(\?P?<([^>]*)>")
_MARK = re.compile(r"(?<!\\)<([A-Za-z_][A-Za-z0-9_.]*)(?::([a-z0-9_]+))?>")
_ATOM = re.compile(
    r"\(\?P?<[^>]*>|\(\?[a-zA-Z-]*:|\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.",
    re.DOTALL,
)
_TIMES = re.compile(r"[?*+]|\{([0-9]*)(,?)([0-9]*)\}")
# Names that mean something by themselves, and what they hold.
_MEANINGS = {"time": ("timestamp", ""), "ip": ("client_ip", "ip"), "level": ("level", "level")}
_LINE_TOO_LONG = f"it is longer than {MAX_CHARS} characters"


class UnusableFormat(PlatformError):
    """A format of one's own that cannot be used; `position` counts characters from 0, or None."""

    code: ClassVar[str] = "unusable_format"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "The format cannot be used: {problem}."
    hint: ClassVar[str] = (
        "data.position says where. Write regexes as RE2 does: no look-around, no back-references."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a person says of a format.

    Attributes:
        pattern: see the module.
        is_regex: the pattern is a regex, not a marked line.
        layouts: layouts of `timestamp` (`parsing.layouts`), tried in order; none: the usual ones.
    """

    pattern: str
    is_regex: bool = False
    layouts: tuple[str, ...] = ()


def own_format(name: str, definition: Definition, *, title: str = "") -> OwnFormat:
    """Make a format out of what a person says.

    `level` and `status` tell the severity, else words in the line do; `ip` becomes `client_ip`,
    `time` becomes `timestamp`.

    Raises:
        UnusableFormat: the pattern does not compile, is too large, or names no field or one that
            cannot be had; a layout is none.
    """
    written = definition.pattern
    if len(written) > MAX_CHARS:
        raise _unusable(_LINE_TOO_LONG, written, MAX_CHARS)
    if "\n" in written or "\r" in written:
        raise _unusable("it has more than one line", written, len(written.splitlines()[0]))
    regex, places = _regex_of(written) if definition.is_regex else _regex_of_line(written)
    _check_size(regex, written)
    _compile(regex, written, places)
    names = _checked_names(regex, written, places)
    regex = _without_nameless(regex)
    rules = Rules(
        patterns=(mark_body(regex),),
        pairs={},
        layouts=_layouts(definition.layouts),
        absent={},
        scales={},
        levels=tuple(_levels(names)),
        has_levels_in_text=True,
    )
    fields = tuple(Field(name=each) for each in names)
    made = Format(
        title=title or name,
        parse=rules.parse,
        specificity=_FIRST,
        fields=fields,
        patterns=(regex,),
        group="own",
    )
    return OwnFormat(name=name, format=made)


# Where a piece of the regex comes from: (start in the regex, start and end in what was written); of
# a mark or a named pattern the end is its start, as it is meant as a whole.
_Places = list[tuple[int, int, int]]


def _regex_of(written: str) -> tuple[str, _Places]:
    """A regex with its named patterns put in."""
    pieces, places, size, last = [], [], 0, 0
    for reference in REFERENCE.finditer(written):
        plain = written[last : reference.start()]
        try:
            expanded = expand(reference[0])
        except UnknownPattern as error:
            raise _unusable(str(error), written, reference.start()) from error
        places += [(size, last, reference.start())]
        places += [(size + len(plain), reference.start(), reference.start())]
        pieces += [plain, expanded]
        size += len(plain) + len(expanded)
        last = reference.end()
    places.append((size, last, len(written)))
    return "".join([*pieces, written[last:]]), places


def _regex_of_line(written: str) -> tuple[str, _Places]:
    """A marked line as a regex: what is between the marks stands for itself."""
    pieces, places, size, last = ["^"], [], 1, 0
    marks = list(_MARK.finditer(written))
    for number, mark in enumerate(marks):
        plain = _literal(written[last : mark.start()])
        is_last = number == len(marks) - 1 and not written[mark.end() :].strip()
        field = _field_of(mark, written, is_last=is_last)
        places += [(size, last, mark.start()), (size + len(plain), mark.start(), mark.start())]
        pieces += [plain, field]
        size += len(plain) + len(field)
        last = mark.end()
    places.append((size, last, len(written)))
    return "".join([*pieces, _literal(written[last:]), r"\s*$"]), places


def _field_of(mark: re.Match[str], written: str, *, is_last: bool) -> str:
    """The group of a mark."""
    name, pattern = mark[1], mark[2] or ""
    field, usual = _MEANINGS.get(name, (name, ""))
    pattern = pattern or usual
    if pattern and pattern not in named_patterns():
        raise _unusable(f"there is no pattern named {pattern!r}", written, mark.start(2))
    inner = expand(f"%{{{pattern}}}") if pattern else (".*" if is_last else ".*?")
    return f"(?P<{field}>{inner})"


def _literal(text: str) -> str:
    """Text as a regex; `\\<` is a `<`, and blanks may be more than one."""
    return re.sub(r"(?:\\ |\\\t)+", r"\\s+", re.escape(text.replace("\\<", "<")))


def _checked_names(regex: str, written: str, places: _Places) -> list[str]:
    found = [(match[1], _origin(places, match.start())) for match in _GROUP.finditer(_bare(regex))]
    names = [name for name, _ in found]
    if not names:
        what = "a field such as <message>"
        raise _unusable(f"it names no field; mark one, {what} or (?P<message>.*)", written, 0)
    if len(names) > MAX_FIELDS:
        raise _unusable(f"it has more than {MAX_FIELDS} fields", written, found[MAX_FIELDS][1])
    for number, (name, position) in enumerate(found):
        if name in names[:number]:
            raise _unusable(f"two fields are named {name!r}", written, position)
        if not _NAME.fullmatch(name):
            raise _unusable(f"a field cannot be named {name[:100]!r}", written, position)
        if name in _RESERVED or name.startswith("_"):
            raise _unusable(f"{name!r} is a name the platform keeps for itself", written, position)
    return names


def _bare(regex: str) -> str:
    """The regex with escaped characters and classes blanked, as long as before."""
    return re.sub(
        r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", lambda part: "." * len(part[0]), regex, flags=re.DOTALL
    )


def _without_nameless(regex: str) -> str:
    """The regex with groups that have no name made to capture nothing."""
    places = [match.start() for match in re.finditer(r"\((?!\?)", _bare(regex))]
    for place in reversed(places):
        regex = f"{regex[:place]}(?:{regex[place + 1 :]}"
    return regex


def _check_size(regex: str, written: str) -> None:
    """Refuse counted repetitions that would be slow on every line."""
    if _parts(regex) > MAX_PARTS:
        problem = "its counted repetitions are too large together"
        raise _unusable(problem, written, max(written.find("{"), 0))


def _parts(regex: str) -> int:
    """About how many steps the compiled pattern has."""
    stack, at = [0], 0
    while at < len(regex):
        atom = _ATOM.match(regex, at)
        if atom is None:
            raise AssertionError("BUG: an atom matches any character")
        at, size = atom.end(), 1
        if atom[0].startswith("("):
            stack.append(0)
            continue
        if atom[0] == ")" and len(stack) > 1:
            size = stack.pop() + 1
        while times := _TIMES.match(regex, at):
            at, size = times.end(), min(size * _most(times), MAX_PARTS + 1)
        stack[-1] += size
    return sum(stack)


def _most(times: re.Match[str]) -> int:
    """How often a repetition has its part written out."""
    bound = (times[3] or times[1] or "")[:9]
    return max(1, int(bound)) if bound else 1


def _compile(regex: str, written: str, places: _Places) -> None:
    try:
        pl.Series(["", "a b1"]).str.extract_groups(regex).struct.unnest()
    except (pl.exceptions.PolarsError, ValueError) as error:
        problem, place = _problem_of(error)
        raise _unusable(problem, written, _origin(places, place)) from error


def _problem_of(error: Exception) -> tuple[str, int | None]:
    """The engine's sentence and the place its caret points at."""
    lines = str(error).splitlines()
    told = next((line.removeprefix("error: ") for line in lines if line.startswith("error:")), "")
    carets = [line for line in lines if line.strip() and not line.strip(" ^")]
    # Of two places, such as those of one name, the second is the mistake.
    place = len(carets[0].rstrip("^")) - 4 if carets else None
    if not told:
        is_large = "size limit" in str(error)
        return "it is too large once compiled" if is_large else "it does not compile", None
    return told, place


def _origin(places: _Places, place: int | None) -> int | None:
    """The place in what was written."""
    if place is None:
        return None
    for start, first, last in reversed(places):
        if place >= start:
            return min(first + place - start, last)
    return 0


def _unusable(problem: str, written: str, position: int | None) -> UnusableFormat:
    """The error, with the place under a caret for people who read text."""
    shown = ""
    if position is not None:
        begin = max(0, position - 40)
        part = re.sub(r"\s", " ", written[begin : position + 40])
        shown = f"{part}\n{' ' * (position - begin)}^"
    return UnusableFormat(problem=problem, position=position, shown=shown)


def _layouts(layouts: tuple[str, ...]) -> tuple[str, ...]:
    if len(layouts) > MAX_LAYOUTS:
        raise _unusable(f"it has more than {MAX_LAYOUTS} layouts of time", "", None)
    for layout in layouts:
        if layout not in ("iso", *LAYOUT_SETS) and not _can_read(layout):
            raise _unusable(f"{layout[:100]!r} is no layout of a time", "", None)
    return tuple(each for name in layouts for each in LAYOUT_SETS.get(name, (name,)))


def _can_read(layout: str) -> bool:
    """Whether a time written in the layout is read again."""
    moment = pl.datetime(2026, 2, 11, 6, 43, 36, time_zone="UTC", time_unit="ns")
    plain = layout.replace("%Z", "UTC").replace("%L", "%3f")
    try:
        text = pl.select(moment.dt.to_string(plain)).to_series()
        read = read_layout(text, layout, zone="UTC", arrival=pl.select(moment).to_series())
    except (pl.exceptions.PolarsError, ValueError):
        return False
    read_again, written = read[0], pl.select(moment).item()
    return read_again is not None and abs(read_again - written) < timedelta(days=1)


def _levels(names: list[str]) -> list[Level]:
    rules = {"level": "level", "status": "http_status"}
    return [
        Level(field=name, rule=rule, words={}, is_spent=name == "level")
        for name, rule in rules.items()
        if name in names
    ]
