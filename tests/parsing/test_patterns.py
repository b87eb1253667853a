"""Named patterns."""

import polars as pl
import pytest

from parsing.patterns import Pattern, UnknownPattern, expand, named_patterns


@pytest.mark.parametrize("pattern", named_patterns().values(), ids=lambda each: each.name)
def test_a_pattern_matches_its_example(pattern: Pattern) -> None:
    """Whole, in the engine that formats run in."""
    assert pl.Series([pattern.example]).str.contains(f"^(?:{expand(pattern.regex)})$").all()


def test_a_reference_becomes_a_group() -> None:
    """With a field's name a named one."""
    assert expand("%{int} %{int:n}") == "(?:-?[0-9]+) (?P<n>-?[0-9]+)"


def test_an_unknown_pattern_is_named() -> None:
    """Whoever writes a format sees which one."""
    with pytest.raises(UnknownPattern, match="'nothing'"):
        expand("%{nothing}")
