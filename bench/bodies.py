"""The lines that are measured with: 289 bytes each, a random trace id, no two alike."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LINE_BYTES = 289
LINES_A_BODY = 5000
# How often a line has it: the one-word search finds about one line in a hundred.
RARE_WORD = "timeout"
RARE_SHARE = 0.01

_SERVICES = ("api", "auth", "payment", "search", "worker")
_LEVELS = ("info",) * 85 + ("warn",) * 8 + ("error",) * 4 + ("debug",) * 3
_PATHS = ("/api/orders", "/api/cart", "/login", "/search", "/api/products", "/checkout")
_WORDS = [
    "request",
    "finished",
    "order",
    "loaded",
    "from",
    "database",
    "cache",
    "refreshed",
    "user",
    "session",
    "renewed",
    "payment",
    "authorised",
    "item",
    "reserved",
    "mail",
    "queued",
    "index",
    "updated",
    "job",
    "started",
    "stock",
    "synchronised",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Event times of a run: `seconds` from `start` on, evenly."""

    start: datetime
    seconds: float

    @property
    def parameters(self) -> dict[str, str]:
        """As the API takes it."""
        end = self.start + timedelta(seconds=self.seconds)
        return {"start": self.start.isoformat(), "end": end.isoformat()}


def make_bodies(count: int, span: Span, *, seed: int) -> list[bytes]:
    """`count` NDJSON bodies of 5 000 lines, in order of time."""
    rng = random.Random(seed)
    step = span.seconds / (count * LINES_A_BODY)
    first = span.start.timestamp()
    return [
        b"".join(
            _line(rng, first + (body * LINES_A_BODY + index) * step)
            for index in range(LINES_A_BODY)
        )
        for body in range(count)
    ]


def trace_ids(body: bytes) -> list[str]:
    """The trace ids of a body's lines."""
    return [part[:32].decode() for part in body.split(b'"trace_id":"')[1:]]


def _line(rng: random.Random, at: float) -> bytes:
    draw = rng.getrandbits(64)
    level = _LEVELS[draw % 100]
    service = _SERVICES[(draw >> 8) % 5]
    status = 500 if level == "error" else 404 if level == "warn" else 200
    words = [_WORDS[(draw >> shift) % len(_WORDS)] for shift in range(0, 48, 4)]
    if (draw >> 50) % 1000 < RARE_SHARE * 1000:
        words[0] = RARE_WORD
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
    text = (
        f'{{"timestamp":"{moment}","level":"{level}","service":"{service}",'
        f'"host":"{service}-{(draw >> 12) % 4}","trace_id":"{rng.getrandbits(128):032x}",'
        f'"user_id":{draw % 50_000},"duration_ms":{(draw >> 20) % 4000 / 10},"status":{status},'
        f'"method":"GET","path":"{_PATHS[(draw >> 36) % len(_PATHS)]}/{(draw >> 24) % 9999}",'
        f'"message":"{" ".join(words)}'
    )
    # The message takes what is left of the line.
    return f'{text[: LINE_BYTES - 3]}"}}\n'.encode()
