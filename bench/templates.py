"""Grouping accuracy of message templates on Loghub: `python -m bench.templates FOLDER`.

FOLDER holds `<System>/<System>_2k.log_structured.csv` of https://github.com/logpai/loghub, which is
not part of this repository. The table goes into `docs/parsing-templates.md`.
"""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from parsing import Hint, parse_lines
from parsing.templates import templates_of

PAGE = Path(__file__).parents[1] / "docs" / "parsing-templates.md"
# Zhu et al., "Tools and Benchmarks for Automated Log Parsing", ICSE-SEIP 2019, table 2.
DRAIN = {
    **{"HDFS": 0.998, "Hadoop": 0.948, "Spark": 0.920, "Zookeeper": 0.967, "BGL": 0.963},
    **{"HPC": 0.887, "Thunderbird": 0.955, "Windows": 0.997, "Linux": 0.690, "Android": 0.911},
    **{"HealthApp": 0.780, "Apache": 1.0, "Proxifier": 0.527, "OpenSSH": 0.788},
    **{"OpenStack": 0.733, "Mac": 0.787},
}


def grouping_accuracy(truth: pl.Series, found: pl.Series) -> float:
    """The share of lines whose group holds exactly the lines of their true group.

    Source: Zhu et al. 2019, section 3.1.
    """
    lines = pl.DataFrame({"truth": truth, "found": found})
    sizes = lines.group_by("found").agg(size=pl.len())
    groups = lines.group_by("truth").agg(
        n=pl.len(), parts=pl.col("found").n_unique(), found=pl.col("found").first()
    )
    exact = (pl.col("parts") == 1) & (pl.col("n") == pl.col("size"))
    return float(groups.join(sizes, on="found").filter(exact)["n"].sum()) / len(lines)


def table(folder: Path) -> str:
    """One row a system, and the average."""
    rows: list[list[Any]] = []
    for system in sorted(DRAIN):
        path = folder / system / f"{system}_2k.log_structured.csv"
        lines = pl.read_csv(path, infer_schema=False).select("Content", "EventId")
        truth = lines["EventId"]
        messages = templates_of(lines["Content"].fill_null(""))["pattern_id"]
        whole = _ids_of_lines(folder / system / f"{system}_2k.log")
        accuracies = [grouping_accuracy(truth, found) for found in (messages, whole)]
        rows.append([system, truth.n_unique(), messages.n_unique(), *accuracies, DRAIN[system]])
    averages = [sum(row[place] for row in rows) / len(rows) for place in (3, 4, 5)]
    head = "| system | true templates | ours | messages | whole lines | Drain, messages |\n"
    body = "".join(
        f"| {name} | {true} | {ours} | {message:.3f} | {line:.3f} | {drain:.3f} |\n"
        for name, true, ours, message, line, drain in rows
    )
    last = " | ".join(f"**{average:.3f}**" for average in averages)
    return f"{head}|---|---|---|---|---|---|\n{body}| **average** | | | {last} |\n"


def _ids_of_lines(path: Path) -> pl.Series:
    """Ids of a file's lines as a source with default settings reads them."""
    text = path.read_text("utf-8", "replace").split("\n")
    lines = pl.Series([line.removesuffix("\r") for line in text if line.strip()])
    arrived = pl.Series([datetime.now(UTC)], dtype=pl.Datetime("ms", "UTC"))
    received_at = arrived.new_from_index(0, len(lines))
    return parse_lines(lines, received_at=received_at, hint=Hint()).frame["pattern_id"]


if __name__ == "__main__":
    made = table(Path(sys.argv[1]))
    marked = r"(<!-- table -->\n).*?(<!-- end -->)"
    text = re.sub(marked, lambda match: f"{match[1]}{made}{match[2]}", PAGE.read_text(), flags=re.S)
    PAGE.write_text(text)
    print(made)
