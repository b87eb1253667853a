"""The log generator: what it writes is what the formats promise, and looks like real traffic."""

import csv
import io
import json
import re
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ingestion.generator.events import INCIDENT_LASTS_S, EventSource, incident_at
from ingestion.generator.lines import FORMATS, stack_trace
from ingestion.generator.pace import Plan, event_times
from logplatform.kernel import clock
from tests.ingestion.far_side import far_side

AT = 1_800_000_030.0  # in a calm half of a minute


def generate(*options: str) -> list[str]:
    out = io.StringIO()
    call_command("generate", *options, stdout=out)
    return out.getvalue().splitlines()


def many(count: int = 5000, at: float = AT, **options: object) -> list:
    source = EventSource(seed=7, **options)
    return [source.event(at) for _ in range(count)]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_event_is_one_line_in_every_format(name: str) -> None:
    events = many(3000, is_http_only=name == "nginx")
    assert not [event for event in events if "\n" in FORMATS[name](event)]


def test_json_lines_carry_what_structured_loggers_write() -> None:
    records = [json.loads(FORMATS["json"](event)) for event in many()]
    assert {record["service"] for record in records} == {
        "api",
        "auth",
        "payment",
        "search",
        "worker",
    }
    assert all(re.fullmatch(r"[0-9a-f]{32}", record["trace_id"]) for record in records)
    assert all(record["timestamp"] == "2027-01-15T08:00:30.000Z" for record in records)
    assert any(
        "\n  File" in record.get("exception", {}).get("stacktrace", "") for record in records
    )


def test_levels_have_the_shares_of_ordinary_traffic() -> None:
    levels = Counter(event.template.level for event in many())
    assert levels["INFO"] > 0.6 * 5000
    assert 0.001 * 5000 < levels["ERROR"] < 0.03 * 5000


def test_durations_have_a_tail() -> None:
    durations = sorted(e.duration_ms for e in many() if e.template.path == "/search")
    assert durations[int(len(durations) * 0.99)] > 3 * durations[len(durations) // 2]


def test_errors_come_in_bursts_of_one_service_each_minute() -> None:
    trouble_at = AT - 30
    service = incident_at(trouble_at)
    assert service
    assert not incident_at(trouble_at + INCIDENT_LASTS_S)
    errors = [e for e in many(at=trouble_at) if e.template.level in ("WARN", "ERROR", "FATAL")]
    assert len(errors) > 0.5 * 5000
    assert Counter(e.service for e in errors).most_common(1)[0][0] == service


def test_stack_traces_belong_to_failures_only() -> None:
    assert all(bool(stack_trace(event)) == bool(event.template.error) for event in many())


def test_csv_rows_fit_their_header() -> None:
    rows = list(csv.DictReader(generate("--format", "csv", "--count", "500")))
    assert len(rows) == 500
    assert all(None not in row and row["level"] and row["trace_id"] for row in rows)


def test_nginx_lines_are_combined_access_logs() -> None:
    shape = re.compile(
        r'\d+(\.\d+){3} - - \[[^]]+ \+0000\] "[A-Z]+ /\S* HTTP/1\.1" \d{3} \d+ "-" "'
    )
    assert all(shape.match(line) for line in generate("--format", "nginx", "--count", "500"))


def test_syslog_lines_are_rfc_5424() -> None:
    shape = re.compile(r"<1(2[89]|3[0-5])>1 \S+Z \S+ \S+ \d+ \S+ \[lgs@32473 [^]]+\] ")
    assert all(shape.match(line) for line in generate("--format", "syslog", "--count", "500"))


def test_the_same_seed_gives_the_same_lines() -> None:
    with clock.frozen(datetime(2026, 5, 1, tzinfo=UTC)):
        first = generate("--count", "50", "--seed", "3")
        assert generate("--count", "50", "--seed", "3") == first
        assert generate("--count", "50", "--seed", "4") != first


def test_over_spreads_times_into_the_past() -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with clock.frozen(now):
        lines = generate("--count", "100", "--over", "1h")
    stamps = [json.loads(line)["timestamp"] for line in lines]
    assert stamps == sorted(stamps)
    assert stamps[0] == "2026-05-01T11:00:00.000Z"
    assert stamps[-1] == "2026-05-01T11:59:24.000Z"


def test_the_rate_is_kept() -> None:
    began = time.monotonic()
    lines = generate("--rate", "200", "--count", "101")
    assert len(lines) == 101
    assert 0.4 < time.monotonic() - began < 2


def test_a_burst_raises_the_rate_while_a_service_is_in_trouble() -> None:
    waits = iter([False] * 5 + [True])

    def wait(seconds: float) -> bool:
        time.sleep(seconds)  # the pace is what is tested
        return next(waits)

    with clock.frozen(datetime.fromtimestamp(AT - 30, UTC)):
        made = sum(map(len, event_times(Plan(rate=100, burst=5), wait=wait)))
    assert 180 < made < 400


def test_it_writes_and_appends_to_a_file_with_one_header(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    for _ in range(2):
        generate("--format", "csv", "--count", "10", "--output", str(file))
    lines = file.read_text().splitlines()
    assert len(lines) == 21
    assert sum(line.startswith("timestamp,") for line in lines) == 1


def test_it_posts_to_the_api_over_one_connection() -> None:
    with far_side() as far:
        options = ("--to-api", far.url, "--key", far.key)
        assert generate("--count", "12000", *options) == ["Sent 12,000 lines."]
        assert len(far.lines) == 12000
        assert len(far.connections) == 1
        assert far.requests[0]["headers"]["Content-Type"] == "application/x-ndjson"


def test_csv_goes_to_the_api_under_its_format_with_one_header() -> None:
    with far_side() as far:
        generate("--count", "12000", "--format", "csv", "--to-api", far.url, "--key", far.key)
        assert len(far.requests) > 1
        assert all(request["query"]["format"] == ["csv"] for request in far.requests)
        assert far.lines[0].startswith(b"timestamp,level,")
        assert sum(line.startswith(b"timestamp,") for line in far.lines) == 1


def test_it_waits_as_long_as_the_api_says() -> None:
    with far_side() as far:
        far.answers = [(429, {"Retry-After": "1"})]
        began = time.monotonic()
        generate("--count", "5", "--to-api", far.url, "--key", far.key)
        assert time.monotonic() - began >= 1
        assert len(far.lines) == 5


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--over", "1h"), "--count"),
        (("--rate", "0", "--count", "1"), "greater than 0"),
        (("--count", "1", "--over", "soon"), "30m"),
        (("--format", "xml"), "invalid choice"),
        (("--count", "1", "--to-api", "ftp://x", "--key", "k"), "not the address"),
    ],
    ids=["over-needs-count", "rate-zero", "bad-span", "unknown-format", "bad-url"],
)
def test_wrong_options_are_refused_with_a_sentence(options: tuple[str, ...], word: str) -> None:
    with pytest.raises(CommandError, match=word):
        generate(*options)


def test_a_wrong_key_ends_it_with_the_words_of_the_api() -> None:
    with far_side() as far, pytest.raises(CommandError, match="No such key"):
        generate("--count", "1", "--to-api", far.url, "--key", "wrong")


def test_paced_lines_have_times_of_their_own_in_order() -> None:
    stamps = [json.loads(line)["timestamp"] for line in generate("--rate", "300", "--count", "90")]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) > 60
