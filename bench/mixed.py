"""Fifty users who search while lines come in."""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench.figures import Figure
from bench.history import RARE
from bench.stack import ROOT, Load, django_environment

if TYPE_CHECKING:
    from bench.parts import Run

USERS = 50
RATE = 50_000
# How long a person looks at an answer before the next question.
_THINK_S = (0.5, 2.5)
_QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("logs", {"limit": "100"}),
    ("logs", {"limit": "100", "q": "level:error"}),
    ("logs", {"limit": "100", "q": RARE, "start": "now-7d"}),
    ("logs/histogram", {"start": "now-24h"}),
    ("logs/stats", {"q": "reset", "start": "now-1h"}),
    ("logs/facets", {"fields": "level,service,host", "start": "now-15m"}),
)


class User(threading.Thread):
    """One person with a key and a connection of their own."""

    def __init__(self, number: int, key: str, port: int) -> None:
        super().__init__(daemon=True)
        self.took_s: list[float] = []
        self.errors: list[str] = []
        self._chance = random.Random(number)
        self._headers = {"Authorization": f"Bearer {key}"}
        self._port = port
        self.is_done = threading.Event()

    def run(self) -> None:
        """Ask, look at the answer, ask again."""
        while not self.is_done.wait(self._chance.uniform(*_THINK_S)):
            path, parameters = self._chance.choice(_QUESTIONS)
            began = time.monotonic()
            try:
                status = self._ask(f"/api/v1/{path}?{urlencode(parameters)}")
            except OSError as error:
                status = repr(error)
            self.took_s.append(time.monotonic() - began)
            if status != "200":
                self.errors.append(f"{path}: {status}")

    def _ask(self, address: str) -> str:
        # Anew each time: the server closes idle connections, and a person may come from anywhere.
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("GET", address, headers=self._headers)
            answer = connection.getresponse()
            answer.read()
            return str(answer.status)
        finally:
            connection.close()


def mixed(run: "Run") -> Iterator[Figure]:
    """Errors, p95 of searches, and the rate of ingest against its rate alone."""
    seconds = 8 if run.is_quick else 30
    alone = _ingest(run, seconds, [])
    users = _users(run)
    together = _ingest(run, seconds, users)
    took_s = sorted(took for user in users for took in user.took_s)
    errors = [error for user in users for error in user.errors]
    p95_s = took_s[int(len(took_s) * 0.95)]
    kept = together / alone
    yield Figure(
        name=f"{USERS} users while {RATE:,} lines/s come: errors",
        value=f"{len(errors)} of {len(took_s)}{_some(errors)}",
        target="0",
        is_met=not errors,
    )
    yield Figure(
        name="a search of theirs, p50 / p95",
        value=f"{1000 * took_s[len(took_s) // 2]:.0f} / {1000 * p95_s:.0f} ms",
        target="p95 ≤ 2 s",
        is_met=p95_s <= 2,
    )
    yield Figure(
        name="ingest meanwhile, searchable",
        value=f"{together:,.0f} /s, {kept:.0%} of {alone:,.0f} /s alone",
        target="≥ 80 %",
        is_met=kept >= 0.8,
    )


def _some(errors: list[str]) -> str:
    return f" ({', '.join(sorted(set(errors))[:3])})" if errors else ""


def _users(run: "Run") -> list[User]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.users", str(USERS)],
        cwd=ROOT,
        env=django_environment(run.stack),
        capture_output=True,
        text=True,
        check=True,
    )
    keys: list[str] = json.loads(done.stdout.splitlines()[-1])
    return [User(number, key, run.stack.port) for number, key in enumerate(keys)]


def _ingest(run: "Run", seconds: float, users: list[User]) -> float:
    """Lines a second until the last one is searchable."""
    span = run.span(14 if users else 13)
    load = Load(
        run.stack.plan(
            "steady", rate=RATE, seed=78, start=span.start.isoformat(), seconds=span.seconds
        )
    )
    before = _stored(run)
    load.go()
    began = time.monotonic()
    for user in users:
        user.start()
    time.sleep(seconds)
    load.go()
    sent = load.result()["lines"]
    while _stored(run) - before < sent:
        if time.monotonic() - began > seconds + 120:
            raise RuntimeError(f"{_stored(run) - before} of {sent} lines are searchable")
        time.sleep(0.05)
    took_s = time.monotonic() - began
    for user in users:
        user.is_done.set()
    for user in users:
        user.join()
    return sent / took_s


def _stored(run: "Run") -> int:
    return int(run.stack.sql("SELECT count() FROM logs"))
