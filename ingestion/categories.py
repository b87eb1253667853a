"""Which attributes of a source behave like categories: few values that come again and again.

Every name has its chance; one that proves to have many values, or long ones, loses it and makes
room for another. Nothing here asks anybody; `ingestion.rarity` knows which values are new.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from logplatform.kernel.anomaly import UNUSUAL
from logplatform.kernel.request_fields import DURATION_MS, DURATION_S

MAX_VALUES = 50
_MAX_NAMES = 16
_MAX_VARIED = 500
_MAX_VALUE_BYTES = 128
_SAMPLED_PAIRS = 20_000
_NAME = re.compile(r"[A-Za-z][\w.@/-]{0,63}", re.ASCII)
# Numbers without an end, whatever few of them a source has sent so far.
_NEVER = frozenset((*DURATION_MS, *DURATION_S, UNUSUAL, "pid", "tid", "thread", "lineno", "bytes"))


@dataclass(slots=True)
class Categories:
    """`lines`: name of an attribute → lines that had it; `varied`: names that are no category."""

    lines: dict[str, int] = field(default_factory=dict)
    varied: set[str] = field(default_factory=set)

    def dump(self) -> str:
        """As text."""
        return json.dumps([self.lines, sorted(self.varied)])

    @classmethod
    def load(cls, text: str | bytes | None) -> "Categories":
        """From text; of none, knowing nothing."""
        lines, varied = json.loads(text) if text else ({}, [])
        return cls(lines, set(varied))

    def learn(self, names: Iterable[str]) -> None:
        """Give names their chance, as many as there is room for."""
        for name in sorted({*names} - self.varied - _NEVER - self.lines.keys()):
            if len(self.lines) < _MAX_NAMES and _NAME.fullmatch(name):
                self.lines[name] = 0

    def drop(self, name: str) -> None:
        """Take a name for no category."""
        del self.lines[name]
        if len(self.varied) >= _MAX_VARIED:
            self.varied.clear()
        self.varied.add(name)


class Attributes:
    """The attributes of some records, by name."""

    def __init__(self, lists: pl.Series) -> None:
        """Take n values as of the record frame's `attributes`."""
        pairs = lists.explode(empty_as_null=False, keep_nulls=False)
        self._keys, self._values = pairs.struct.field("key"), pairs.struct.field("value")
        self._ends = np.cumsum(lists.list.len().to_numpy())

    def names(self) -> list[str]:
        """Names that occur in a sample."""
        step = max(1, len(self._keys) // _SAMPLED_PAIRS)
        return list(self._keys.gather_every(step).unique())

    def values_of(self, name: str) -> pl.Series:
        """The values under a name."""
        return self._values.filter(self._keys == name)

    def first_rows(self, name: str, values: pl.Series) -> list[int]:
        """For each of the values the first record that has it under a name."""
        places = (self._keys == name).arg_true()
        frame = pl.DataFrame({"place": places, "value": self._values.gather(places)})
        first = frame.filter(pl.col("value").is_in(values.implode())).unique("value", keep="first")
        rows = np.searchsorted(self._ends, first["place"].to_numpy(), side="right")
        return [int(row) for row in rows]


def may_be_values(values: pl.Series) -> bool:
    """Whether values are short enough for those of a category."""
    longest = values.str.len_bytes().max()
    return not isinstance(longest, int) or longest <= _MAX_VALUE_BYTES
