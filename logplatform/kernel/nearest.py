"""Which known names are nearly what somebody typed."""

from collections.abc import Iterable


def nearest(typed: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Known names within a few slips of the typed one, the nearest first, in any case.

    A slip is a letter too many, too few, another, or two exchanged; a third of the letters may be
    slips. After them come names of which the typed one is a part.
    """
    wanted = typed.lower()
    allowed = max(1, len(wanted) // 3)
    found = []
    for at, name in enumerate(known):
        other = name.lower()
        if name == typed:
            continue
        slips = _slips(wanted, other, allowed)
        if slips <= allowed:
            found.append((slips, at, name))
        elif len(wanted) > 2 and wanted in other:
            found.append((allowed + 1, at, name))
    return [name for _, _, name in sorted(found)[:limit]]


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known name and a space behind it, or nothing."""
    near = nearest(typed, known, limit=1)
    return f"Did you mean `{near[0]}`? " if near else ""


def _slips(a: str, b: str, allowed: int) -> int:
    """The distance of two words; anything over `allowed` where it is more.

    Source: optimal string alignment (restricted Damerau-Levenshtein) distance.
    """
    if abs(len(a) - len(b)) > allowed:
        return allowed + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for at, letter in enumerate(a):
        before, last, row = row, before, [at + 1]
        for to, other in enumerate(b):
            cost = min(before[to] + (letter != other), row[to] + 1, before[to + 1] + 1)
            if at and to and letter == b[to - 1] and a[at - 1] == other:
                cost = min(cost, last[to - 1] + 1)
            row.append(cost)
        if min(row) > allowed:
            return allowed + 1
    return row[-1]
