"""Two hundred hostile questions: a clear 4xx or a bounded answer, and never another app's lines."""

import resource
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from logplatform.kernel import clock
from storage.clickhouse import client as engine
from tests.analytics.asking import MARKER
from tests.factories import Roles
from tests.storage.records import AT

pytestmark = pytest.mark.django_db

PATHS = (
    "logs",
    "logs/stats",
    "logs/histogram",
    "logs/facets",
    "logs/patterns",
    "logs/fields",
    "analytics/aggregate",
    "logs/explain",
    "logs/export",
    "logs/suggest",
)
LONGEST_S = 10
MORE_MEMORY_BYTES = 512 << 20
MILLION = 1_000_000


def _injection() -> Iterator[str]:
    """Code of the engine, of shells and of templates, as words, values, names and regexes."""
    code = (
        "' OR 1=1 --", "'; DROP TABLE logs; --", "') UNION SELECT * FROM logs --", "\\') OR 1 --",
        "{p0:String}", "{app:String}", "${jndi:ldap://x/a}", "{{7*7}}", "%27%20OR%201=1", "`id`",
        "$(id)", "/**/OR/**/1=1", "SETTINGS readonly=0", "FORMAT Null", "INTO OUTFILE '/tmp/x'",
        "file('/etc/passwd')", "url('http://127.0.0.1')", "system.tables", "\\x27 OR 1", "''||'",
    )  # fmt: skip
    yield from code
    yield from (f'service:"{text}"' for text in (one.replace('"', "") for one in code))
    yield from ("attributes['x']:1", "a') OR ('1'='1:x", "_exists_:x'--", "message:/' OR 1=1/")


def _other_tenants() -> Iterator[str]:
    """Every way to ask for another app."""
    yield from ("app:bravo", "app:*", "NOT app:alpha", "app:alpha OR app:bravo", "-app:alpha")
    yield from ("app:/b.*/", "app:>a", "app:[a TO z]", "_exists_:app", f'"{MARKER}"', f"*{MARKER}*")
    yield from (") OR (app:bravo", "* OR app:bravo", "NOT (app:alpha AND nothing)", "app:br?vo")
    yield from ("attributes.app:bravo OR app:bravo", f"service:{MARKER}", f"{MARKER}:{MARKER}")


