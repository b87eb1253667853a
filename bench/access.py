"""Access logs line by line: `python -m bench.access FILE…` writes docs/parsing-access.md.

Whether a line is well formed is told by a reader that shares nothing with ours. Each line is also
broken, once, at a place that chance chooses, and read with the format named.
"""

import random
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from bench.parsing import NOTHING
from parsing import Hint, Parsed, parse_lines, split_lines

PAGE = Path(__file__).parents[1] / "docs" / "parsing-access.md"
_ARRIVAL = datetime(2026, 12, 31, tzinfo=UTC)
_FORMAT = "access_combined"
_WELL_FORMED = re.compile(
    r'(\S+) \S+ (.+?) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "((?:[^"\\]|\\.)*)" '
    r'(\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"'
)
_HEAD = """# Parsing access logs

Made by `python -m bench.access FILE…` from logs that are not part of the project: Apache's of a
public site, and what nginx 1.22 wrote when the same requests, and broken ones, were sent to it.
Nothing said what they are. *In columns*: of the well-formed lines, those whose address, user,
time, request, status, size, referrer and agent are all what another reader finds. *Broken*: each
line again with a piece cut off, a quote taken away or bytes put in, read with the format named:
what still fits it is stored, the rest kept whole, with the reason.

| log | lines | well formed | in columns | broken | stored | kept with the reason | lost |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of the lines of one log, and of the same lines broken."""

    name: str
    lines: int
    well_formed: int
    right: int
    stored: int
    kept: int

    @property
    def row(self) -> str:
        """Of the table."""
        lost = self.lines - self.stored - self.kept
        share = f"{self.right / max(1, self.well_formed):.2%}"
        cells = (self.name, self.lines, self.well_formed, share, self.lines)
        return "| " + " | ".join(map(str, (*cells, self.stored, self.kept, lost))) + " |"


def score(name: str, body: bytes) -> Score:
    """Read a log, and once more broken."""
    lines = split_lines(body)
    text = [line.decode("utf-8", "replace") for line in lines.cast(pl.Binary)]
    expected = [_WELL_FORMED.fullmatch(line) for line in text]
    found = _parse(lines, Hint())
    rows = dict(zip(found.frame["line"], found.frame.iter_rows(named=True), strict=True))
    right = sum(_is_right(rows[n], match) for n, match in enumerate(expected) if match)
    broken = pl.Series(_broken(lines.cast(pl.Binary).to_list()), dtype=pl.Binary)
    told = _parse(broken, Hint(formats=(_FORMAT,)))
    whole = told.rejected.filter(
        pl.Series(told.rejected["raw"] == broken.gather(told.rejected["line"]))
        & pl.col("reason").str.contains("^[a-z_0-9]+: ")
    )
    return Score(
        name=name,
        lines=len(lines),
        well_formed=sum(match is not None for match in expected),
        right=right,
        stored=len(told.frame),
        kept=len(whole),
    )


def _parse(lines: pl.Series, hint: Hint) -> Parsed:
    arrived = pl.Series([_ARRIVAL] * len(lines), dtype=pl.Datetime("ms", "UTC"))
    return parse_lines(lines, received_at=arrived, hint=hint, treatment=NOTHING)


def _is_right(row: dict[str, object], match: re.Match[str]) -> bool:
    attributes = row["attributes"]
    if not isinstance(attributes, list):
        raise AssertionError("BUG: attributes are no list")
    told = {pair["key"]: pair["value"] for pair in attributes}
    request = told.get("request") or " ".join(
        told[name] for name in ("method", "path", "protocol") if name in told
    )
    address, user, time, asked, status, size, referrer, agent = match.groups()
    return (
        row["timestamp"] == datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z")
        and (told.get("client_ip"), told.get("status")) == (address, status)
        and (told.get("user", "-"), told.get("bytes", "-")) == (user, size)
        and (request, told.get("referrer", "-")) == (asked, referrer)
        and told.get("user_agent", "-") == agent
    )


def _broken(lines: list[bytes]) -> list[bytes]:
    """Each line with something wrong with it, but never empty."""
    rng = random.Random(7)
    found = []
    for line in lines:
        at = rng.randrange(1, max(2, len(line)))
        cut, without = line[:at], line.replace(b'"', b"", 1)
        found.append(rng.choice([cut, without, line[:at] + b"\x00\xff\x16" + line[at:]]))
    return found


def main(files: list[str]) -> None:
    """Write the page."""
    scores = [score(Path(file).name, Path(file).read_bytes()) for file in files]
    page = _HEAD + "\n".join(each.row for each in scores) + "\n"
    PAGE.write_text(page, "utf-8")
    print(page)


if __name__ == "__main__":
    main(sys.argv[1:])
