"""What goes into the search for unusual volumes, and what comes out."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["spike", "silence", "new", "vanished"]
Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]

DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Whose lines are counted: an app's, a service's, of one level, of one template.

    An empty `service` or `level` and the `pattern_id` 0 stand for all. A template names the service
    and the level that its lines have.
    """

    app: str
    service: str = ""
    level: str = ""
    pattern_id: int = 0

    @property
    def ancestors(self) -> "tuple[Key, ...]":
        """The keys whose lines include these, nearest first."""
        chain = [
            Key(app=self.app, service=self.service, level=self.level),
            Key(app=self.app, service=self.service),
            Key(app=self.app),
        ]
        return tuple(key for key in dict.fromkeys(chain) if key != self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Counts of a key: `DAYS` days of history, then the buckets to judge, of equal width."""

    key: Key
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Unusual buckets: from `first` up to `last`, without it, counted from the first judged one."""

    key: Key
    kind: Kind
    first: int
    last: int
    actual: int
    expected: float
    score: float

    @property
    def excess(self) -> float:
        """How many lines too many."""
        return self.actual - self.expected

    def overlaps(self, other: "Anomaly") -> bool:
        """Whether they share half of the shorter one."""
        shared = min(self.last, other.last) - max(self.first, other.first)
        return shared * 2 >= min(self.last - self.first, other.last - other.first)
