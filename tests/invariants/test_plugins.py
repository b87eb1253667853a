"""Adding one thing is one file and its test: no plug-in without a test."""

from pathlib import Path

import pytest

from tests.invariants.sources import ROOT, tracked_files

# Declarative formats (.toml) bring their samples, which are their test.
FOLDERS = {"parsing/formats/*": ".py", "ingestion/protocols": ".py", "analytics/questions": ".py"}


def plugins() -> list[Path]:
    """Files of plug-ins, relative to the root."""
    relative = [path.relative_to(ROOT) for path in tracked_files()]
    return [
        path
        for path in relative
        if any(("/" / path).match(f"/{folder}/[!_]*{suffix}") for folder, suffix in FOLDERS.items())
    ]


@pytest.mark.parametrize("plugin", plugins(), ids=str)
def test_every_plugin_has_its_test(plugin: Path) -> None:
    test = Path("tests") / plugin.parent / f"test_{plugin.stem}.py"
    assert (ROOT / test).is_file(), f"Write {test}."


def test_there_are_plugins_to_look_at() -> None:
    assert len(plugins()) >= 2
