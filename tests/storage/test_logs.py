"""`Log.objects`: lazy, chainable, and useless without the caller's apps."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from storage.models import Log
from storage.query import QueryError
from tests.storage.records import AT

Store = Callable[..., list[str]]
SHOP = ("shop",)


@pytest.fixture
def _lines(store: Store) -> None:
    store(*({"message": f"line {n}", "severity": 9 + 8 * (n % 2),
             "timestamp": AT + timedelta(seconds=n)} for n in range(10)))  # fmt: skip


def test_a_set_without_apps_cannot_be_evaluated() -> None:
    everything = Log.objects.search("x").filter(level="error")
    for evaluate in (everything.count, everything.stats, everything.first, everything.histogram):
        with pytest.raises(AssertionError, match="for_apps"):
            evaluate()


@pytest.mark.usefixtures("_lines")
def test_sets_are_refined_step_by_step() -> None:
    logs = Log.objects.for_apps(SHOP).search("level:error").between(AT, AT + timedelta(seconds=8))
    assert [log.message for log in logs[:2]] == ["line 7", "line 5"]
    assert [log.message for log in logs[1:3]] == ["line 5", "line 3"]
    assert [log.message for log in logs[1:][:1]] == ["line 5"]
    assert logs.count() == 4
    assert [log.message for log in logs.order_by("timestamp")[:1]] == ["line 1"]
    assert logs.search("7 OR 3").count() == 2
    assert logs.search("7\\").search("line").count() == 0
    assert logs.search("line").search("NOT 7\\\\").count() == 4
    assert logs.filter(level="info").count() == 0
    assert logs.stats().by_level == {"ERROR": 4}
    assert len(logs.histogram().buckets) == 8
    assert logs.exists()


@pytest.mark.usefixtures("_lines")
def test_a_line_is_a_model_instance() -> None:
    log = Log.objects.for_apps(SHOP).first()
    assert log is not None
    assert (log.message, log.level, log.app, log.timestamp) == (
        "line 9", "ERROR", "shop", AT + timedelta(seconds=9)
    )  # fmt: skip
    assert str(log).endswith("ERROR line 9")


@pytest.mark.usefixtures("_lines")
def test_an_earlier_app_restriction_cannot_be_widened() -> None:
    assert Log.objects.for_apps(SHOP).for_apps(("shop", "other")).count() == 10
    assert Log.objects.for_apps(("other",)).for_apps(SHOP).count() == 0


@pytest.mark.usefixtures("_lines")
def test_iteration_goes_on_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.logs.PAGE", 3)
    logs = Log.objects.for_apps(SHOP)
    assert [log.message for log in logs] == [f"line {n}" for n in reversed(range(10))]
    assert [log.message for log in logs[2:7]] == [f"line {n}" for n in (7, 6, 5, 4, 3)]


def test_a_query_is_read_at_once() -> None:
    with pytest.raises(QueryError):
        Log.objects.search('"open')


@pytest.mark.parametrize(
    "misuse",
    [
        lambda logs: logs.filter(message="x"),
        lambda logs: logs.order_by("message"),
        lambda logs: logs[-1:],
        lambda logs: logs[::2],
    ],
    ids=["filter", "order", "negative", "step"],
)
def test_a_programmer_mistake_is_loud(misuse: Callable[[object], object]) -> None:
    with pytest.raises(AssertionError, match="BUG"):
        misuse(Log.objects.all())
