"""Which formats a line can be of, told by its shape: a handful of eighty.

What comes out depends on the line alone. A memory of what a source sent last would be quicker still
for it, but would make a record depend on its neighbours and on the worker that met them, and a
retry must give the same rows (see docs/decisions/0011-detection.md).
"""

from collections.abc import Iterable, Mapping

import polars as pl

from parsing.detection.automata import Automaton, automaton_of
from parsing.detection.literals import required_text
from parsing.detection.shapes import shapes_of, symbols_of_mark
from parsing.frames import constant

_MAX_REMEMBERED = 50_000

# Numbers of automata with the states each is in.
_States = frozenset[tuple[int, frozenset[int]]]


class Candidates:
    """Knows from their regexes which lines can be of which format; remembers shapes it has seen."""

    def __init__(self, regexes: Mapping[str, Iterable[str]]) -> None:
        """Prepare formats.

        Args:
            regexes: name → regexes, one of which every line of that format matches; none: any line.
        """
        self._owners: list[str] = []
        self._automata: list[Automaton] = []
        for name, own in regexes.items():
            for regex in [*own] or [""]:
                self._owners.append(name)
                self._automata.append(automaton_of(regex))
        self._start: _States = frozenset(
            (number, each.closure([each.start])) for number, each in enumerate(self._automata)
        )
        self._steps: dict[tuple[_States, str], _States] = {}
        self._names: dict[str, frozenset[str]] = {}

    def of_lines(self, lines: pl.Series) -> "LineCandidates":
        """The candidates of n lines (String, no nulls)."""
        shapes = shapes_of(lines)
        known = shapes.unique()
        return LineCandidates(shapes, {shape: self.of_shape(shape) for shape in known})

    def of_shape(self, shape: str) -> frozenset[str]:
        """Names of the formats that a line of this shape can be of."""
        names = self._names.get(shape)
        if names is None:
            if len(self._names) + len(self._steps) > _MAX_REMEMBERED:
                self._names.clear()
                self._steps.clear()
            names = self._names[shape] = self._follow(shape)
        return names

    def _follow(self, shape: str) -> frozenset[str]:
        states = self._start
        for mark in shape.removesuffix("e"):
            if (states, mark) not in self._steps:
                self._steps[states, mark] = self._step(states, mark)
            states = self._steps[states, mark]
        is_whole = shape.endswith("e")
        return frozenset(
            self._owners[number]
            for number, places in states
            if not is_whole or self._automata[number].final in places
        )

    def _step(self, states: _States, mark: str) -> _States:
        symbols, is_run = symbols_of_mark(mark), mark in "0a"
        found = []
        for number, places in states:
            after = reached = self._automata[number].step(places, symbols)
            while is_run and reached:
                more = self._automata[number].step(reached, symbols) - after
                after, reached = after | more, more
            if after:
                found.append((number, after))
        return frozenset(found)


class LineCandidates:
    """The candidates of some lines; `kinds` UInt32 has one value a line, equal for equal ones."""

    def __init__(self, shapes: pl.Series, names: Mapping[str, frozenset[str]]) -> None:
        """Take n shapes and the names for each distinct one."""
        self._names = [*{*names.values()}]
        if len(self._names) <= 1:
            self.kinds = constant(0, len(shapes), pl.UInt32)
        else:
            places = {kind: place for place, kind in enumerate(self._names)}
            self.kinds = shapes.replace_strict(
                list(names), [places[kind] for kind in names.values()], return_dtype=pl.UInt32
            )

    def mask_of(self, name: str, kinds: pl.Series) -> pl.Series | bool:
        """Which of some lines can be of a format: a mask, True for all of them, False for none."""
        fits = [name in kind for kind in self._names]
        if all(fits) or not any(fits):
            return bool(fits) and fits[0]
        return pl.Series(fits, dtype=pl.Boolean).gather(kinds)


class Gate:
    """A quick look for the text that every line of a format holds."""

    def __init__(self, regexes: Iterable[str]) -> None:
        """Find that text in the regexes, one of which every line matches."""
        texts = [required_text(regex) for regex in regexes]
        self._texts = [*dict.fromkeys(texts)] if all(len(text) > 1 for text in texts) else []

    def mask_of(self, lines: pl.Series) -> pl.Series | bool:
        """Which of some lines hold it: a mask, or True for all of them."""
        if not self._texts:
            return True
        mask = lines.str.contains(self._texts[0], literal=True)
        for text in self._texts[1:]:
            mask |= lines.str.contains(text, literal=True)
        return mask
