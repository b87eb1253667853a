"""docs/soak.md: one section for each kind of soak, replaced by its newest run."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.report import machine

if TYPE_CHECKING:
    from tests.soak.steady import Outcome as Steady
    from tests.soak.storm import Outcome

PATH = Path(__file__).resolve().parents[2] / "docs" / "soak.md"
_HEAD = """# Soak

Made by `make soak`, which starts the whole platform as `make up` does and breaks it, and by
`python -m tests.soak --steady`, which keeps it under load for some minutes.
"""
_WORDS = {
    "bodies": "bodies sent",
    "acked": "lines promised by a 2xx",
    "unknown": "lines without a promise (connection broken, sent without a key)",
    "stored": "lines stored",
    "quarantined": "lines in quarantine (three workers were killed over their body)",
    "lost": "**lines lost**",
    "doubled": "**lines doubled**",
    "damaged": "lines not as they were sent",
    "invented": "lines nobody sent",
    "torn": "bodies stored in part",
    "receipts_wrong": "receipts missing, doubled, or not adding up",
    "ledger_gap": "lines by which ledger and store differ",
}


def write(heading: str, text: str) -> None:
    """Replace the section, keep the others."""
    before = PATH.read_text() if PATH.exists() else _HEAD
    kept = re.split(r"(?m)^(?=## )", before)
    sections = [part for part in kept[1:] if not part.startswith(f"## {heading}\n")]
    sections.append(f"## {heading}\n\n{text.strip()}\n\n")
    PATH.write_text(_HEAD + "\n" + "".join(sorted(sections)).rstrip() + "\n")


def storm_text(outcome: "Outcome", *, minutes: float, seed: int) -> str:
    """Figures of a storm as Markdown."""
    tally = outcome.tally
    fresh = "never" if outcome.fresh_s is None else f"{outcome.fresh_s:.1f} s"
    figures = [
        ("kills (SIGKILL)", f"{tally.count:,}"),
        ("stalls (SIGSTOP, then SIGCONT)", f"{tally.stalls.total():,}"),
        ("outages of a store, killed again while it started", f"{tally.outages:,}"),
        *(
            (_WORDS[item.name], f"{getattr(outcome.verdict, item.name):,}")
            for item in fields(outcome.verdict)
        ),
        *((f"left in the queue: {name}", f"{left:,}") for name, left in outcome.rest.items()),
        ("a new line afterwards, post to store", fresh),
    ]
    parts = [
        f"{machine()}",
        f"Seed {seed}, {minutes:.0f} minutes in all. Four senders repeat a body under its "
        "`Idempotency-Key` until a 2xx, a fifth sends without a key. Lines carry their number and "
        "a checksum, those of a body belong to three days. Verdict: "
        f"{'every promise was kept' if outcome.is_good else '**broken**'}.",
        table(("figure", ""), figures),
        "Who was killed, and where it or the line stood:",
        table(("victim", "moment", "kills"), _by_victim(tally.kills)),
        "What senders were answered:",
        table(("answer", "times"), sorted((w, f"{n:,}") for w, n in outcome.answers.items())),
    ]
    problems = [*outcome.problems, *tally.problems]
    return "\n\n".join(parts + [f"```\n{problem}\n```" for problem in problems])


def _by_victim(kills: "dict[tuple[str, str], int]") -> list[tuple[str, str, str]]:
    return [(victim, moment, f"{times:,}") for (victim, moment), times in sorted(kills.items())]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the last column is of numbers."""
    marks = ["---"] * (len(head) - 1) + ["---:"]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, marks, *rows])


def steady_text(outcome: "Steady", *, minutes: float, seed: int) -> str:
    """Figures of a steady run as Markdown."""
    seen = outcome.seen
    figures = [
        ("lines accepted", f"{seen.accepted:,}"),
        ("lines accepted a second", f"{seen.accepted / outcome.load_s:,.0f}"),
        *((name, f"{lines:,}") for name, lines in outcome.books.items()),
        *((f"left in the queue: {name}", f"{left:,}") for name, left in outcome.rest.items()),
        ("backlog gone after the load", f"{outcome.drained_s:.0f} s"),
        *((f"posts answered {what}", f"{times:,}") for what, times in sorted(seen.answers.items())),
        *((f"searches answered {what}", f"{n:,}") for what, n in sorted(seen.searches.items())),
        ("search, median", f"{1000 * median(seen.search_s or [0]):.0f} ms"),
        ("lines that reached live tails", f"{seen.tail_lines:,}"),
        ("lines live tails were told they missed", f"{seen.tail_dropped:,}"),
        ("errors", f"{len(seen.problems):,}"),
    ]
    trends = [
        (
            name,
            *(f"{mb:.0f}" for mb in (trend.idle_mb, *trend.quarters_mb, trend.most_mb)),
            f"{trend.slope_mb_min:+.1f}",
            "flat" if trend.is_flat else "**grows**",
        )
        for name, trend in outcome.trends.items()
    ]
    quarters = ("1st quarter", "2nd", "3rd", "4th")
    head = ("process", "before, MB", *quarters, "most", "MB a minute", "")
    parts = [
        machine(),
        f"Seed {seed}, {minutes:.0f} minutes in all, {outcome.load_s / 60:.0f} of them under load: "
        "four senders as fast as the door takes bodies of 5,000 lines (289 bytes "
        "each, of the second they are sent), two searchers, three live tails, all on one machine. "
        "The backlog may be 256 MB; beyond it the door answers 503, which is no error here.",
        table(("figure", ""), figures),
        "Memory of all processes of a kind in MB (proportional share of shared pages): before the "
        "load, then medians of the four quarters of what comes after the warm-up, a quarter of the "
        "time. Flat is what grows by less than a tenth from the first quarter to the last.",
        table(head, trends),
    ]
    return "\n\n".join(parts + [f"```\n{problem}\n```" for problem in seen.problems[:20]])
