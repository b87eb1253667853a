"""Unusual volumes judged on made-up weeks: `python -m bench.incidents` writes docs/insights.md.

A world is an app's week of counts with everything that is usual: days and nights, week-ends, noise
that is rougher than Poisson, hourly jobs, jobs at odd minutes, bursts, restarts, growth, and odd
days in the past. On the eighth day things happen of which we know what and when. Same seed, same
world.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng

from analytics.volume.contracts import DAYS, Anomaly, Counts, Key, Kind, Numbers, Series
from analytics.volume.detect import find_anomalies

PAGE = Path(__file__).parents[1] / "docs" / "insights.md"
BEGIN, END = "<!-- judged: begin -->", "<!-- judged: end -->"
PER_DAY = 288
_TOTAL = (DAYS + 1) * PER_DAY
# Not the seeds that the thresholds were found with.
EVENTFUL, QUIET = range(5_000, 5_100), range(6_000, 6_050)
KINDS: tuple[Kind, ...] = ("spike", "silence", "new", "vanished")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What happened on the eighth day, and when, in its buckets; several keys may show it."""

    kind: Kind
    what: str
    keys: tuple[Key, ...]
    first: int
    last: int

    def is_found_by(self, anomaly: Anomaly) -> bool:
        """Whether an anomaly tells of it: kind, whose lines, and time."""
        theirs = {anomaly.key, *anomaly.key.ancestors}
        related = any(key in theirs or anomaly.key in key.ancestors for key in self.keys)
        is_then = anomaly.first < self.last and self.first < anomaly.last
        return related and is_then and anomaly.kind == self.kind


@dataclass(slots=True, kw_only=True)
class World:
    """Mean counts of each template, and what happens to them."""

    chance: Generator
    means: dict[Key, Numbers] = field(default_factory=dict)
    rough: dict[Key, float] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)

    def services(self) -> list[str]:
        """Names of the services."""
        return sorted({key.service for key in self.means})

    def templates(self, low: float, high: float = np.inf) -> list[Key]:
        """Templates with so many lines in a bucket on average, which nothing happened to yet."""
        taken = {key for incident in self.incidents for key in incident.keys}
        taken |= {key for key in self.means if taken & set(key.ancestors)}
        return sorted(
            (k for k, m in self.means.items() if low <= m.mean() < high and k not in taken), key=str
        )

    def series(self) -> list[Series]:
        """Counts of every template, and their sums by level, service and app."""
        sums: dict[Key, Counts] = {}
        for key, mean in self.means.items():
            shape = 1 / self.rough[key] ** 2
            counts = self.chance.poisson(mean * self.chance.gamma(shape, 1 / shape, len(mean)))
            sums[key] = counts
            for above in key.ancestors:
                sums[above] = sums.get(above, np.zeros(_TOTAL, dtype=np.int64)) + counts
        return [Series(key=key, counts=counts) for key, counts in sums.items()]


def usual_world(seed: int) -> World:
    """A week and a day in which nothing happens that did not happen before."""
    chance = default_rng(seed)
    world = World(chance=chance)
    for number in range(int(chance.integers(3, 7))):
        _add_service(world, f"service-{number}", 10 ** chance.uniform(0.5, 3.3))
    _add_jobs(world)
    _make_past_odd(world)
    return world


def eventful_world(seed: int) -> World:
    """A usual world in which something happens on the eighth day."""
    world = usual_world(seed)
    happenings = [*_HAPPENINGS]
    world.chance.shuffle(happenings)
    for happen in happenings[: int(world.chance.integers(2, 6))]:
        happen(world)
    return world


def _add_service(world: World, name: str, rate: float) -> None:
    """Templates of a service: a few are frequent, most are rare, errors are few."""
    chance = world.chance
    course = _course(chance) * rate
    shares = {"INFO": 0.9, "WARN": 0.07, "ERROR": 0.02, "DEBUG": 0.01}
    for level, share in shares.items():
        count = int(chance.integers(2, 8))
        weights = 1 / np.arange(1, count + 1) ** 1.2
        for number, weight in enumerate(weights / weights.sum()):
            key = _key(world, name, level)
            world.means[key] = course * share * weight
            world.rough[key] = float(chance.uniform(0.03, 0.25 if number else 0.12))


