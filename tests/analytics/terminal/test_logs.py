"""`manage.py logs` against a whole installation: searching, following, refusals, pipes."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.installation import Up
from tests.services import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

HOSTILE = "\x1b[2J\x1b]0;owned\x07 red \x9b31m"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running installation with a few lines."""
    up = Up(tmp_path_factory.mktemp("terminal") / "data")
    up.start()
    send(up, *({"message": f"tick {n}", "service": "cron", "n": n} for n in range(30)))
    send(up, {"message": HOSTILE, "level": "error", "service": "evil", "k": HOSTILE})
    yield up
    up.stop()


def send(up: Up, *records: dict[str, Any]) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{up.port}/api/v1/ingest?wait=true",
        content="\n".join(map(json.dumps, records)),
        headers={"Authorization": f"Bearer {up.first_run['ingest_key']}"},
        timeout=30,
    )
    assert answer.is_success, answer.text


def command(*options: str) -> list[str]:
    return [sys.executable, "manage.py", "logs", *options]


def logs(up: Up, *options: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*options),
        env=up.environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def told(done: "subprocess.CompletedProcess[str]") -> list[str]:
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_why_nothing_was_found_is_told_beside_the_output(up: Up) -> None:
    done = logs(up, "service:crom", "-o", "csv", "--fields", "message")
    assert (told(done), done.stderr.splitlines()) == (
        ["message"],
        [
            "No line was found.",
            "No line of this time has service “crom”.",
            "  Did you mean: service:cron",
        ],
    )
    assert "Nothing at this time, but" in logs(up, "--since", "2h", "--until", "1h").stderr


def test_the_newest_lines_are_printed_oldest_first(up: Up) -> None:
    lines = told(logs(up, "service:cron", "-n", "3"))
    assert [line.split("tick ")[1].split()[0] for line in lines] == ["27", "28", "29"]
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]{12} INFO  cron tick", line) for line in lines)


def test_nothing_of_a_line_reaches_the_terminal_as_control(up: Up) -> None:
    for output in ("pretty", "json", "csv"):
        text = logs(up, "service:evil", "-o", output).stdout
        assert "owned" in text
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


def test_programs_get_json_and_csv(up: Up) -> None:
    lines = told(logs(up, "service:cron", "-n", "2", "-o", "json"))
    assert [json.loads(line)["attributes"]["n"] for line in lines] == ["28", "29"]
    lines = told(logs(up, "service:cron", "-n", "1", "-o", "csv", "--fields", "n, message"))
    assert lines == ["n,message", "29,tick 29"]


def test_a_query_that_cannot_be_read_is_shown_with_its_place(up: Up) -> None:
    done = logs(up, "service:cron level:(error")
    assert (done.returncode, done.stdout) == (1, "")
    shown = done.stderr.splitlines()
    at = next(number for number, line in enumerate(shown) if line.strip() == "^")
    assert shown[at - 1 : at + 1] == ["service:cron level:(error", " " * 25 + "^"]
    assert "column 25" in done.stderr


REFUSED = {
    "an unknown key": (("--key", "lgs_" + "a" * 10 + "_" + "b" * 49), "401"),
    "a key with a line feed": (("--key", "lgs_\nx"), "no key"),
    "no address": (("--url", "localhost"), "address"),
    "a port out of range": (("--url", "http://localhost:99999"), "address"),
    "nobody there": (("--url", "http://127.0.0.1:9"), "127.0.0.1:9"),
    "the app of others": (("--app", "other"), "no app"),
    "a time": (("--since", "soon"), "soon"),
    "no lines": (("-n", "0"), "-n"),
    "too many lines": (("-n", "100001"), "-n"),
}


@pytest.mark.parametrize(("options", "word"), REFUSED.values(), ids=REFUSED)
def test_refusals_are_sentences(up: Up, options: tuple[str, str], word: str) -> None:
    check_refusal(logs(up, "tick", *options), word)


@pytest.mark.parametrize("case", ["an unknown key", "nobody there", "the app of others"])
def test_refusals_of_a_tail_are_sentences(up: Up, case: str) -> None:
    options, word = REFUSED[case]
    check_refusal(logs(up, "tick", *options, "--tail"), word)


def check_refusal(done: "subprocess.CompletedProcess[str]", word: str) -> None:
    assert done.returncode == 1
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_the_key_may_be_in_the_environment(up: Up, tmp_path: Any) -> None:
    elsewhere = {
        "DATA_DIR": str(tmp_path),
        "LOGPLATFORM_URL": f"http://127.0.0.1:{up.port}",
        "LOGPLATFORM_KEY": up.first_run["query_key"],
    }
    assert len(told(logs(up, "service:cron", "-n", "4", **elsewhere))) == 4
    nowhere = logs(up, "x", DATA_DIR=str(tmp_path))
    assert nowhere.returncode == 1
    assert "--url" in nowhere.stderr


def test_a_reader_that_leaves_ends_it_quietly(up: Up) -> None:
    script = f"{' '.join(command('tick', '-n', '30'))} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        env=up.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.parametrize(("no_color", "is_coloured"), [("", True), ("1", False)])
def test_colours_are_for_terminals_that_want_them(up: Up, no_color: str, is_coloured: bool) -> None:
    ours, theirs = pty.openpty()
    environment = up.environment(NO_COLOR=no_color, TERM="xterm")
    subprocess.run(
        command("service:cron", "-n", "1"), env=environment, stdout=theirs, timeout=60, check=True
    )
    assert (b"\x1b[32m" in os.read(ours, 65536)) is is_coloured
    os.close(ours)
    os.close(theirs)


@contextmanager
def following(up: Up, *options: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command("--tail", *options),
        env=up.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def next_line(process: "subprocess.Popen[str]", within_s: float = 30) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], within_s)
    assert ready, "no line came"
    return process.stdout.readline().rstrip("\n")


def test_a_tail_goes_on_with_new_lines_and_ends_quietly(up: Up) -> None:
    with following(up, "service:fresh OR tick", "-n", "1", "--fields", "message") as process:
        assert next_line(process) == "tick 29"
        for number in range(3):
            send(up, {"message": f"fresh {number}", "service": "fresh"}, {"message": "other"})
            assert next_line(process) == f"fresh {number}"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_tail_survives_the_loss_of_the_web_process_without_missing_a_line(up: Up) -> None:
    with following(up, "service:lossy", "-n", "0", "--fields", "message") as process:
        assert process.stderr is not None
        send(up, {"message": "before", "service": "lossy"})
        wait_until(lambda: _sent_until_seen(up, process), 30)
        web = up.main_pid("web")
        assert web is not None
        os.kill(web, signal.SIGKILL)
        assert "lost" in process.stderr.readline()
        wait_until(lambda: up.answers("/healthz"), 60)
        send(up, {"message": "after", "service": "lossy"})
        deadline = time.monotonic() + 60
        while (line := next_line(process, 60)) != "after":
            assert time.monotonic() < deadline, line


def _sent_until_seen(up: Up, process: "subprocess.Popen[str]") -> bool:
    """Whether the tail shows something already; it may have opened after the line was sent."""
    send(up, {"message": "again", "service": "lossy"})
    assert process.stdout is not None
    return bool(select.select([process.stdout], [], [], 1)[0])
