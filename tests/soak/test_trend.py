"""A soak calls memory flat only where it is."""

import pytest

from tests.soak.steady import trend


def test_quarters_begin_after_the_warm_up() -> None:
    values = [10.0, 90, 90, 90, 100, 100, 100, 101, 101, 101, 102, 102, 102, 103, 103, 103]
    found = trend([(minute / 12, mb) for minute, mb in enumerate(values)])
    assert found.idle_mb == 10
    assert found.quarters_mb == (100, 101, 102, 103)
    assert found.most_mb == 103
    assert found.is_flat


@pytest.mark.parametrize(("a_minute_mb", "is_flat"), [(1, True), (60, False)])
def test_what_grows_is_told_from_what_does_not(a_minute_mb: int, is_flat: bool) -> None:
    found = trend([(sample / 12, 700 + a_minute_mb * sample / 12) for sample in range(84)])
    assert found.slope_mb_min == pytest.approx(a_minute_mb)
    assert found.is_flat is is_flat
