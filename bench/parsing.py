"""CPU time of parsing, per line: `python -m bench.parsing [FILE…]` adds the lines of files.

`python -m bench.parsing --figures` is the part of `make bench`: JSON, in µs of CPU a line.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from bench.bodies import Span, make_bodies
from parsing import Hint, parse_lines, split_lines
from parsing.enrichment import DEFAULT_TAGS, Enrichment
from parsing.redaction import Redaction
from parsing.scores import scores
from parsing.templates import subjects_of, templates_of
from parsing.treatment import DEFAULT, Treatment

ARRIVAL = datetime(2026, 11, 22, 12, tzinfo=UTC)
_SIZES = (5_000, 50_000)
_ROUNDS = 5
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0"


def _json_line(number: int, rng: random.Random, **more: object) -> str:
    fields: dict[str, object] = {
        "timestamp": f"2026-11-22T10:00:{number % 60:02d}.{number % 1000:03d}Z",
        "level": rng.choice(["INFO", "INFO", "INFO", "WARN", "ERROR"]),
        "service": rng.choice(["auth", "payment", "web"]),
        "host": f"web-{number % 20}",
        "message": f"user {number} placed order {rng.randrange(10**6)} in good time",
        "trace_id": f"{rng.getrandbits(128):032x}",
        "user_id": rng.randrange(10**5),
        "duration_ms": round(rng.random() * 500, 2),
        "status": rng.choice([200, 201, 404, 500]),
        "path": f"/api/v1/orders/{rng.randrange(1000)}",
    }
    return json.dumps(fields | more, separators=(",", ":"))


def _access_line(number: int, rng: random.Random) -> str:
    return (
        f"10.0.{number % 250}.{rng.randrange(250)} - - [22/Nov/2026:10:00:{number % 60:02d} +0000] "
        f'"GET /shop/item/{rng.randrange(5000)}?from=list HTTP/1.1" {rng.choice([200, 200, 404])} '
        f'{rng.randrange(90_000)} "https://shop.example/list" "{_AGENT}"'
    )


def _nested_line(number: int, rng: random.Random) -> str:
    http = {"request": {"method": "GET", "bytes": number}, "status": 200}
    return _json_line(number, rng, http=http, tags=["a", "b"])


def _broken_line(number: int, rng: random.Random) -> str:
    line = _json_line(number, rng)
    return line if number % 100 else line[:80]


def _text_line(number: int, rng: random.Random) -> str:
    word = rng.choice(["INFO", "WARN", "ERROR", "done"])
    return f"2026-11-22 10:00:{number % 60:02d},250 {word} worker-{number % 9}: job {number} of 9"


def _rfc5424_line(number: int, rng: random.Random) -> str:
    return (
        f"<{rng.choice([165, 163, 164])}>1 2026-11-22T10:00:{number % 60:02d}.{number % 1000:03d}Z "
        f'web-{number % 20} shop {number % 9} ID{number % 7} [order@32473 id="{number}" '
        f'user="u{rng.randrange(10**5)}"] order placed in good time'
    )


def _logfmt_line(number: int, rng: random.Random) -> str:
    return (
        f"ts=2026-11-22T10:00:{number % 60:02d}.{number % 1000:03d}Z "
        f'level={rng.choice(["info", "warn"])} service=shop msg="order {number} placed" '
        f"user={rng.randrange(10**5)} path=/api/v1/orders/{rng.randrange(1000)} status=200"
    )


_KINDS: dict[str, Callable[[int, random.Random], str]] = {
    "json": _json_line,
    "json, nested": _nested_line,
    "json, 1 % broken": _broken_line,
    "access_combined": _access_line,
    "syslog_rfc5424": _rfc5424_line,
    "logfmt": _logfmt_line,
    "text": _text_line,
    "json and access, mixed": lambda number, rng: (
        _json_line(number, rng) if number % 2 else _access_line(number, rng)
    ),
}


FIGURED = ("access_combined", "json", "syslog_rfc5424", "logfmt")


def _adding(**changes: Any) -> Treatment:
    """Nothing but one kind of enrichment."""
    options: dict[str, Any] = {"agents": "off", "urls": "off"} | changes
    return Treatment(redaction=Redaction(rules=()), enrichment=Enrichment(**options))


NOTHING = _adding()
# What a new source does, one step at a time.
_STEPS = {
    "redaction": Treatment(redaction=DEFAULT.redaction, enrichment=NOTHING.enrichment),
    "user agents": _adding(agents="on"),
    "URLs": _adding(urls="auto"),
    "tags": _adding(tags=DEFAULT_TAGS),
    "all of it": DEFAULT,
}


def _cpu_us_per_line(
    lines: pl.Series, treatment: Treatment = DEFAULT, hint: Hint | None = None
) -> float:
    """Of parsing them."""
    arrived = pl.Series([ARRIVAL], dtype=pl.Datetime("ms", "UTC")).new_from_index(0, len(lines))
    return _best_us(
        len(lines),
        lambda: parse_lines(lines, received_at=arrived, hint=hint or Hint(), treatment=treatment),
    )


def _best_us(lines: int, work: Callable[[], object]) -> float:
    """CPU of so many lines, each, in the best of some rounds; all threads counted."""
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best / lines * 1e6


def figures() -> dict[str, dict[str, float]]:
    """Of the formats in `FIGURED`: `fixed`, `detected`; of the bench corpus: its `steps`."""
    found = {}
    for kind in FIGURED:
        rng = random.Random(7)
        body = "\n".join(_KINDS[kind](number, rng) for number in range(_SIZES[-1]))
        lines = split_lines(body.encode())
        found[kind] = {
            "fixed": _cpu_us_per_line(lines, NOTHING, Hint(formats=(kind,))),
            "detected": _cpu_us_per_line(lines, NOTHING),
        }
    return {**found, "corpus": {"steps": _steps_us()}}


def _steps_us() -> float:
    """Templates, score, redaction and enrichment together, on the lines of the bench."""
    corpus = b"".join(make_bodies(10, Span(start=ARRIVAL, seconds=600), seed=7))
    lines = split_lines(corpus)
    messages = pl.Series([json.loads(line)["message"] for line in lines])
    status = pl.Series("status", ["200"]).new_from_index(0, len(lines))
    added = _cpu_us_per_line(lines) - _cpu_us_per_line(lines, NOTHING)
    told = _best_us(len(lines), lambda: templates_of(subjects_of(messages, [status])))
    severity = pl.Series([9], dtype=pl.UInt8).new_from_index(0, len(lines))
    trouble = templates_of(messages)["tells_trouble"]
    scored = _best_us(len(lines), lambda: scores(severity, trouble, [status], None))
    return added + told + scored


def _bodies(files: list[str]) -> Iterator[tuple[str, bytes]]:
    for size in _SIZES:
        for kind, line in _KINDS.items():
            rng = random.Random(7)
            yield kind, "\n".join(line(number, rng) for number in range(size)).encode()
    for file in files:
        yield Path(file).name, Path(file).read_bytes()


def main(files: list[str]) -> None:
    """Print a table: what the lines are, how many, bytes and CPU each."""
    if files == ["--figures"]:
        print(json.dumps(figures()))
        return
    print("| lines | count | bytes a line | CPU µs a line |\n|---|---:|---:|---:|")
    for name, body in _bodies(files):
        lines = split_lines(body)
        size = len(body) / len(lines)
        print(f"| {name} | {len(lines)} | {size:.0f} | {_cpu_us_per_line(lines):.2f} |")
    _print_steps()


def _print_steps() -> None:
    """What redaction and enrichment cost on top of reading, step by step."""
    rng = random.Random(7)
    access = "\n".join(_access_line(number, rng) for number in range(50_000)).encode()
    corpus = b"".join(make_bodies(10, Span(start=ARRIVAL, seconds=600), seed=7))
    print(f"\n| CPU µs a line on top of reading | {' | '.join(_STEPS)} |")
    print("|---|" + "---:|" * len(_STEPS))
    for name, body in (("JSON of the bench", corpus), ("access_combined", access)):
        lines = split_lines(body)
        bare = _cpu_us_per_line(lines, NOTHING)
        costs = [_cpu_us_per_line(lines, step) - bare for step in _STEPS.values()]
        print(f"| {name} | {' | '.join(f'{cost:.2f}' for cost in costs)} |")


if __name__ == "__main__":
    main(sys.argv[1:])
