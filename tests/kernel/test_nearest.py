"""Names that are nearly what was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logplatform.kernel.nearest import nearest

FIELDS = ["service", "status", "http.status", "duration_ms", "level", "host", "user_id"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("lvel", ["level"]),
        ("levle", ["level"]),
        ("Level", ["level"]),
        ("stauts", ["status"]),
        ("status", ["http.status"]),
        ("duration", ["duration_ms"]),
        ("zzz", []),
        ("", []),
        ("hots", ["host"]),
    ],
)
def test_the_nearest_names_are_found(typed: str, found: list[str]) -> None:
    assert nearest(typed, FIELDS) == found


def test_no_more_than_the_limit_the_nearest_first() -> None:
    assert nearest("web-1", ["web-12", "web-2", "web-1", "db-1"], limit=2) == ["web-12", "web-2"]


@given(st.text(min_size=3, max_size=8), st.integers(0, 7))
def test_a_word_with_one_letter_less_is_near(word: str, at: int) -> None:
    less = word[:at] + word[at + 1 :]
    assert less == word or word in nearest(less, [word])
