"""docs/reliability.md names tests: they exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", (ROOT / "docs/reliability.md").read_text())


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_what_is_said_to_hold_a_promise_exists(file: str, test: str) -> None:
    text = (ROOT / "tests" / file).read_text()
    assert not test or f"def {test}(" in text


def test_every_row_names_what_holds_it() -> None:
    assert len(NAMED) > 40
