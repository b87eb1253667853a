"""From the settings of people to what is stored: followed within seconds, never half known."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError

from ingestion import drain, queue, receipts, tail
from ingestion.assemble import assemble, quarantine_whole
from ingestion.contracts import QueuedEntry
from ingestion.errors import RulesUnavailable
from ingestion.models import AppSalt, LookupTable, OwnPattern, Source, SourceRules, TagRule
from ingestion.treatment import plans
from storage import facade as storage
from storage.facade import LogQuery
from tests.factories import make_app, make_source
from tests.ingestion.feeding import make_entry

pytestmark = pytest.mark.django_db

SECRET, MAIL = "hunter2hunter2", "ann@example.com"


@pytest.fixture
def source() -> Source:
    return make_source(make_app("shop"), "web")


def queued(*lines: str, stream_id: str = "1-0", **changes: Any) -> QueuedEntry:
    body = "\n".join(lines).encode()
    entry = make_entry(body, app="shop", source="web", lines=len(lines), **changes)
    return QueuedEntry(shard=0, stream_id=stream_id, entry=entry)


def stored(*lines: str) -> list[dict[str, Any]]:
    rows = assemble([queued(*lines)]).records.to_dicts()
    for row in rows:
        row["attributes"] = {pair["key"]: pair["value"] for pair in row["attributes"]}
    return rows


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the time to look again had come."""
    monkeypatch.setattr(plans._known, "looked_at", float("-inf"))


def test_a_new_source_redacts_passwords_tokens_and_keys_and_nothing_else(source: Source) -> None:
    row = stored(f"{MAIL} password={SECRET} from 10.0.0.1")[0]
    assert row["message"] == f"{MAIL} password=[redacted:password] from 10.0.0.1"
    assert row["attributes"]["redacted"] == '["message"]'


def test_a_change_is_followed_by_processes_that_look_again(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stored(MAIL)[0]["message"] == MAIL
    SourceRules.objects.get(source=source).delete()
    SourceRules.objects.create(source=source, email="mask", password="off")
    assert stored(MAIL)[0]["message"] == MAIL
    later(monkeypatch)
    row = stored(f"{MAIL} password={SECRET}")[0]
    assert row["message"] == f"[redacted:email] password={SECRET}"


def test_a_batch_costs_no_query(source: Source, django_assert_num_queries: Any) -> None:
    stored("first")
    with django_assert_num_queries(0):
        stored("second", "third")


def test_sources_with_equal_settings_are_parsed_together(source: Source) -> None:
    other = make_source(source.app, "other")
    assert plans.treatment_of("shop", "web") is plans.treatment_of("shop", other.slug)
    assert plans.treatment_of("", "") is plans.default_treatment()


def test_own_patterns_tags_and_tables_reach_the_lines(source: Source) -> None:
    OwnPattern.objects.create(rules=source.rules, name="order", pattern=r"ORD-\d+", action="mask")
    TagRule.objects.create(app=source.app, tag="slow", fields="message", words="took long")
    LookupTable.objects.create(
        app=source.app, name="hosts", field="host", content="host,team\nweb-1,shop\n"
    )
    row = stored(json.dumps({"message": "ORD-77 took long", "host": "web-1"}))[0]
    assert row["message"] == "[redacted:order] took long"
    assert row["attributes"]["tags"] == "slow"
    assert row["attributes"]["hosts.team"] == "shop"


def test_hashes_of_two_apps_cannot_be_compared(source: Source) -> None:
    SourceRules.objects.update(email="hash")
    there = make_source(make_app("bank"), "web")
    SourceRules.objects.filter(source=there).update(email="hash")
    first = stored(MAIL)[0]["message"]
    entry = make_entry(MAIL.encode(), app="bank", source="web", lines=1)
    other = assemble([QueuedEntry(shard=0, stream_id="1-0", entry=entry)]).records["message"][0]
    assert stored(MAIL)[0]["message"] == first != other
    assert AppSalt.objects.count() == 2


def test_ids_do_not_depend_on_the_rules(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ["timestamp", "entry_key", "sequence", "app", "source"]
    before = assemble([queued(f"a {MAIL}", "b")]).records.select(columns)
    rules = SourceRules.objects.get(source=source)
    rules.email = "drop"
    rules.save()
    later(monkeypatch)
    after = assemble([queued(f"a {MAIL}", "b")]).records
    assert after["message"][0] == "[redacted:email]"
    assert before.equals(after.select(columns))


def test_while_the_database_is_away_known_rules_stay_and_unknown_lines_wait(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    SourceRules.objects.update(email="mask")
    stored("known now")
    later(monkeypatch)

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise OperationalError("the database is away")

    monkeypatch.setattr(plans, "RulesVersion", type("R", (), {"objects": Away()}))
    monkeypatch.setattr(plans, "SourceRules", type("S", (), {"objects": Away()}))
    assert stored(MAIL)[0]["message"] == "[redacted:email]"
    with pytest.raises(RulesUnavailable):
        plans.treatment_of("shop", "never-met")
    assert RulesUnavailable in drain._LATER


def test_redactions_are_counted_by_app_source_and_rule(source: Source) -> None:
    lines = [f"login: password={SECRET}, token={SECRET}.", "clean", f'{{"password":"{SECRET}"}}']
    found = assemble([queued(*lines)])
    assert found.redactions == {("shop", "web", "password"): 2, ("shop", "web", "token"): 1}


def test_a_body_that_is_kept_whole_is_redacted_unless_nobody_may_read_it(source: Source) -> None:
    whole = queued(f"password={SECRET}", "b")
    kept = quarantine_whole(whole, f"not_storable: token={SECRET}").quarantined
    assert SECRET not in f"{kept.to_dicts()}"
    unread = quarantine_whole(whole, "worker_died: x", unread=whole.entry.body).quarantined
    assert unread["raw"][0] == whole.entry.body


@pytest.mark.usefixtures("one_shard", "valkey", "clickhouse")
def test_nobody_finds_the_secret_by_search_tail_quarantine_or_receipt(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[Any] = []
    monkeypatch.setattr(tail, "publish", lambda frame: published.append(frame.to_dicts()))
    lines = [
        json.dumps(
            {"message": f"login token={SECRET}", "password": SECRET, "n": {"apiKey": SECRET}}
        ),
        f'{{"cut off": "password={SECRET}',
        json.dumps({"message": "clean"}),
    ]
    entry = make_entry(
        "\n".join(lines).encode(), app="shop", source="web", lines=3, strict_json=True
    )
    receipt = queue.enqueue(entry, idempotency_key="", body_hash="").receipt
    assert drain.drain_shard(0, idle_s=0.05) == 1
    window = {"start": datetime(1970, 1, 1, tzinfo=UTC), "end": datetime(2100, 1, 1, tzinfo=UTC)}
    everything = storage.search_logs(LogQuery(apps=("shop",), **window), limit=10).records
    hidden = storage.search_logs(LogQuery(apps=("shop",), q=SECRET, **window), limit=10).records
    kept = storage.list_rejects(storage.RejectQuery(apps=("shop",))).lines
    told = receipts.find_outcome(receipt, ("shop",))
    assert (len(everything), len(kept), hidden) == (2, 1, [])
    assert SECRET not in f"{everything}{kept}{told}{published}"
    assert published
