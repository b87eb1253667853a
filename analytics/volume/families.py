"""One event shows in many series; of those, keep what tells most.

What is missing or new is told of the largest: that a service is silent, not each of its templates.
What is too much is told of the smallest that explains it: the template, not the service; so is the
first error of a service.
"""

from collections.abc import Iterable, Sequence

from analytics.volume.contracts import Anomaly, Key

EXPLAINS = 0.7
# A part that is so much odder than the whole is worth a word of its own.
ODDER = 1.5


def most_telling(found: Sequence[Anomaly]) -> list[Anomaly]:
    """The anomalies without those that another one stands for."""
    by_key: dict[Key, list[Anomaly]] = {}
    for one in found:
        by_key.setdefault(one.key, []).append(one)
    explained = {
        id(above)
        for one in found
        if one.kind in ("spike", "new")
        for above in _above(one, by_key, ("spike", "new"))
        if one.excess >= EXPLAINS * above.excess and _may_explain(one, above)
    }
    left = [one for one in found if id(one) not in explained]
    by_key = {}
    for one in left:
        by_key.setdefault(one.key, []).append(one)
    return [one for one in left if not _is_covered(one, by_key)]


def _may_explain(one: Anomaly, above: Anomaly) -> bool:
    """A new level is told of its new template, which has words; a new service is told itself."""
    return above.kind == "spike" or bool(one.key.pattern_id and above.key.level)


def _is_covered(one: Anomaly, by_key: dict[Key, list[Anomaly]]) -> bool:
    if one.kind == "new":
        return any(True for _ in _above(one, by_key, ("new",)))
    if one.kind == "spike":
        return any(one.score < ODDER * above.score for above in _above(one, by_key, ("spike",)))
    return any(True for _ in _above(one, by_key, ("silence", "vanished")))


def _above(
    one: Anomaly, by_key: dict[Key, list[Anomaly]], kinds: tuple[str, ...]
) -> Iterable[Anomaly]:
    """Anomalies of these kinds at the same time, of what includes it."""
    for key in one.key.ancestors:
        for above in by_key.get(key, ()):
            if above.kind in kinds and above.overlaps(one):
                yield above
