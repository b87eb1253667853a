"""Limits of questions as settings word them."""

import pytest

from logplatform.kernel.query_limits import QueryLimits, parse_query_limits


def test_what_is_not_named_has_its_default() -> None:
    limits = parse_query_limits("seconds=5 bytes=10G")
    assert limits == QueryLimits(seconds=5, memory=1 << 30, rows=0, bytes=10 << 30)


@pytest.mark.parametrize("text", ["5", "seconds", "seconds=", "seconds=-1", "hours=1", "rows=1.5"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="needs"):
        parse_query_limits(text)
