"""What is said of times that cannot be used."""

import pytest

from analytics.errors import InvalidTime
from analytics.parameters import read_time


@pytest.mark.parametrize("value", ["2999-01-01", "0001-01-01", "yesterday"])
def test_a_time_that_cannot_be_stored_is_refused_with_the_years_there_are(value: str) -> None:
    with pytest.raises(InvalidTime, match="between 1678 and 2262"):
        read_time("start", value)


@pytest.mark.parametrize("value", ["1678-01-01", "2262-01-01"])
def test_the_years_that_are_named_can_be_used(value: str) -> None:
    assert read_time("start", value)
