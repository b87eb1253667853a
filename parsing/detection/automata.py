"""Regexes → small automata that tell what a line may begin with, and the text it must hold.

Both are for sparing lines a regex that cannot fit them, so they may allow too much, never too
little. The dialect is that of Rust's `regex`.
Source: K. Thompson, "Regular Expression Search Algorithm", CACM 11(6), 1968.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from parsing.detection.symbols import ANYTHING, class_at, escape_at, symbols_of

_MAX_COPIES = 24
_GROUP_OPENINGS = ("(?P<", "(?<")

# A state: the symbols it takes (0: none) and the states that follow.
_State = tuple[int, list[int]]


@dataclass(slots=True)
class Automaton:
    """States by number; `start` is where a line begins, `final` is reached where it may end."""

    states: list[_State] = field(default_factory=list)
    start: int = 0
    final: int = 0

    def add(self, symbols: int, following: Iterable[int]) -> int:
        """A new state; returns its number."""
        self.states.append((symbols, [*following]))
        return len(self.states) - 1

    def closure(self, numbers: Iterable[int]) -> frozenset[int]:
        """The states reached without a character."""
        reached, waiting = set[int](), [*numbers]
        while waiting:
            number = waiting.pop()
            if number not in reached:
                reached.add(number)
                symbols, following = self.states[number]
                waiting += [] if symbols else following
        return frozenset(reached)

    def step(self, numbers: Iterable[int], symbols: int) -> frozenset[int]:
        """The states reached by one of these symbols."""
        following = (self.states[number] for number in numbers)
        return self.closure(
            after for taken, states in following if taken & symbols for after in states
        )


def automaton_of(regex: str) -> Automaton:
    """An automaton that takes at least every line the regex matches."""
    try:
        return _Reader(regex).automaton()
    except (ValueError, IndexError):
        return _anything()


def _anything() -> Automaton:
    automaton = Automaton()
    automaton.final = automaton.add(0, ())
    _loop_on_anything(automaton, automaton.final)
    automaton.start = automaton.final
    return automaton


def _loop_on_anything(automaton: Automaton, number: int) -> None:
    loop = automaton.add(ANYTHING, ())
    automaton.states[loop][1].append(number)
    automaton.states[number][1].append(loop)


class _Reader:
    """Reads a regex from left to right and builds the automaton backwards from its parts."""

    def __init__(self, regex: str) -> None:
        self.regex = regex
        self.at = 0
        self.into = Automaton()

    def automaton(self) -> Automaton:
        """Read the whole regex.

        Raises:
            ValueError, IndexError: it uses what is not read here.
        """
        flags_end = self.regex.index(")") + 1 if self.regex.startswith("(?i)") else 0
        is_anchored = self.regex.startswith("^", flags_end)
        ends = self.regex.endswith("$") and not self.regex.endswith("\\$")
        self.at = flags_end
        start, end = self._choice(depth=0)
        has_choice = self._saw_top_choice
        if not (ends and not has_choice):
            _loop_on_anything(self.into, end)
        if not is_anchored or has_choice:
            entry = self.into.add(0, [start])
            _loop_on_anything(self.into, entry)
            start = entry
        self.into.start, self.into.final = start, end
        return self.into

    _saw_top_choice = False

    def _choice(self, depth: int) -> tuple[int, int]:
        end = self.into.add(0, ())
        starts = []
        while True:
            start, last = self._sequence(depth)
            self.into.states[last][1].append(end)
            starts.append(start)
            if self._peek() != "|":
                break
            self.at += 1
            self._saw_top_choice |= depth == 0
        return self.into.add(0, starts), end

    def _sequence(self, depth: int) -> tuple[int, int]:
        start = last = self.into.add(0, ())
        while self._peek() not in ("", "|", ")"):
            begin = self.at
            first, end = self._atom(depth)
            first, end = self._repeated(begin, first, end, depth)
            self.into.states[last][1].append(first)
            last = end
        return start, last

    def _peek(self) -> str:
        return self.regex[self.at : self.at + 1]

    def _atom(self, depth: int) -> tuple[int, int]:
        character = self.regex[self.at]
        if character == "(":
            return self._group(depth)
        if character == "[":
            symbols, self.at = class_at(self.regex, self.at)
            return self._one(symbols)
        if character == "\\":
            found, self.at = escape_at(self.regex, self.at)
            return self._one(found)
        self.at += 1
        if character in "^$":
            return self._one(None)
        return self._one(ANYTHING if character == "." else symbols_of(character))

    def _one(self, symbols: int | None) -> tuple[int, int]:
        end = self.into.add(0, ())
        return self.into.add(symbols or 0, [end]), end

    def _group(self, depth: int) -> tuple[int, int]:
        for opening in _GROUP_OPENINGS:
            if self.regex.startswith(opening, self.at):
                self.at = self.regex.index(">", self.at) + 1
                break
        else:
            self.at += 1
            if self._peek() == "?":
                self.at = self.regex.index(":", self.at, self.regex.index(")", self.at)) + 1
        found = self._choice(depth + 1)
        if self._peek() != ")":
            raise ValueError(f"unclosed group at {self.at}")
        self.at += 1
        return found

    def _repeated(self, begin: int, first: int, end: int, depth: int) -> tuple[int, int]:
        low, high, after = quantifier_at(self.regex, self.at)
        if after == self.at:
            return first, end
        start = last = self.into.add(0, ())
        for number in range(min(low, _MAX_COPIES)):
            if number:
                self.at = begin
                first, end = self._atom(depth)
            self.into.states[last][1].append(first)
            last = end
        self.at = after
        if high is not None and high == low:
            return start, last
        return start, self._optional(begin, last, is_loop=high != 1, after=after, depth=depth)

    def _optional(self, begin: int, last: int, *, is_loop: bool, after: int, depth: int) -> int:
        """Once more or any number of times more; any number where the regex says up to n."""
        self.at = begin
        first, end = self._atom(depth)
        self.at = after
        done = self.into.add(0, ())
        gate = self.into.add(0, [first, done])
        self.into.states[last][1].append(gate)
        self.into.states[end][1].append(gate if is_loop else done)
        return done


def quantifier_at(regex: str, at: int) -> tuple[int, int | None, int]:
    """Least and most repetitions (None: no end) and the place behind the quantifier at `at`."""
    signs: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
    sign = regex[at : at + 1]
    low, high, after = 1, 1, at
    if sign in signs and sign:
        (low, most), after = signs[sign], at + 1
        return low, most, after + (regex[after : after + 1] == "?")
    if sign == "{":
        close = regex.index("}", at)
        least, comma, upper = regex[at + 1 : close].partition(",")
        most = int(upper) if upper else None if comma else int(least)
        return int(least), most, close + 1 + (regex[close + 1 : close + 2] == "?")
    return low, high, after