def _nesting() -> Iterator[str]:
    """Deep and wide."""
    for depth in (10, 100, 1_000, 10_000, MILLION // 2):
        yield "(" * depth + "a" + ")" * depth
        yield "(" * depth
        yield ")" * depth
        yield "NOT " * depth + "a"
        yield "-(" * depth + "a" + ")" * depth
    yield from ("(" * MILLION, "[" * MILLION, '"' * 100_001, "a:(" * 3_000, "((((a OR b) AND c)")


def _wide() -> Iterator[str]:
    """Lists without an end."""
    for count in (100, 1_000, 10_000, 100_000):
        yield "service:(" + " OR ".join(f"s{n}" for n in range(count)) + ")"
        yield " ".join(f"w{n}" for n in range(count))
        yield " OR ".join(f"f{n}:v{n}" for n in range(count))
    yield from (
        "a" * MILLION,
        "a" * 4_000 + ":x",
        "x:" + "y" * 100_000,
        "* " * 5_000,
        "a OR " * 999,
    )


def _patterns() -> Iterator[str]:
    """Regular expressions that hang engines which go back."""
    slow = (
        "(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*)*x", "(.*a){20}", "(x+x+)+y", "([a-z]+)*[0-9]",
        "a{1000}", "(a{1000}){1000}", "a{0,65535}", "(((a{50}){50}){50})", ".*.*.*.*.*.*x",
        "(?i)" + "a?" * 200, "|".join(f"w{n}" for n in range(1_000)), "[" + "a-z" * 300 + "]",
        "(?=a)", "(?<!a)b", "\\1", "(?P<n>a)(?P=n)", "[", "(", "*", "\\", "a**", "(?#x", "\\p{L}+",
        "\\C", "[[:alpha:]]", "x{2,1}", "\\x{110000}", "(?s).*", "^$", "", "\\Q",
    )  # fmt: skip
    yield from (f"message:/{text}/" for text in slow)
    yield from ("host:" + "*a" * 500, "message:" + "*?" * 300, "*" * 2_000, "?" * 2_000 + "x")


def _unicode() -> Iterator[str]:
    """What text can be."""
    yield from ("\0", "a\0b", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "\ufeff")
    yield from ("\u202e timeout", "ｔｉｍｅｏｕｔ", "e\u0301" * 500, "\u0301" * 3_000, "🙂" * 3_000)
    yield from ("ſervice:x", "İ", "ß", "\u2028", "\u2029", "\x1b[31m", "\r\n\r\nX: y", "‘a’ “b”")
    yield from (
        "level:ＥＲＲＯＲ",
        "status:٣",
        "app\u200b:bravo",
        "ａｐｐ:bravo",
        "\U0010ffff",
        "\x7f",
    )


def _values() -> Iterator[str]:
    """Numbers, times and ranges that are none."""
    yield from ("status:>=1e309", "status:>NaN", "status:>-0", "status:[* TO *]", "status:[5 TO 1]")
    yield from (
        "status:[1 TO",
        "duration_ms:>" + "9" * 400,
        "pattern_id:" + "9" * 40,
        "severity:999",
    )
    yield from ("timestamp:>9999-99-99", "timestamp:now-99999999999w", "timestamp:[now TO now-1y]")
    yield from (
        "id:zzz",
        "level:>",
        "level>=",
        ":",
        "::",
        "a:",
        ":a",
        "AND",
        "OR",
        "NOT",
        "a AND OR b",
    )
    yield from (
        "severity:-1",
        "anomaly_score:>18446744073709551616",
        "_exists_:",
        "_exists_:*",
        "TO",
    )
    yield from (
        "a TO b",
        "a:[b",
        "a:{1 TO 2}",
        "a:(b",
        "a^2",
        "a~2",
        "+a",
        "a && b",
        "a || b",
        "!a",
    )


FAMILIES: dict[str, Callable[[], Iterator[str]]] = {
    "injection": _injection,
    "other tenants": _other_tenants,
    "nesting": _nesting,
    "wide": _wide,
    "patterns": _patterns,
    "unicode": _unicode,
    "values": _values,
}


def test_there_are_two_hundred() -> None:
    assert len({q for family in FAMILIES.values() for q in family()}) >= 200


@pytest.fixture
def ask(roles: Roles) -> Callable[..., Any]:
    web = Client(
        raise_request_exception=False, headers={"Authorization": f"Bearer {roles.a.query_key}"}
    )

    def get(path: str, **parameters: Any) -> tuple[int, bytes]:
        answer = web.get(f"/api/v1/{path}", {"start": "now-7d", **parameters})
        content = b"".join(answer) if answer.streaming else answer.content
        return answer.status_code, content

    return get


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_hostile_question_gets_a_bounded_answer(ask: Callable[..., Any], family: str) -> None:
    before = memory_bytes()
    for number, q in enumerate(FAMILIES[family]()):
        shown = f"{family} {number}: {q[:60]!r}"
        for path in ("logs", PATHS[1 + number % (len(PATHS) - 1)]):
            began = time.monotonic()
            status, content = ask(path, q=q)
            assert status == 200 or (400 <= status < 500), (shown, path, content[:300])
            assert time.monotonic() - began < LONGEST_S, (shown, path)
            assert len(content) < MILLION, (shown, path)
            if status == 200:
                assert MARKER.encode() not in _without_echo(content, q), (shown, path)
            else:
                assert b"DB::" not in content, (shown, path)
                assert b"Traceback" not in content, (shown, path)
                assert b'"hint"' in content, (shown, path)
    assert memory_bytes() - before < MORE_MEMORY_BYTES


def _without_echo(content: bytes, q: str) -> bytes:
    """The answer without what was asked, which suggestions and explanations repeat."""
    return (
        content.replace(MARKER.encode(), b"") if MARKER in q and b"reasons" in content else content
    )


def memory_bytes() -> int:
    """What this process needed at most so far, and what the engine needs now."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    rows = engine.fetch("SELECT value FROM system.metrics WHERE metric = 'MemoryTracking'")
    return own + int(rows[0]["value"])


HOSTILE_PARAMETERS = [
    {"start": "9" * 5_000},
    {"start": "-1"},
    {"start": "0001-01-01", "end": "9999-12-31"},
    {"start": "now-99999999999999999999w"},
    {"end": "\0"},
    {"level": ["error"] * 5_000},
    {"service": [f"s{n}" for n in range(5_000)]},
    {"service": "x" * 100_000},
    {"host": "') OR 1=1 --"},
    {"source": "\0"},
    {"app": "../bravo"},
    {"app": "bravo' OR '1'='1"},
    {"order": "timestamp; DROP TABLE logs"},
    {"limit": "9" * 100},
    {"limit": "0x10"},
    {"cursor": "A" * 10_000},
    {"fields": ",".join(f"f{n}" for n in range(5_000))},
    {"fields": "message,attributes.');DROP TABLE logs"},
    {"interval": "1e9"},
    {"interval": "0.0001"},
    {"group_by": "trace_id,message,attributes.x,attributes.y,host"},
    {"group_by": "') --"},
    {"metrics": "p999:duration_ms,unique:'--,sum:"},
    {"metrics": ",".join(f"p{n}:duration_ms" for n in range(100))},
    {"format": "CSV SETTINGS readonly=0"},
]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse")
@pytest.mark.parametrize("parameters", HOSTILE_PARAMETERS, ids=lambda one: str(one)[:50])
def test_a_hostile_parameter_gets_a_bounded_answer(
    ask: Callable[..., Any], parameters: dict[str, Any]
) -> None:
    for path in PATHS:
        status, content = ask(path, **parameters)
        assert status == 200 or (400 <= status < 500), (path, content[:300])
        assert MARKER.encode() not in content
        assert b"DB::" not in content


def test_grouping_a_million_by_their_ids_is_bounded(ask: Callable[..., Any]) -> None:
    """Memory is capped for each question; what does not fit is refused and the engine goes on."""
    start = int(AT.timestamp()) - 3_000
    engine.run(
        "INSERT INTO logs (id, timestamp, received_at, app, trace_id, message) "
        f"SELECT generateUUIDv7(), toDateTime64({start} + number % 3000, 9, 'UTC'), "
        f"toDateTime64({start}, 3, 'UTC'), 'alpha', hex(sipHash128(number)), 'x' "
        f"FROM numbers({MILLION})"
    )
    with clock.frozen(AT + timedelta(minutes=1)):
        for path, asked in (
            ("analytics/aggregate", {"group_by": "trace_id", "limit": "100"}),
            ("logs/facets", {"fields": "trace_id,id,message", "limit": "10"}),
            ("logs/fields", {}),
        ):
            status, content = ask(path, **asked)
            assert status in (200, 400, 422), content[:300]
            assert len(content) < MILLION
        assert ask("logs", limit="1")[0] == 200
