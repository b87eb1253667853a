"""The neighbours of a line."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from storage.contracts import InvalidLimit
from storage.questions.context import get_context
from tests.storage.records import AT

Store = Callable[..., list[str]]


@pytest.fixture
def ids(store: Store) -> list[str]:
    """Ten lines of one source, three of them at the same moment, between others."""
    moments = [0, 1, 2, 3, 3, 3, 4, 5, 6, 7]
    mine = [
        {"message": f"m{at}", "timestamp": AT + timedelta(seconds=s)}
        for at, s in enumerate(moments)
    ]
    others = [
        {"message": "other source", "source": "db", "timestamp": AT + timedelta(seconds=3)},
        {"message": "other app", "app": "zoo", "timestamp": AT + timedelta(seconds=3)},
    ]
    return store(*mine, *others)


def around(record_id: str, before: int, after: int) -> list[list[str]]:
    context = get_context(("shop",), UUID(record_id), before=before, after=after)
    assert context is not None
    parts = (context.before, [context.record], context.after)
    return [[record["message"] for record in part] for part in parts]


def test_neighbours_are_in_order_also_within_one_moment(ids: list[str]) -> None:
    assert around(ids[4], 2, 3) == [["m2", "m3"], ["m4"], ["m5", "m6", "m7"]]
    assert around(ids[0], 5, 1) == [[], ["m0"], ["m1"]]
    assert around(ids[9], 500, 500) == [[f"m{at}" for at in range(9)], ["m9"], []]
    assert around(ids[5], 0, 0) == [[], ["m5"], []]


def test_a_line_of_another_app_has_no_context(ids: list[str]) -> None:
    assert get_context(("shop",), UUID(ids[-1])) is None
    assert get_context((), UUID(ids[0])) is None
    assert get_context(("shop",), UUID(int=0)) is None


def test_too_many_neighbours_are_refused(ids: list[str]) -> None:
    for before, after in ((-1, 0), (0, 501), (501, 0)):
        with pytest.raises(InvalidLimit, match="from 0 to 500"):
            get_context(("shop",), UUID(ids[0]), before=before, after=after)
