"""Names of the log formats, read from the folder alone: light enough for the web tier."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "formats"


@cache
def format_names() -> tuple[str, ...]:
    """The name of every format, sorted."""
    files = [file for file in FOLDER.iterdir() if file.suffix in (".toml", ".py")]
    return tuple(sorted(file.stem for file in files if not file.stem.startswith("_")))
