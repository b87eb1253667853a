"""`ship` and `generate` against a running installation: what they say is what is stored."""

import gzip
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.installation import Up
from tests.services import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

LINES = 12_000


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running installation."""
    up = Up(tmp_path_factory.mktemp("feeding") / "data")
    up.start()
    yield up
    up.stop()


def manage(up: Up, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        env=up.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(up: Up, path: str, **parameters: object) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {up.first_run['query_key']}"}
    answer = httpx.get(
        f"http://127.0.0.1:{up.port}/api/v1/{path}", params=parameters, headers=headers, timeout=30
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def access_log(seed: int) -> list[str]:
    """An access log of May 2015 with what real ones have: odd agents, IPv6, no bytes, quotes."""
    rng = random.Random(seed)
    agents = ("Mozilla/5.0 (X11; Linux x86_64)", "-", 'we\\"ird', "Googlebot/2.1 (+http://g.co)")
    start = datetime(2015, 5, 17, 10, 5, tzinfo=UTC)
    return [
        f"{rng.choice(('83.149.9.216', '2001:db8::7'))} - {rng.choice(('-', 'ann'))} "
        f"[{start + timedelta(seconds=number):%d/%b/%Y:%H:%M:%S} +0000] "
        f'"{rng.choice(("GET", "POST"))} /seed-{seed}/{number}?q=%20 HTTP/1.1" '
        f"{rng.choice((200, 304, 404, 500))} {number if number % 7 else '-'} "
        f'"{rng.choice(("-", "http://semicomplete.com/"))}" "{rng.choice(agents)}"'
        for number in range(LINES)
    ]


def in_2015(up: Up, seed: int) -> dict[str, Any]:
    return ask(up, "logs/stats", q=f"path:/seed-{seed}/*", start="2015-05-01", end="2015-06-01")


def test_a_shipped_access_log_is_stored_line_by_line_at_its_own_time(
    up: Up, tmp_path: Path
) -> None:
    log = tmp_path / "access.log"
    lines = access_log(1)
    log.write_text("\n".join(lines) + "\n")
    said = manage(up, "ship", log)
    assert f"{LINES:,} stored, 0 duplicate, 0 quarantined" in said
    assert in_2015(up, 1)["total"] == LINES
    whole = next(n for n, line in enumerate(lines) if 'semicomplete.com/" "Moz' in line and n % 7)
    query = f'path:"/seed-1/{whole}?q=%20"'
    record = ask(up, "logs", q=query, start="2015-05-01", end="2015-06-01")["results"][0]
    at = datetime(2015, 5, 17, 10, 5, tzinfo=UTC) + timedelta(seconds=whole)
    assert record["timestamp"].startswith(f"{at:%Y-%m-%dT%H:%M:%S}")
    assert record["message"] == lines[whole]
    fields = {"status", "method", "path", "client_ip", "bytes", "referrer", "user_agent"}
    assert fields <= set(record["attributes"]), record["attributes"]
    assert "0 lines" in manage(up, "ship", log)


def test_the_same_file_as_one_compressed_body_gives_the_same_count_and_is_stored_once(
    up: Up,
) -> None:
    body = gzip.compress("\n".join(access_log(2)).encode())
    headers = {
        "Authorization": f"Bearer {up.first_run['ingest_key']}",
        "Content-Encoding": "gzip",
        "Idempotency-Key": "the-same-file",
    }
    url = f"http://127.0.0.1:{up.port}/api/v1/ingest?wait=true"
    answers = [httpx.post(url, content=body, headers=headers, timeout=30) for _ in range(2)]
    assert [answer.json()["stored"] for answer in answers] == [LINES, LINES]
    assert answers[0].json()["receipt"] == answers[1].json()["receipt"]
    assert in_2015(up, 2)["total"] == LINES


def test_lines_that_cannot_be_read_are_counted_and_have_a_reason(up: Up, tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    log.write_bytes(b"fine\n" + b"x" * 300_000 + b"\nfine too\n")
    assert "3 lines" in (said := manage(up, "ship", "--wait", log))
    assert "2 stored, 0 duplicate, 1 quarantined" in said
    page = ask(up, "quarantine")
    assert page["results"][0]["reason"]


@pytest.mark.parametrize("name", ["json", "csv", "plain", "nginx", "syslog"])
def test_generated_lines_of_every_format_are_stored(up: Up, name: str) -> None:
    def stored() -> int:
        # The header of a table is kept as a record.
        asked = {"q": "NOT _header:true", "start": "now-1d", "end": "now+1d"}
        return int(ask(up, "logs/stats", **asked)["total"])

    before = stored()
    manage(up, "generate", "--format", name, "--count", "500", "--to-api")
    wait_until(
        lambda: stored() == before + 500,
        30,
        f"not all lines of {name} were stored",
    )


def test_generated_json_is_found_by_its_fields(up: Up) -> None:
    manage(up, "generate", "--count", "3000", "--over", "10m", "--to-api")
    wait_until(lambda: ask(up, "logs/stats", q="service:payment")["total"] > 100, 30)

    def is_mostly_fine() -> bool:
        levels = ask(up, "logs/stats", q="_exists_:http.status")["by_level"]
        return levels.get("INFO", 0) > levels.get("WARN", 0) > 0

    wait_until(is_mostly_fine, 30)


def test_following_ships_lines_as_they_come(up: Up, tmp_path: Path) -> None:
    log = tmp_path / "live.log"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "ship", "--follow", str(log)],
        env=up.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with log.open("w") as file:
            for number in range(20):
                file.write(f"followed-{number}\n")
                file.flush()
        wait_until(lambda: ask(up, "logs/stats", q="followed")["total"] == 20, 30)
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=30)
    assert "20 lines" in said