def _course(chance: Generator) -> Numbers:
    """Days and nights, week-ends, some growth."""
    at = np.arange(_TOTAL)
    swing = chance.uniform(0.1, 0.85)
    day = 1 + swing * np.sin(2 * np.pi * (at / PER_DAY - chance.uniform()))
    weekday = (at // PER_DAY + int(chance.integers(0, 7))) % 7
    weekend = np.where(weekday >= 5, chance.uniform(0.3, 1.1), 1.0)
    growth = 1 + chance.uniform(-0.01, 0.03) * at / PER_DAY
    return np.asarray(day * weekend * growth, dtype=np.float64)


def _add_jobs(world: World) -> None:
    """What comes in bursts: each hour, each day at about the same time, at any time."""
    chance = world.chance
    hourly, daily, bursts = (np.zeros(_TOTAL) for _ in range(3))
    hourly[int(chance.integers(0, 12)) :: 12] = chance.uniform(20, 400)
    for day in range(DAYS + 1):
        at = day * PER_DAY + 30 + int(chance.integers(0, 4))
        daily[at : at + 2] = 300
        for start in chance.integers(0, PER_DAY - 6, 5):
            bursts[day * PER_DAY + start : day * PER_DAY + start + 3] += chance.uniform(30, 90)
    for name, mean in (("hourly", hourly), ("nightly", daily), ("bursty", bursts)):
        key = _key(world, f"job-{name}", "INFO")
        world.means[key], world.rough[key] = mean, 0.1


def _make_past_odd(world: World) -> None:
    """An outage and a surge some days ago, and a restart each day: no news today."""
    chance = world.chance
    for times, hours in ((0.0, 1.0), (6.0, 0.8)):
        name = str(chance.choice(world.services()))
        start = int(chance.integers(0, (DAYS - 1) * PER_DAY))
        _scale(world, name, start, start + int(hours * 12), times)
    for name in world.services():
        if not name.startswith("job"):
            at = DAYS * PER_DAY + int(chance.integers(0, PER_DAY))
            _scale(world, name, at, at + 1, 0.4)


def _scale(world: World, service: str, first: int, last: int, times: float) -> None:
    for key, mean in world.means.items():
        if key.service == service:
            mean[first:last] *= times


def _key(world: World, service: str, level: str) -> Key:
    return Key(app="shop", service=service, level=level, pattern_id=len(world.means) + 1)


def _span(world: World, shortest: int, longest: int) -> tuple[int, int]:
    """Buckets of the eighth day."""
    length = int(world.chance.integers(shortest, longest + 1))
    first = int(world.chance.integers(6, PER_DAY - length - 6))
    return first, first + length


def _note(world: World, kind: Kind, what: str, keys: Iterable[Key], span: tuple[int, int]) -> None:
    world.incidents.append(
        Incident(kind=kind, what=what, keys=tuple(keys), first=span[0], last=span[1])
    )


def _today(mean: Numbers) -> Numbers:
    """The eighth day of a course, to be changed."""
    return mean[DAYS * PER_DAY :]


def _pick(world: World, low: float, high: float = np.inf) -> Key | None:
    """A template of a service that is no job."""
    fitting = [k for k in world.templates(low, high) if not k.service.startswith("job")]
    return fitting[int(world.chance.integers(len(fitting)))] if fitting else None


def _errors_surge(world: World) -> None:
    key = _pick(world, 0.2, 20)
    if key:
        first, last = _span(world, 3, 18)
        today = _today(world.means[key])
        today[first:last] = today[first:last] * world.chance.uniform(5, 20) + 15
        _note(world, "spike", "a template comes 5 to 20 times as often", [key], (first, last))


def _traffic_surges(world: World) -> None:
    keys = _whole_service(world)
    if keys:
        first, last = _span(world, 4, 24)
        times = world.chance.uniform(3, 6)
        for key in keys:
            _today(world.means[key])[first:last] *= times
        _note(world, "spike", "a service has 3 to 6 times its traffic", keys, (first, last))


def _ramp(world: World) -> None:
    key = _pick(world, 5)
    if key:
        first, last = _span(world, 18, 36)
        _today(world.means[key])[first:last] *= np.linspace(
            1, world.chance.uniform(4, 8), last - first
        )
        _note(
            world, "spike", "a template climbs to 4 to 8 times within hours", [key], (first, last)
        )


def _service_dies(world: World) -> None:
    keys = _whole_service(world)
    if keys:
        first, last = _span(world, 4, 36)
        for key in keys:
            _today(world.means[key])[first:last] *= world.chance.choice([0.0, 0.03])
        _note(
            world,
            "silence",
            "a service falls silent for 20 minutes to 3 hours",
            keys,
            (first, last),
        )


def _template_pauses(world: World) -> None:
    key = _pick(world, 5)
    if key:
        first, last = _span(world, 8, 36)
        _today(world.means[key])[first:last] = 0
        _note(
            world,
            "silence",
            "a template is missing for 40 minutes to 3 hours",
            [key],
            (first, last),
        )


def _deploy(world: World) -> None:
    """One template is replaced by another, until the end of the day."""
    key = _pick(world, 2)
    if key:
        first = int(world.chance.integers(6, PER_DAY - 48))
        successor = Key(
            app=key.app, service=key.service, level=key.level, pattern_id=10_000 + key.pattern_id
        )
        mean = np.zeros(_TOTAL)
        _today(mean)[first:] = _today(world.means[key])[first:]
        _today(world.means[key])[first:] = 0
        world.means[successor], world.rough[successor] = mean, 0.1
        _note(world, "new", "a deploy brings a template", [successor], (first, PER_DAY))
        _note(world, "vanished", "a deploy takes a template away", [key], (first, PER_DAY))


def _new_error(world: World) -> None:
    service = str(world.chance.choice([s for s in world.services() if not s.startswith("job")]))
    first, last = _span(world, 2, 24)
    key = Key(app="shop", service=service, level="ERROR", pattern_id=20_000)
    mean = np.zeros(_TOTAL)
    _today(mean)[first:last] = world.chance.uniform(10, 400) / (last - first)
    world.means[key], world.rough[key] = mean, 0.2
    _note(world, "new", "10 to 400 lines of an error never seen", [key], (first, last))


def _new_service(world: World) -> None:
    first = int(world.chance.integers(6, PER_DAY - 24))
    keys = [
        Key(app="shop", service="newcomer", level=level, pattern_id=30_000 + number)
        for number, level in enumerate(("INFO", "INFO", "ERROR"))
    ]
    for key in keys:
        mean = np.zeros(_TOTAL)
        _today(mean)[first:] = world.chance.uniform(0.2, 30)
        world.means[key], world.rough[key] = mean, 0.1
    _note(world, "new", "a service never seen", keys, (first, PER_DAY))


def _whole_service(world: World) -> list[Key]:
    """All templates of a service that nothing happened to, and of which there is enough."""
    free, chance = set(world.templates(0)), world.chance
    fitting = []
    for name in world.services():
        keys = sorted((key for key in world.means if key.service == name), key=str)
        mean = sum(float(_today(world.means[key]).mean()) for key in keys)
        if not name.startswith("job") and set(keys) <= free and mean >= 15:
            fitting.append(keys)
    return fitting[int(chance.integers(len(fitting)))] if fitting else []


_HAPPENINGS: tuple[Callable[[World], None], ...] = (
    _errors_surge,
    _traffic_surges,
    _ramp,
    _service_dies,
    _template_pauses,
    _deploy,
    _new_error,
    _new_service,
)


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What was found of what happened, and what was told of which nothing happened."""

    happened: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    true: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false: list[tuple[int, Anomaly]] = field(default_factory=list)
    days: int = 0

    def recall(self, kind: str) -> float:
        """Share of what happened that was found."""
        return self.found[kind] / max(1, self.happened[kind])

    def precision(self, kind: str) -> float:
        """Share of what was told that happened."""
        return self.true[kind] / max(1, self.told[kind])

    def add(self, world: World, seed: int) -> None:
        """Judge one world."""
        told = find_anomalies(world.series(), per_day=PER_DAY)
        self.days += 1
        for incident in world.incidents:
            self.happened[incident.kind] += 1
            is_found = any(incident.is_found_by(one) for one in told)
            self.found[incident.kind] += is_found
            self.missed[incident.what] += not is_found
        for one in told:
            self.told[one.kind] += 1
            is_true = any(incident.is_found_by(one) for incident in world.incidents)
            self.true[one.kind] += is_true
            if not is_true:
                self.false.append((seed, one))


def judge(seeds: Iterable[int], make: Callable[[int], World]) -> Judgement:
    """Judge a world for each seed."""
    judgement = Judgement()
    for seed in seeds:
        judgement.add(make(seed), seed)
    return judgement


def main() -> int:
    """Write the table, and say what was missed and what was told in vain."""
    eventful = judge(EVENTFUL, eventful_world)
    quiet = judge(QUIET, usual_world)
    table = report(eventful, quiet)
    head, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")
    print(table)
    print("missed:", dict(+eventful.missed))
    for seed, one in [*eventful.false, *quiet.false]:
        print("false:", seed, one)
    return 0


def report(eventful: Judgement, quiet: Judgement) -> str:
    """The table of the page."""
    lines = ["| kind | happened | found | recall | told | true | precision |", "|---|" + "--:|" * 6]
    for kind in KINDS:
        lines.append(
            f"| {kind} | {eventful.happened[kind]} | {eventful.found[kind]} | "
            f"{eventful.recall(kind):.0%} | {eventful.told[kind]} | {eventful.true[kind]} | "
            f"{eventful.precision(kind):.0%} |"
        )
    alarms = sum(quiet.told.values())
    return "\n".join(
        [
            *lines,
            "",
            f"{eventful.days} eventful days. {quiet.days} quiet days: {alarms} false alarms.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
