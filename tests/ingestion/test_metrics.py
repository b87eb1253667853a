"""What Prometheus sees: the numbers of the receipts, the queue as it is, nothing counted twice."""

import json
import re
import subprocess
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from ingestion import direct, drain, metrics, queue, receipts, tail
from ingestion.ledger.direct_counts import count_direct_writes
from ingestion.models import LedgerCheck, LedgerGap
from ingestion.quarantine import bounds
from logplatform.kernel import clock
from tests.environment import free_port
from tests.factories import make_app
from tests.ingestion.feeding import (
    drain_all,
    drain_and_die,
    make_entry,
    put,
    refuse_poison,
    send,
)
from tests.invariants.sources import ROOT
from tests.outages import queue_away
from tests.services import running, wait_until

pytestmark = [pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"), pytest.mark.django_db]

TOKEN = "for-prometheus-only"
PROMETHEUS = Path("/usr/bin/prometheus")
PROMTOOL = Path("/usr/bin/promtool")
RULES = ROOT / "deploy/prometheus/rules.yml"
CONFIG = ROOT / "deploy/prometheus/prometheus.yml"
GUIDE = ROOT / "deploy/README.md"
DASHBOARD = ROOT / "deploy/grafana/logplatform.json"
ALERT_CASES = """
rule_files: [RULES]
tests:
  - interval: 1m
    input_series:
      - series: 'logplatform_ledger_gap_lines{kind="lost"}'
        values: '0x10 3x20 0x20'
      - series: 'up{job="logplatform",instance="a"}'
        values: '1x9 0x60'
      - series: 'up{job="logplatform",instance="b"}'
        values: '1x29 0x30'
      - series: 'logplatform_ledger_checked_until_timestamp_seconds'
        values: '0+60x20 1200x60'
    promql_expr_test:
      - {expr: 'count(ALERTS{alertname="LedgerGap",alertstate="firing"})', eval_time: 9m}
      - expr: 'count(ALERTS{alertname="LedgerGap",alertstate="firing"})'
        eval_time: 20m
        exp_samples: [{value: 1, labels: '{}'}]
      - {expr: 'count(ALERTS{alertname="LedgerGap",alertstate="firing"})', eval_time: 35m}
      - {expr: 'count(ALERTS{alertname="LedgerNotChecked"})', eval_time: 30m}
      - {expr: 'count(ALERTS{alertname="Unreachable"})', eval_time: 28m}
      - expr: 'count(ALERTS{alertname="Unreachable",alertstate="firing"})'
        eval_time: 34m
        exp_samples: [{value: 1, labels: '{}'}]
      - expr: 'count(ALERTS{alertname="LedgerNotChecked",alertstate="firing"})'
        eval_time: 60m
        exp_samples: [{value: 1, labels: '{}'}]
"""
MIXED = b'{"message":"good"}\n{"cut\n{"message":"too"}'


@pytest.fixture(autouse=True)
def _token(settings) -> None:
    settings.ENV = replace(settings.ENV, metrics_token=TOKEN)


def scrape(token: str = TOKEN) -> dict[str, dict[frozenset, float]]:
    """Series name → labels → value, as a scraper reads them."""
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 200
    found: dict[str, dict[frozenset, float]] = defaultdict(dict)
    for family in text_string_to_metric_families(response.content.decode()):
        for sample in family.samples:
            found[sample.name][frozenset(sample.labels.items())] = sample.value
    return found


def value(name: str, **labels: str) -> float | None:
    return scrape()[name].get(frozenset(labels.items()))


def lines(outcome: str, app: str = "shop", source: str = "web") -> float | None:
    labels = {"app": app, "source": source, "protocol": "native", "outcome": outcome}
    return value("logplatform_lines_total", **labels)


def size_of(outcome: str, app: str = "shop", source: str = "web") -> float | None:
    labels = {"app": app, "source": source, "protocol": "native", "outcome": outcome}
    return value("logplatform_bytes_total", **labels)


def test_the_counts_are_those_of_the_receipts() -> None:
    found = [put(MIXED, strict_json=True), put(b"plain"), put(MIXED, strict_json=True)]
    put(b"another app", app="bank", source="atm")
    drain_all()
    outcomes = [receipts.find_outcome(receipt, ("shop",)) for receipt in found]
    for name in metrics.OUTCOMES:
        assert lines(name) == sum(getattr(outcome, name) for outcome in outcomes)
    assert (lines("stored"), lines("quarantined")) == (5, 2)
    assert (lines("stored", "bank", "atm"), lines("quarantined", "bank", "atm")) == (1, 0)
    reason = {"app": "shop", "source": "web", "reason": "invalid_json"}
    assert value("logplatform_quarantined_total", **reason) == 2
    refused = len(b'{"cut')
    assert size_of("quarantined") == 2 * refused
    assert size_of("stored") == 2 * (len(MIXED) - refused) + len(b"plain")
    assert size_of("duplicate") == 0


def test_bytes_an_earlier_version_counted_are_those_of_stored_lines(valkey) -> None:
    valkey.hset("lgs:metrics", '["bytes","shop","web","native"]', 7)
    put(b"plain")
    drain_all()
    assert size_of("stored") == 12


def test_bytes_of_what_came_before_are_those_of_duplicates(tenant) -> None:
    for _ in range(3):
        send(tenant, b"one line", key="k")
    drain_all()
    named = {"app": "alpha", "source": "alpha-web"}
    assert (size_of("stored", **named), size_of("duplicate", **named)) == (8, 16)
    assert (lines("stored", *named.values()), lines("duplicate", *named.values())) == (1, 2)


def test_a_group_is_one_batch_with_its_times() -> None:
    put(b"one\ntwo")
    put(b"three")
    drain_all()
    seen = scrape()
    nothing: frozenset = frozenset()
    assert seen["logplatform_drain_batch_lines_count"][nothing] == 1
    assert seen["logplatform_drain_batch_lines_sum"][nothing] == 3
    buckets = seen["logplatform_drain_batch_lines_bucket"]
    assert buckets[frozenset({("le", "1.0")})] == 0
    assert buckets[frozenset({("le", "10.0")})] == buckets[frozenset({("le", "+Inf")})] == 1
    for stage in ("assemble", "insert"):
        assert seen[f"logplatform_{stage}_seconds_count"][nothing] == 1
        assert 0 < seen[f"logplatform_{stage}_seconds_sum"][nothing] < 30


def test_who_acknowledges_a_group_again_books_nothing() -> None:
    put(b"once")
    lease = queue.ShardLease(0)
    assert lease.acquire()
    group = lease.read(max_bytes=1000)
    queue.client().delete("lgs:lease:0")
    successor = queue.ShardLease(0)
    assert successor.acquire()
    drain.store_group(successor, group)
    drain.store_group(lease, group)
    successor.release()
    assert lines("stored") == 1
    assert value("logplatform_insert_seconds_count") == 1


def test_a_drain_that_dies_before_the_acknowledgement_is_counted_once(monkeypatch) -> None:
    put(b"a line")
    drain_and_die(monkeypatch)
    assert lines("stored") is None
    assert drain_all() == 1
    assert lines("stored") == 1


def test_requests_stored_one_by_one_are_counted_like_all_others(monkeypatch) -> None:
    put(b"fine")
    put(b"poison\npoison")
    refuse_poison(monkeypatch)
    drain_all()
    assert (lines("stored"), lines("quarantined")) == (1, 2)


def test_a_broken_hash_of_counts_does_not_stop_the_drain(valkey) -> None:
    valkey.set("lgs:metrics", "not a hash")
    receipt = put(b"a line")
    assert drain_all() == 1
    assert receipts.find_outcome(receipt, ("shop",)).stored == 1


def test_the_queue_is_shown_as_it_is_now() -> None:
    assert value("logplatform_queue_entries", shard="0") == 0
    assert value("logplatform_queue_oldest_age_seconds") == 0
    put(b"12345678")
    put(b"12")
    wait_until(lambda: value("logplatform_queue_oldest_age_seconds") > 0, 5)
    assert value("logplatform_queue_entries", shard="0") == 2
    assert value("logplatform_queue_bytes") == 10
    assert value("logplatform_up", dependency="queue") == 1
    drain_all()
    assert value("logplatform_queue_entries", shard="0") == 0
    assert value("logplatform_queue_bytes") == 0


def test_without_the_queue_only_its_absence_and_the_disk_are_shown() -> None:
    with queue_away():
        seen = scrape()
    assert seen["logplatform_up"] == {frozenset({("dependency", "queue")}): 0}
    assert {name for name in seen if name.startswith("logplatform_")} == {
        *("logplatform_up", "logplatform_disk_free_bytes", "logplatform_disk_needed_bytes")
    }
    assert "python_info" in seen


@pytest.mark.parametrize("configured", [TOKEN, ""])
@pytest.mark.parametrize("sent", ["", "wrong"])
def test_without_the_token_no_app_and_no_source_is_named(settings, configured, sent) -> None:
    settings.ENV = replace(settings.ENV, metrics_token=configured)
    put(b"one", app="secret-app", source="secret-source")
    put(b"two")
    drain_all()
    seen = scrape(token=sent)
    total = frozenset({("protocol", "native"), ("outcome", "stored")})
    assert seen["logplatform_lines_total"][total] == 2
    assert "secret" not in str(seen)


def test_records_left_out_of_a_live_tail_are_counted(monkeypatch) -> None:
    from asgiref.sync import async_to_sync

    async_to_sync(tail.subscribe)("shop", "")
    monkeypatch.setattr(tail, "MAX_RECORDS", 2)
    put(b"\n".join(b"line %d" % number for number in range(5)))
    drain_all()
    assert value("logplatform_tail_dropped_total", app="shop") == 3


def book_something_of_everything() -> None:
    put(MIXED, strict_json=True)
    drain_all()
    bounds.enforce_bounds()
    queue.book(
        metrics.tail_drops("shop", 1)
        | metrics.refusals({("shop", "web", "quota_exceeded"): 1})
        | metrics.redactions([{("shop", "web", "email"): 1}])
        | metrics.quarantine_dropped("shop", "age", 1)
    )


def queries_of_the_dashboard() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_every_metric_of_the_dashboard_and_of_the_alerts_is_exposed() -> None:
    book_something_of_everything()
    alerts = re.findall(r"expr: (.+)", RULES.read_text())
    queries = " ".join([*queries_of_the_dashboard(), *alerts])
    named = set(re.findall(r"\b(?:logplatform|django)_\w+", queries))
    assert len(named) > 20
    assert named <= set(scrape())


def test_every_series_is_documented_and_shown_in_the_dashboard() -> None:
    book_something_of_everything()
    text = metrics.exposition(with_names=False).decode()
    exposed = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert len(exposed) > 20
    documented = set(re.findall(r"`(logplatform_[a-z_]+)", GUIDE.read_text()))
    assert exposed == documented, "the table of deploy/README.md has each series"
    shown = " ".join(queries_of_the_dashboard())
    assert not [name for name in exposed if name not in shown], "deploy/grafana shows each series"


@pytest.mark.skipif(not PROMTOOL.exists(), reason="promtool is not installed")
def test_promtool_finds_nothing_to_say() -> None:
    put(MIXED, strict_json=True)
    drain_all()
    check = [str(PROMTOOL), "check"]
    config = subprocess.run([*check, "config", str(CONFIG)], capture_output=True, text=True)
    assert config.returncode == 0, config.stderr
    text = metrics.exposition(with_names=True)
    linted = subprocess.run([*check, "metrics"], input=text, capture_output=True)
    assert (linted.returncode, linted.stderr) == (0, b"")


@pytest.mark.skipif(not PROMTOOL.exists(), reason="promtool is not installed")
def test_the_alerts_fire_on_a_gap_and_on_a_check_that_stands_still(tmp_path) -> None:
    cases = tmp_path / "cases.yml"
    cases.write_text(ALERT_CASES.replace("RULES", str(RULES)))
    tested = subprocess.run([str(PROMTOOL), "test", "rules", str(cases)], capture_output=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.skipif(not PROMETHEUS.exists(), reason="prometheus is not installed")
def test_a_real_prometheus_fills_every_panel_of_the_dashboard(live_server, tmp_path) -> None:
    book_something_of_everything()
    target = live_server.url.removeprefix("http://")
    text = CONFIG.read_text().replace("localhost:8000", target).replace("15s", "1s")
    text = text.replace("scrape_timeout: 10s", "scrape_timeout: 1s")
    config = tmp_path / "prometheus.yml"
    config.write_text(text)
    (tmp_path / "rules.yml").write_text(RULES.read_text())
    url = f"http://127.0.0.1:{free_port()}"
    command = [str(PROMETHEUS), f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data"]
    command.append(f"--web.listen-address={url.removeprefix('http://')}")

    def ask(query: str) -> list[dict]:
        try:
            answer = httpx.get(f"{url}/api/v1/query", params={"query": query}).json()
        except (httpx.HTTPError, ValueError):
            return []
        assert answer["status"] == "success", answer
        return answer["data"]["result"]

    with running(command, tmp_path / "log", lambda: bool(ask("logplatform_up"))):
        found = {
            row["metric"]["outcome"]: row["value"][1] for row in ask("logplatform_lines_total")
        }
        assert found == {"stored": "2", "duplicate": "0", "quarantined": "1"}
        for expression in queries_of_the_dashboard():
            query = expression.replace("$__rate_interval", "1m")
            wait_until(lambda query=query: bool(ask(query)), 15, f"Prometheus has nothing: {query}")


def write_directly(body: bytes = MIXED, **changes: object) -> None:
    entry = make_entry(body, **{"lines": body.count(b"\n") + 1, "strict_json": True, **changes})
    direct.store(entry)


def test_lines_written_past_the_queue_are_counted_like_all_others() -> None:
    put(MIXED, strict_json=True)
    drain_all()
    with queue_away():
        write_directly()
        write_directly()
        write_directly(app="bank", source="atm")
        write_directly(b'{"whole', app="till", source="one")
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        assert count_direct_writes()
    assert (lines("stored"), lines("quarantined")) == (6, 3)
    assert (lines("stored", "bank", "atm"), lines("quarantined", "bank", "atm")) == (2, 1)
    assert size_of("stored") == 3 * len(MIXED) - len(b'{"cut')
    assert size_of("stored", app="bank", source="atm") == len(MIXED)
    assert size_of("quarantined", app="till", source="one") == len(b'{"whole')
    assert value("logplatform_drain_batch_lines_count") == 1


def test_direct_writes_are_counted_once_however_often_somebody_counts() -> None:
    write_directly()
    for minutes in (0, 2, 2, 3, 50):
        with clock.frozen(clock.now() + timedelta(minutes=minutes)):
            count_direct_writes()
    assert lines("stored") == 2
    position = queue.direct_position()
    assert not queue.book_direct({'["lines","shop","web","native","stored"]': 9}, before=1, after=2)
    assert (queue.direct_position(), lines("stored")) == (position, 2)


def test_gaps_of_the_ledger_are_shown_and_gone_ones_are_zero() -> None:
    put(b"a line")
    drain_all()
    labels = {"app": "shop", "source": "web"}
    assert value("logplatform_ledger_gap_lines", **labels, kind="lost") == 0
    at = clock.now()
    figures = {"booked": 9, "found": 4, "lost": 7, "doubled": 2, "unbooked": 0}
    times = {"minute": at, "found_at": at, "checked_at": at}
    LedgerGap.objects.create(app=make_app("shop"), source="web", **figures, **times)
    assert value("logplatform_ledger_gap_lines", **labels, kind="lost") == 7
    assert value("logplatform_ledger_gap_lines", **labels, kind="doubled") == 2
    assert scrape(token="")["logplatform_ledger_gap_lines"][frozenset({("kind", "lost")})] == 7
    LedgerGap.objects.update(state=LedgerGap.State.ACCEPTED)
    assert value("logplatform_ledger_gap_lines", **labels, kind="lost") == 0
    until = value("logplatform_ledger_checked_until_timestamp_seconds")
    assert until == LedgerCheck.current(at).until.timestamp()
