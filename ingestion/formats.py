"""Names of the log formats, for choices in forms; reads file names only, so it stays light."""

from functools import cache
from pathlib import Path

import parsing

_FOLDER = Path(parsing.__file__).parent / "formats"


@cache
def format_names() -> tuple[str, ...]:
    """Every log format: one file each in `parsing/formats`, named like the file."""
    files = [file for file in _FOLDER.iterdir() if file.suffix in (".toml", ".py")]
    return tuple(sorted({file.stem for file in files if not file.stem.startswith("_")}))


def format_choices(chosen: str = "") -> list[tuple[str, str]]:
    """Choices of a form; a chosen format whose file is gone stays choosable."""
    names = sorted({*format_names(), chosen} - {""})
    return [("", "detected line by line"), *((name, name) for name in names)]
