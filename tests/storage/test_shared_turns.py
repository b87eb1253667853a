"""Turns that several web processes share: two of them in one test process, each with its own."""

import time
from contextlib import ExitStack

import pytest
import redis

from storage import shared_turns
from storage.shared_turns import SharedTurns
from storage.turns import TooManyQueries, Turns
from tests.services import wait_until
from tests.storage.test_turns import Line

BOUNDS = {"total": 3, "per_app": 2, "per_caller": 2}


def process(*, wait_s: float = 0.1, **bounds: int) -> Turns:
    """The turns of one web process."""
    shared = SharedTurns("test", **{**BOUNDS, **bounds})
    return Turns(**{**BOUNDS, **bounds}, wait_s=wait_s, shared=shared)


@pytest.mark.usefixtures("valkey")
class TestShared:
    """With Valkey."""

    def test_callers_and_apps_have_their_share_of_all_processes(self) -> None:
        one, two = process(), process()
        with ExitStack() as held:
            held.enter_context(one.turn(caller="a", app="shop"))
            held.enter_context(two.turn(caller="a", app="shop"))
            for turns in (one, two):
                with pytest.raises(TooManyQueries), turns.turn(caller="a", app="other"):
                    pass
                with pytest.raises(TooManyQueries), turns.turn(caller="b", app="shop"):
                    pass
            with ExitStack() as last:
                last.enter_context(one.turn(caller="b", app="other"))
                with pytest.raises(TooManyQueries), two.turn(caller="c", app="third"):
                    pass
            with two.turn(caller="c", app="third"):
                pass
        with two.turn(caller="a", app="shop"):
            pass

    def test_who_waits_gets_what_another_process_frees(self) -> None:
        one, line = process(total=1), Line(process(total=1, wait_s=5))
        with ExitStack() as held:
            held.enter_context(one.turn(caller="x", app="busy"))
            with line.asking(("first", "a")):
                time.sleep(0.1)
                assert line.served == []
                held.close()
                wait_until(lambda: bool(line.served), 5)
        assert (line.served, line.refused) == (["first"], [])

    def test_the_app_with_the_fewest_turns_goes_first_whatever_its_process(self) -> None:
        one = process(total=2)
        busy, calm = Line(process(total=2, wait_s=5)), Line(process(total=2, wait_s=5))
        with ExitStack() as held:
            first = held.enter_context(ExitStack())
            first.enter_context(one.turn(caller="x", app="busy"))
            held.enter_context(one.turn(caller="y", app="busy"))
            with busy.asking(("late", "busy")), calm.asking(("calm", "calm")):
                first.close()
                wait_until(lambda: calm.served == ["calm"] and busy.served == ["late"], 5)

    def test_what_a_killed_process_held_is_free_again(
        self, monkeypatch: pytest.MonkeyPatch, valkey: redis.Redis
    ) -> None:
        monkeypatch.setattr(shared_turns, "LEASE_S", 0.3)
        killed = process(total=1)._shared
        assert killed is not None
        assert killed._wait("token", "x", "busy", 0)
        killed._held.clear()
        with pytest.raises(TooManyQueries), process(total=1).turn(caller="b", app=""):
            pass
        with process(total=1, wait_s=5).turn(caller="b", app=""):
            pass
        wait_until(lambda: not valkey.keys("lgs:turns:test:*"), 5)

    def test_a_long_question_keeps_its_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shared_turns, "LEASE_S", 0.4)
        monkeypatch.setattr(shared_turns, "_RENEW_S", 0.1)
        with process(total=1).turn(caller="a", app=""):
            time.sleep(0.8)
            with pytest.raises(TooManyQueries), process(total=1).turn(caller="b", app=""):
                pass

    def test_nothing_of_it_is_written_to_disk(self, valkey: redis.Redis) -> None:
        turns = process()
        with turns.turn(caller="a", app=""):
            pass
        before = valkey.info("persistence")["aof_current_size"]
        for _ in range(20):
            with turns.turn(caller="a", app=""):
                pass
        assert valkey.info("persistence")["aof_current_size"] == before


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis://:wrong@127.0.0.1:1/0"])
def test_without_valkey_each_process_counts_for_itself(settings, url: str) -> None:
    settings.VALKEY_URL = url
    one, two = process(total=1), process(total=1)
    with ExitStack() as held:
        for turns in (one, two):
            held.enter_context(turns.turn(caller="a", app="shop"))
        with pytest.raises(TooManyQueries), one.turn(caller="a", app="shop"):
            pass
