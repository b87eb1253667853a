"""A fair share of the engine: caps, order, and who is told to come back."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from storage.turns import TooManyQueries, Turns
from tests.services import wait_until


def turns_of(**bounds: float) -> Turns:
    return Turns(**{"total": 3, "per_app": 2, "per_caller": 2, "wait_s": 0.05, **bounds})


def test_a_caller_and_an_app_have_a_share_and_others_go_on() -> None:
    turns = turns_of()
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(turns.turn(caller="a", app="shop"))
        with pytest.raises(TooManyQueries), turns.turn(caller="a", app="other"):
            pass
        with pytest.raises(TooManyQueries), turns.turn(caller="b", app="shop"):
            pass
        with turns.turn(caller="b", app="other"):
            with pytest.raises(TooManyQueries) as refused, turns.turn(caller="c", app="third"):
                pass
            assert refused.value.status == 429
            assert refused.value.retry_after_s
        with turns.turn(caller="c", app=""):
            pass
    with turns.turn(caller="a", app="shop"):
        pass


def test_a_turn_is_free_again_when_the_question_fails() -> None:
    turns = turns_of(total=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn(caller="a", app=""):
            _ = 1 / 0
    with turns.turn(caller="a", app=""):
        pass


class Line:
    """Callers that wait in threads, and in which order they were served."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.served, self.refused = turns, [], []

    def ask(self, caller: str, app: str) -> None:
        try:
            with self.turns.turn(caller=caller, app=app):
                self.served.append(caller)
                time.sleep(0.01)
        except TooManyQueries:
            self.refused.append(caller)

    @contextmanager
    def asking(self, *who: tuple[str, str]) -> Iterator[None]:
        threads = []
        for one in who:
            threads.append(threading.Thread(target=self.ask, args=one))
            threads[-1].start()
            time.sleep(0.01)
        yield
        for thread in threads:
            thread.join()


def test_the_app_with_the_fewest_turns_goes_first() -> None:
    line = Line(turns_of(total=2, wait_s=5, per_app=2))
    with ExitStack() as held:
        first = held.enter_context(ExitStack())
        first.enter_context(line.turns.turn(caller="x", app="busy"))
        held.enter_context(line.turns.turn(caller="y", app="busy"))
        with line.asking(("late busy", "busy"), ("calm", "calm")):
            first.close()
            wait_until(lambda: len(line.served) == 2, 5)
    assert line.served == ["calm", "late busy"]


def test_a_caller_may_not_fill_the_line() -> None:
    line = Line(turns_of(total=1, wait_s=5, per_caller=1))
    line.turns._max_waiting = 2
    with ExitStack() as held:
        held.enter_context(line.turns.turn(caller="x", app=""))
        with line.asking(*[("greedy", "")] * 4):
            wait_until(lambda: len(line.refused) == 2, 5)
            with pytest.raises(TooManyQueries), line.turns.turn(caller="greedy", app=""):
                pass
            held.close()
    assert line.served == ["greedy", "greedy"]
