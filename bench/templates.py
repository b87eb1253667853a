"""Grouping accuracy of message templates on Loghub: `python -m bench.templates FOLDER`.

FOLDER holds `<System>/<System>_2k.log_structured.csv` of https://github.com/logpai/loghub, which is
not part of this repository. The table goes into `docs/parsing-templates.md`.
"""

import re
import sys
from pathlib import Path

import polars as pl

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
    rows = []
    for system in sorted(DRAIN):
        path = folder / system / f"{system}_2k.log_structured.csv"
        lines = pl.read_csv(path, infer_schema=False).select("Content", "EventId")
        found = templates_of(lines["Content"].fill_null(""))["pattern_id"]
        accuracy = grouping_accuracy(lines["EventId"], found)
        rows.append((system, lines["EventId"].n_unique(), found.n_unique(), accuracy))
    averages = sum(row[3] for row in rows) / len(rows), sum(DRAIN.values()) / len(DRAIN)
    head = "| system | true templates | ours | grouping accuracy | Drain |\n|---|---|---|---|---|\n"
    body = "".join(
        f"| {name} | {true} | {ours} | {accuracy:.3f} | {DRAIN[name]:.3f} |\n"
        for name, true, ours, accuracy in rows
    )
    return f"{head}{body}| **average** | | | **{averages[0]:.3f}** | {averages[1]:.3f} |\n"


if __name__ == "__main__":
    made = table(Path(sys.argv[1]))
    marked = r"(<!-- table -->\n).*?(<!-- end -->)"
    text = re.sub(marked, lambda match: f"{match[1]}{made}{match[2]}", PAGE.read_text(), flags=re.S)
    PAGE.write_text(text)
    print(made)
