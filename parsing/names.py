"""Names of the log formats, read from the folder alone: light enough for the web tier."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "formats"


@cache
def format_names() -> tuple[str, ...]:
    """The name of every format, sorted."""
    return tuple(sorted({file.stem for file in format_files()}))


@cache
def format_files() -> tuple[Path, ...]:
    """The file of every format, `parsing/formats/<group>/<name>.toml` or `.py`, sorted."""
    files = [file for file in FOLDER.glob("*/[!_]*") if file.suffix in (".toml", ".py")]
    return tuple(sorted(files))


@cache
def format_groups() -> tuple[str, ...]:
    """The groups that formats are in, sorted."""
    return tuple(sorted({file.parent.name for file in format_files()}))
