"""Ten thousand and more lines of web servers: in columns where well formed, else kept with why."""

import random

import pytest

from bench.access import score

_AGENTS = ["curl/8", "-", "Mozilla/5.0 (X11; Linux x86_64)", r"a \"quoted\" one", "é ü", r"\x22"]
_REQUESTS = ["GET / HTTP/1.1", "POST /a?b=1&c=%20 HTTP/2.0", "-", "", r"\x16\x03\x01", "quit"]
_REQUESTS += [
    "GET /a b c HTTP/1.0",
    "OPTIONS * HTTP/1.1",
    "PROPFIND /d HTTP/1.1",
    r"GET /\" HTTP/1.1",
]
_ADDRESSES = ["10.0.0.7", "2001:db8::1", "::1", "unix:", "shop.example"]
_LINES = 12_000


def _line(rng: random.Random, user: str) -> str:
    stamp = f"{rng.randrange(1, 29):02}/Feb/2026:{rng.randrange(24):02}:00:0{rng.randrange(10)}"
    return (
        f"{rng.choice(_ADDRESSES)} - {user} [{stamp} {rng.choice(['+0000', '-0330'])}] "
        f'"{rng.choice(_REQUESTS)}" {rng.choice([200, 301, 404, 499, 500])} '
        f'{rng.choice(["-", 0, rng.randrange(10**9)])} "{rng.choice(["-", "https://a.example/"])}" '
        f'"{rng.choice(_AGENTS)}"'
    )


@pytest.mark.parametrize("user", ["-", "bob", "bob smith"])
def test_well_formed_lines_are_in_columns_and_broken_ones_kept(user: str) -> None:
    rng = random.Random(7)
    found = score("made", "\n".join(_line(rng, user) for _ in range(_LINES)).encode())
    assert (found.lines, found.well_formed, found.right) == (_LINES, _LINES, _LINES)
    assert found.stored + found.kept == _LINES
    assert found.kept > _LINES // 3
