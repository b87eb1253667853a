"""Shipping files: each line once, through crashes, rotation and a platform that says no."""

import gzip
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ingestion.shipper import follow, identify
from ingestion.shipper.client import IngestClient
from ingestion.shipper.content import Content
from ingestion.shipper.positions import locked_positions
from ingestion.shipper.retry import Retry, Stopped
from logplatform.remote.client import Target, Unavailable
from logplatform.remote.target import NoTarget, find_target
from tests.ingestion.far_side import FarSide, far_side

DEADLINE_S = 20


@pytest.fixture
def far() -> Iterator[FarSide]:
    with far_side() as state:
        yield state


@pytest.fixture
def ship(far: FarSide, tmp_path: Path) -> Callable[..., str]:
    """Runs `ship` to its end and returns its output."""

    def run(*options: str | Path, key: str = "") -> str:
        out = io.StringIO()
        state = tmp_path / "state" / "positions.json"
        where = ("--url", far.url, "--key", key or far.key, "--state", str(state))
        call_command("ship", *map(str, options), *where, stdout=out, stderr=io.StringIO())
        return out.getvalue().strip()

    return run


@contextmanager
def following(far: FarSide, tmp_path: Path, *options: str | Path) -> Iterator[subprocess.Popen]:
    """`ship --follow` as a process of its own; ended with SIGTERM."""
    state = tmp_path / "state" / "positions.json"
    process = subprocess.Popen(
        [
            *(sys.executable, "manage.py", "ship", "--follow", *map(str, options)),
            *("--url", far.url, "--key", far.key, "--state", str(state)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)


def eventually(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def lines(first: int, last: int, size: int = 60) -> list[bytes]:
    return [f"2026-01-01 line {number} ".ljust(size, "x").encode() for number in range(first, last)]


def write(path: Path, content: list[bytes], mode: str = "wb", end: bytes = b"\n") -> None:
    with path.open(mode) as file:
        file.write(b"\n".join(content) + end)


# -- one run ------------------------------------------------------------------------------------


def test_a_new_file_is_shipped_from_its_start(ship, far, tmp_path) -> None:
    write(tmp_path / "a.log", lines(0, 1000))
    assert "1,000 lines" in ship(tmp_path / "a.log")
    assert far.lines == lines(0, 1000)


def test_a_second_run_ships_only_what_was_added(ship, far, tmp_path) -> None:
    write(tmp_path / "a.log", lines(0, 10))
    ship(tmp_path / "a.log")
    write(tmp_path / "a.log", lines(10, 15), "ab")
    assert "5 lines" in ship(tmp_path / "a.log")
    assert "0 lines" in ship(tmp_path / "a.log")
    assert far.lines == lines(0, 15)


def test_from_start_ships_a_known_file_again(ship, far, tmp_path) -> None:
    write(tmp_path / "a.log", lines(0, 10))
    ship(tmp_path / "a.log")
    ship("--from-start", tmp_path / "a.log")
    assert far.lines == lines(0, 10) * 2


def test_the_last_line_needs_no_newline(ship, far, tmp_path) -> None:
    write(tmp_path / "a.log", lines(0, 3), end=b"")
    ship(tmp_path / "a.log")
    assert far.lines == lines(0, 3)


def test_patterns_and_gzip_files_are_read(ship, far, tmp_path) -> None:
    write(tmp_path / "a.log", lines(0, 5))
    (tmp_path / "b.log.gz").write_bytes(
        gzip.compress(b"\n".join(lines(5, 8)) + b"\n") + gzip.compress(b"last\n")
    )
    ship(tmp_path / "*.log*")
    assert sorted(far.lines) == sorted([*lines(0, 8), b"last"])


def test_bodies_end_at_lines_and_are_compressed(ship, far, tmp_path) -> None:
    content = lines(0, 150_000, size=90)
    write(tmp_path / "a.log", content)
    ship(tmp_path / "a.log")
    assert far.lines == content
    assert len(far.requests) == 4
    assert all(request["headers"]["Content-Encoding"] == "gzip" for request in far.requests)
    assert len(far.connections) == 1


def test_a_line_longer_than_a_body_is_sent_whole(ship, far, tmp_path) -> None:
    content = [b"a", b"b" * (follow.CHUNK_BYTES + 100), b"c"]
    write(tmp_path / "a.log", content)
    ship(tmp_path / "a.log")
    assert far.lines == content


def test_empty_lines_alone_are_not_sent(ship, far, tmp_path) -> None:
    (tmp_path / "a.log").write_bytes(b"\n\n\n")
    ship(tmp_path / "a.log")
    assert far.requests == []
    write(tmp_path / "a.log", [b"word"], "ab")
    ship(tmp_path / "a.log")
    assert far.lines == [b"word"]


def test_the_summary_says_what_became_of_the_lines(ship, tmp_path) -> None:
    write(tmp_path / "a.log", [b"good", b"BAD", b"good"])
    end = "3 lines (0.0 MB): 2 stored, 0 duplicate, 1 quarantined."
    assert ship(tmp_path / "a.log").endswith(end)
    assert ship("--wait", "--from-start", tmp_path / "a.log").endswith(end)


def test_the_format_is_passed_on(ship, far, tmp_path) -> None:
    write(tmp_path / "a.log", [b"x"])
    ship("--format", "nginx", tmp_path / "a.log")
    assert far.requests[0]["query"]["format"] == ["nginx"]


def test_a_damaged_gzip_file_is_named_and_the_others_are_shipped(
    ship, far, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(follow, "SETTLE_S", 0)
    whole = gzip.compress(b"\n".join(lines(0, 200_000)) + b"\n")
    (tmp_path / "a.log.gz").write_bytes(whole[: len(whole) // 2])
    write(tmp_path / "b.log", [b"fine"])
    with pytest.raises(CommandError, match="1 of the files"):
        ship(tmp_path / "*")
    assert b"fine" in far.lines


def test_a_damaged_gzip_file_that_vanishes_while_it_is_read_ends_nothing(tmp_path) -> None:
    damaged, sent = tmp_path / "a.log.gz", []
    whole = gzip.compress(b"\n".join(lines(0, 200_000)) + b"\n")
    damaged.write_bytes(whole[: len(whole) // 2])
    write(tmp_path / "b.log", [b"fine"])

    def send(body: bytes, key: str) -> None:
        damaged.unlink(missing_ok=True)
        sent.append(body)

    with locked_positions(tmp_path / "state.json") as positions:
        follow.Follower(
            follow.FollowOptions(patterns=(str(tmp_path / "*.log*"),)),
            positions=positions,
            send=send,
            wait=lambda seconds: False,
            warn=lambda error: None,
        ).run()
    assert sent[0].startswith(lines(0, 1)[0])
    assert b"fine\n" in sent


def test_a_file_that_is_not_there_is_named(ship, tmp_path) -> None:
    with pytest.raises(CommandError, match=r"There is no file .*nothing\.log"):
        ship(tmp_path / "nothing.log")


def test_two_runs_with_one_state_file_are_refused(ship, tmp_path) -> None:
    write(tmp_path / "a.log", [b"x"])
    with (
        locked_positions(tmp_path / "state" / "positions.json"),
        pytest.raises(CommandError, match="Another `ship`"),
    ):
        ship(tmp_path / "a.log")


def test_a_damaged_state_file_is_not_taken_for_an_empty_one(ship, tmp_path) -> None:
    write(tmp_path / "a.log", [b"x"])
    ship(tmp_path / "a.log")
    (tmp_path / "state" / "positions.json").write_text("{")
    with pytest.raises(CommandError, match="cannot be read"):
        ship(tmp_path / "a.log")


# -- a platform that says no ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_busy_answers_are_waited_out_as_long_as_they_say(ship, far, tmp_path, status) -> None:
    far.answers = [(status, {"Retry-After": "1"})]
    write(tmp_path / "a.log", lines(0, 5))
    began = time.monotonic()
    ship(tmp_path / "a.log")
    assert time.monotonic() - began >= 1
    assert far.lines == lines(0, 5)


def test_an_answer_that_got_lost_stores_nothing_twice(ship, far, tmp_path) -> None:
    far.answers = ["cut"]
    write(tmp_path / "a.log", lines(0, 5))
    ship(tmp_path / "a.log")
    assert far.lines == lines(0, 5)
    sent = {request["headers"]["Idempotency-Key"] for request in far.requests}
    assert len(far.requests) == 2
    assert len(sent) == 1


@pytest.mark.parametrize("status", [400, 403, 413])
def test_a_refusal_ends_it_with_the_words_of_the_platform(ship, far, tmp_path, status) -> None:
    far.answers = [(status, {})]
    write(tmp_path / "a.log", lines(0, 5))
    with pytest.raises(CommandError, match=rf"\({status}\): Not now\. Do otherwise\."):
        ship(tmp_path / "a.log")
    ship(tmp_path / "a.log")
    assert far.lines == lines(0, 5)


def test_it_gives_up_after_the_time_given(tmp_path) -> None:
    write(tmp_path / "a.log", [b"x"])
    options = ("--url", "http://127.0.0.1:9", "--key", "k", "--state", str(tmp_path / "s.json"))
    with pytest.raises(CommandError, match="cannot be used now"):
        call_command("ship", str(tmp_path / "a.log"), *options, "--retry-for", "1")


def test_pauses_grow_and_a_stop_request_ends_them() -> None:
    pauses: list[float] = []

    def fail() -> dict[str, Any]:
        raise Unavailable(url="u", reason="r")

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == 9

    with pytest.raises(Stopped):
        Retry(wait=wait, give_up_after_s=None, tell=lambda *_: None).call(fail)
    assert pauses[0] < 1
    assert pauses == sorted(pauses) or pauses[-1] > 20
    assert max(pauses) <= 36


def test_a_connection_closed_while_idle_is_opened_again(far: FarSide) -> None:
    client = IngestClient(Target(url=f"{far.url}/api/v1/ingest", key=far.key))
    for _ in range(2):
        client.post(b"x", headers={}, params={})
        client._connection.sock.shutdown(2)
    assert far.lines == [b"x", b"x"]


# -- crashes --------------------------------------------------------------------------------------


def test_a_crash_between_post_and_saving_stores_nothing_twice(far, ship, tmp_path) -> None:
    """The range noted before the post goes again as it was, though the file has grown."""
    log = tmp_path / "a.log"
    write(log, lines(0, 5))

    class Crash(BaseException):
        pass

    def send_and_crash(body: bytes, key: str) -> None:
        far.take(body, key)
        raise Crash

    with locked_positions(tmp_path / "state" / "positions.json") as positions:
        follower = follow.Follower(
            follow.FollowOptions(patterns=(str(log),)),
            positions=positions,
            send=send_and_crash,
            wait=lambda _: False,
            warn=pytest.fail,
        )
        with pytest.raises(Crash):
            follower.run()
    write(log, lines(5, 9), "ab")
    ship(log)
    assert far.lines == lines(0, 9)


def test_kill_nine_in_the_middle_ships_every_line_once(far, ship, tmp_path) -> None:
    content = lines(0, 400_000, size=80)
    write(tmp_path / "a.log", content)
    for bodies in (1, 4):
        with following(far, tmp_path, tmp_path / "a.log") as process:
            eventually(lambda: len(far.requests) > bodies)  # noqa: B023
            process.kill()
            process.wait()
    ship(tmp_path / "a.log")
    assert far.lines == content


# -- rotation between runs ------------------------------------------------------------------------


def test_rotation_by_rename_between_runs_ships_the_rest_and_the_new_file(
    ship, far, tmp_path
) -> None:
    log = tmp_path / "app.log"
    write(log, lines(0, 100))
    ship(log)
    write(log, lines(100, 110), "ab")
    log.rename(tmp_path / "app.log.1")
    write(log, lines(110, 120))
    ship(log)
    assert far.lines == lines(0, 120)


def test_rotation_by_copy_and_truncate_between_runs_ships_the_rest_and_the_new_content(
    ship, far, tmp_path
) -> None:
    log = tmp_path / "app.log"
    write(log, lines(0, 100))
    ship(log)
    write(log, lines(100, 110), "ab")
    shutil.copy(log, tmp_path / "app.log.1")
    write(log, lines(110, 120))
    ship(tmp_path / "app.log*")
    assert sorted(far.lines) == sorted(lines(0, 120))


def test_a_rotated_file_that_was_compressed_is_not_shipped_again(ship, far, tmp_path) -> None:
    log = tmp_path / "app.log"
    write(log, lines(0, 100))
    ship(log)
    write(log, lines(100, 105), "ab")
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    write(log, lines(105, 110))
    ship(tmp_path / "app.log*")
    assert sorted(far.lines) == sorted(lines(0, 110))


def test_new_content_longer_than_the_old_is_recognised_after_truncation(
    ship, far, tmp_path
) -> None:
    log = tmp_path / "app.log"
    write(log, lines(0, 10))
    ship(log)
    inode = log.stat().st_ino
    write(log, lines(50, 100))
    assert log.stat().st_ino == inode
    ship(log)
    assert far.lines == [*lines(0, 10), *lines(50, 100)]


def test_the_same_line_after_truncation_is_a_new_line(ship, far, tmp_path) -> None:
    log = tmp_path / "app.log"
    for _ in range(2):
        write(log, [b"started", b"stopped"])
        ship(log)
        log.write_bytes(b"")
        ship(log)
    assert far.lines == [b"started", b"stopped"] * 2


def test_two_files_with_the_same_content_are_both_shipped(ship, far, tmp_path) -> None:
    write(tmp_path / "a.log", [b"same"])
    write(tmp_path / "b.log", [b"same"])
    ship(tmp_path / "*.log")
    assert far.lines == [b"same", b"same"]


def test_a_copy_still_being_written_is_left_until_it_is_known(tmp_path, monkeypatch) -> None:
    log, copy = tmp_path / "app.log", tmp_path / "app.log.1"
    write(log, lines(0, 100))
    with locked_positions(tmp_path / "state.json") as positions:
        content = Content(log)
        mark = content.first_mark()
        positions.add(content.advanced(mark, log.read_bytes()))
        copy.write_bytes(log.read_bytes()[:2000])
        assert identify.identify(Content(copy), positions).is_unsettled
        shutil.copy(log, copy)
        log.write_bytes(b"")
        found = identify.identify(Content(copy), positions)
        assert found.mark_id is not None
        assert found.mark.position == copy.stat().st_size


# -- following ------------------------------------------------------------------------------------


def test_following_survives_rename_truncation_and_recreation(far, tmp_path) -> None:
    log = tmp_path / "app.log"
    write(log, lines(0, 10))
    with following(far, tmp_path, log):
        eventually(lambda: len(far.lines) == 10)
        log.rename(tmp_path / "app.log.1")
        write(tmp_path / "app.log.1", lines(10, 12), "ab")  # the writer still has it open
        eventually(lambda: len(far.lines) == 12)
        write(log, lines(12, 20))
        eventually(lambda: len(far.lines) == 20)
        write(log, lines(20, 22))
        eventually(lambda: len(far.lines) == 22)
        log.unlink()
        write(log, lines(22, 30))
        eventually(lambda: len(far.lines) == 30)
    assert far.lines == lines(0, 30)


def test_following_ships_what_copy_and_truncate_left_in_the_copy(far, tmp_path) -> None:
    log = tmp_path / "app.log"
    write(log, lines(0, 100))
    with following(far, tmp_path, log) as process:
        eventually(lambda: len(far.lines) == 100)
        os.kill(process.pid, signal.SIGSTOP)
        write(log, lines(100, 105), "ab")
        shutil.copy(log, tmp_path / "app.log.1")
        write(log, lines(105, 110))
        os.kill(process.pid, signal.SIGCONT)
        eventually(lambda: len(far.lines) == 110)
    assert sorted(far.lines) == sorted(lines(0, 110))


def test_following_waits_for_a_file_and_for_the_end_of_a_line(far, tmp_path) -> None:
    log = tmp_path / "later.log"
    with (
        following(far, tmp_path, log, "--line-timeout", "30"),
        log.open("wb", buffering=0) as file,
    ):
        file.write(b"one\ntw")
        eventually(lambda: far.lines == [b"one"])
        file.write(b"o\n")
        eventually(lambda: far.lines == [b"one", b"two"])


def test_following_ships_a_last_line_without_newline_after_the_timeout(far, tmp_path) -> None:
    (tmp_path / "a.log").write_bytes(b"unfinished")
    with following(far, tmp_path, tmp_path / "a.log", "--line-timeout", "0.3"):
        eventually(lambda: far.lines == [b"unfinished"])


def test_following_finds_new_files_of_a_pattern(far, tmp_path) -> None:
    with following(far, tmp_path, tmp_path / "*.log"):
        write(tmp_path / "a.log", [b"a"])
        eventually(lambda: far.lines == [b"a"])
        write(tmp_path / "b.log", [b"b"])
        eventually(lambda: far.lines == [b"a", b"b"])


def test_sigterm_ends_following_with_the_summary(far, tmp_path) -> None:
    write(tmp_path / "a.log", lines(0, 10))
    with following(far, tmp_path, tmp_path / "a.log") as process:
        eventually(lambda: len(far.lines) == 10)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0
        assert "10 lines" in out


# -- where to -------------------------------------------------------------------------------------


def test_the_target_is_that_of_the_first_start_at_the_address_of_the_last(tmp_path) -> None:
    (tmp_path / "first-run.json").write_text('{"url": "http://localhost:1", "ingest_key": "k"}')
    assert find_target(tmp_path) == Target(url="http://localhost:1", key="k")
    (tmp_path / "runtime.json").write_text('{"url": "http://localhost:2"}')
    assert find_target(tmp_path) == Target(url="http://localhost:2", key="k")
    assert find_target(tmp_path, url="http://other") == Target(url="http://other", key="k")


def test_without_a_first_start_it_says_what_to_do(tmp_path) -> None:
    with pytest.raises(NoTarget) as refusal:
        find_target(tmp_path, key="k")
    assert "make up" in refusal.value.advice
