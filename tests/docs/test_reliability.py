"""docs/reliability.md and docs/security.md name tests: they exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = "".join((ROOT / "docs" / name).read_text() for name in ("reliability.md", "security.md"))
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", TEXT)))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_what_is_said_to_hold_a_promise_exists(file: str, test: str) -> None:
    text = (ROOT / "tests" / file).read_text()
    assert not test or f"def {test}(" in text


def test_every_row_names_what_holds_it() -> None:
    assert len(NAMED) > 100
