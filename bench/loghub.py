"""Parsing against the Loghub corpus: `python -m bench.loghub FOLDER` writes docs/parsing.md.

FOLDER holds a folder per system with `<System>_2k.log` and `<System>_2k.log_structured.csv`; it is
not part of the project. Source: J. Zhu et al., "Loghub: A Large Collection of System Log Datasets
for AI-driven Log Analytics", ISSRE 2023.
"""

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import polars as pl

from logplatform.kernel.levels import severity_of_level
from parsing import Hint, parse_lines, split_lines

PAGE = Path(__file__).parents[1] / "docs" / "parsing.md"
ARRIVAL = datetime(2026, 11, 22, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """How the ground truth of one system is read.

    Attributes:
        time: the columns of the time, joined with a space.
        layout: Python's layout of it; `epoch` for seconds; without %Y the year is the arrival's.
        component: the column that names what wrote the line.
        level: the column of the level; empty where the lines have none.
        column: the record's column to compare the component with; empty: service or logger.
        cut: only what follows this in the ground truth's component is one.
    """

    time: tuple[str, ...]
    layout: str
    component: str = "Component"
    level: str = ""
    column: str = ""
    cut: str = "\n"


_SYSLOG = System(time=("Month", "Date", "Time"), layout="%b %d %H:%M:%S")
SYSTEMS = {
    "Android": System(time=("Date", "Time"), layout="%m-%d %H:%M:%S.%f", level="Level"),
    "Apache": System(time=("Time",), layout="%a %b %d %H:%M:%S %Y", component="", level="Level"),
    "BGL": System(time=("Time",), layout="%Y-%m-%d-%H.%M.%S.%f", level="Level"),
    "HDFS": System(time=("Date", "Time"), layout="%y%m%d %H%M%S", level="Level"),
    "HPC": System(time=("Time",), layout="epoch"),
    "Hadoop": System(time=("Date", "Time"), layout="%Y-%m-%d %H:%M:%S,%f", level="Level"),
    "HealthApp": System(time=("Time",), layout="%Y%m%d-%H:%M:%S:%L"),
    "Linux": _SYSLOG,
    "Mac": _SYSLOG,
    # Its ground truth has the host in the component's place.
    "OpenSSH": System(time=("Date", "Day", "Time"), layout="%b %d %H:%M:%S", column="host"),
    "OpenStack": System(time=("Date", "Time"), layout="%Y-%m-%d %H:%M:%S.%f", level="Level"),
    "Proxifier": System(time=("Time",), layout="%m.%d %H:%M:%S", component="Program"),
    "Spark": System(time=("Date", "Time"), layout="%y/%m/%d %H:%M:%S", level="Level"),
    "Thunderbird": System(time=("Timestamp",), layout="epoch"),
    "Windows": System(time=("Date", "Time"), layout="%Y-%m-%d %H:%M:%S", level="Level"),
    # Its ground truth cuts thread and class at the first colon, the address of the thread included.
    "Zookeeper": System(
        time=("Date", "Time"), layout="%Y-%m-%d %H:%M:%S,%f", level="Level", cut=":"
    ),
}
_FAILURE = {"failure": 17}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Shares of the lines of one system that have it right; None where the lines have none."""

    system: str
    lines: int
    formats: str
    quarantined: int
    time: float
    level: float | None
    component: float | None
    misses: tuple[str, ...] = ()


def scores(folder: Path) -> Iterator[Score]:
    """Parse each system as it would arrive, without a hint, and compare with the ground truth."""
    for name, system in SYSTEMS.items():
        file = folder / name / f"{name}_2k.log"
        truth = list(csv.DictReader(StringIO(Path(f"{file}_structured.csv").read_text("utf-8"))))
        lines = split_lines(file.read_bytes())
        if len(lines) != len(truth):
            raise SystemExit(f"{file}: {len(lines)} lines, but the ground truth has {len(truth)}")
        yield _score(name, system, lines, truth)


def _score(name: str, system: System, lines: pl.Series, truth: list[Row]) -> Score:
    arrived = pl.Series([ARRIVAL], dtype=pl.Datetime("ms", "UTC")).new_from_index(0, len(lines))
    parsed = parse_lines(lines, received_at=arrived, hint=Hint())
    rows = {row["line"]: row for row in parsed.frame.to_dicts()}
    counts = parsed.frame["format"].value_counts(sort=True)
    checks = _checks(system)
    misses = [
        f"{kind}: {lines[number]}"
        for kind, is_right in checks.items()
        for number, row in enumerate(truth)
        if number in rows and not is_right(rows[number], row)
    ]

    def share(kind: str) -> float | None:
        if kind not in checks:
            return None
        wrong = sum(miss.startswith(f"{kind}:") for miss in misses) + len(parsed.rejected)
        return 1 - wrong / len(truth)

    return Score(
        system=name,
        lines=len(truth),
        formats=", ".join(f"`{name}` {count}" for name, count in counts.iter_rows()),
        quarantined=len(parsed.rejected),
        time=share("time") or 0.0,
        level=share("level"),
        component=share("component"),
        misses=tuple(misses),
    )


def _checks(system: System) -> dict[str, Callable[[dict[str, object], Row], bool]]:
    checks = {"time": lambda found, row: found["timestamp"] == _time(system, row)}
    if system.level:
        level = system.level
        checks["level"] = lambda found, row: found["severity"] == _severity(row[level])
    if system.component:
        component, columns = (
            system.component,
            (system.column or "logger", system.column or "service"),
        )
        checks["component"] = lambda found, row: (
            row[component].rpartition(system.cut)[2].strip()
            in [str(found[column]).strip() for column in columns]
        )
    return checks


def _severity(word: str) -> int | None:
    return _FAILURE.get(word.lower()) or severity_of_level(word)


def _time(system: System, row: Row) -> datetime:
    text = " ".join(row[column] for column in system.time)
    if system.layout == "epoch":
        return datetime.fromtimestamp(int(text), tz=UTC)
    if system.layout.endswith("%L"):
        head, _, milliseconds = text.rpartition(":")
        text, layout = f"{head}:{int(milliseconds):03d}", system.layout.replace("%L", "%f")
    else:
        layout = system.layout
    if "%Y" in layout or "%y" in layout:
        return datetime.strptime(text, layout).replace(tzinfo=UTC)
    time = datetime.strptime(f"{ARRIVAL.year} {text}", f"%Y {layout}").replace(tzinfo=UTC)
    return time if time <= ARRIVAL + _DAY else time.replace(year=ARRIVAL.year - 1)


def page(found: list[Score]) -> str:
    """The table as Markdown."""
    lines = [
        "# Parsing against Loghub\n",
        "Made by `python -m bench.loghub FOLDER` from the [Loghub](https://github.com/logpai/loghub)"
        " corpus (J. Zhu et al., ISSRE 2023): 2,000 real lines of each of 16 systems, sent without"
        " a word about their format. Shares are of lines whose time, level and component (where the"
        " lines of the system have one) are those of Loghub's ground truth; lines without a year"
        " get the latest in which they are not ahead of their arrival. Loghub gives OpenSSH's host"
        " as its component, and for ZooKeeper the end of the thread's name with the class; compared"
        " are the host and the class.\n",
        "| system | lines | quarantined | time | level | component | detected as |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for score in found:
        shares = " | ".join(_percent(x) for x in (score.time, score.level, score.component))
        lines.append(
            f"| {score.system} | {score.lines} | {score.quarantined} | {shares} | {score.formats} |"
        )
    return "\n".join(lines) + "\n"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def main(folder: Path) -> None:
    """Write the page, and print what is wrong."""
    found = list(scores(folder))
    PAGE.write_text(page(found), "utf-8")
    print(page(found))
    for score in found:
        for miss in score.misses[:5]:
            print(f"{score.system}: {miss[:200]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
