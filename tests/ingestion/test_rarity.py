"""Points for what is unusual for its source."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import redis

from ingestion import queue, rarity
from ingestion.assemble import Assembled, assemble
from ingestion.contracts import QueuedEntry
from logplatform.kernel import clock
from logplatform.kernel.anomaly import reasons_of, score_of
from storage import facade as storage
from tests.ingestion.feeding import make_entry

pytestmark = pytest.mark.usefixtures("valkey")
NOW = datetime(2026, 2, 11, 10, tzinfo=UTC)


def judged(*lines: str, source: str = "web") -> list[dict[str, Any]]:
    """Records of a group, as the drain would store them."""
    body = "\n".join(lines).encode()
    entry = make_entry(body, source=source, lines=len(lines))
    found = assemble([QueuedEntry(shard=0, stream_id="1-0", entry=entry)])
    again = rarity.with_rarity(found)
    assert again.records["line"].to_list() == found.records["line"].to_list()
    assert again.records.schema == found.records.schema
    return [dict(record) for record in storage.records_of(again.records)]


def codes(record: dict[str, Any]) -> set[str]:
    return {reason.code for reason in reasons_of(record)}


def usual(n: int = 1_000, took: int = 100, source: str = "web") -> None:
    line = '{{"message": "took order {0}", "service": "pay", "duration_ms": {1}}}'
    judged(*(line.format(number, took) for number in range(n)), source=source)


def test_kinds_of_messages_a_source_never_sent_are_unusual() -> None:
    usual()
    known, new = judged(
        '{"message": "took order 7", "service": "pay"}',
        '{"message": "the disk melted", "service": "pay"}',
    )
    assert codes(known) == set()
    assert codes(new) == {"new_template"}
    assert new["anomaly_score"] == score_of(new) == 25
    twins = judged(*(['{"message": "the fan stopped", "service": "pay"}'] * 3))
    assert [codes(record) for record in twins] == [{"new_template"}, set(), set()]
    (again,) = judged('{"message": "the disk melted", "service": "pay"}')
    assert codes(again) == set()


def test_new_services_and_hosts_are_unusual() -> None:
    usual()
    (found,) = judged('{"message": "took order 7", "service": "cart", "host": "web-9"}')
    assert found["attributes"]["_unusual"] == "new:service new:host"
    assert found["anomaly_score"] == score_of(found) == 30


def test_slow_is_what_is_slow_for_the_source() -> None:
    usual(2_000, took=100)
    line = '{"message": "took order 7", "service": "pay", "duration_ms": %d}'
    fine, slow = judged(line % 180, line % 700)
    assert codes(fine) == set()
    assert codes(slow) == {"slower"}
    assert "108 ms" in reasons_of(slow)[0].text
    usual(2_000, took=5_000, source="batch")
    (usual_there,) = judged(line % 700, source="batch")
    assert codes(usual_there) == set()


def test_a_source_is_not_judged_before_it_is_known() -> None:
    usual(500)
    (found,) = judged('{"message": "the disk melted", "duration_ms": 9000}')
    assert codes(found) == {"slow"}


def test_workers_share_what_they_know() -> None:
    usual(3_000)
    rarity.forget()
    known, new = judged(
        '{"message": "took order 7", "service": "pay"}', '{"message": "melted", "service": "pay"}'
    )
    assert (codes(known), codes(new)) == (set(), {"new_template"})


def test_what_was_not_sent_for_two_weeks_is_new_again(monkeypatch: pytest.MonkeyPatch) -> None:
    line = '{"message": "took order 7", "service": "pay"}'
    monkeypatch.setattr(clock, "now", lambda: NOW)
    usual(3_000)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=7))
    assert codes(judged(line)[0]) == set()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=14))
    assert codes(judged(line)[0]) == set()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=28))
    assert codes(judged(line)[0]) == {"new_template", "new"}


def test_a_source_of_ever_new_messages_is_left_alone() -> None:
    usual()
    words = ("".join(chr(97 + n // 26**place % 26) for place in range(3)) for n in range(3_000))
    found = judged(*(f'{{"message": "{word}", "service": "pay"}}' for word in words))
    assert not any("_unusual" in record["attributes"] for record in found)


def test_what_is_remembered_of_a_source_is_bounded() -> None:
    usual()
    template = '{"message": "took order 7", "host": "web-%s"}'
    for part in range(6):
        judged(*(template % f"{part}x{number}" for number in range(1_000)))
    assert queue.client().scard(queue.client().keys("lgs:usual:shop/web:host:*")[0]) <= 4_000
    (found,) = judged(template % "new")
    assert "_unusual" not in found["attributes"]


def test_without_the_queue_server_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    usual()

    def away() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(queue, "client", away)
    found = judged('{"message": "the disk melted", "service": "pay"}')
    assert "_unusual" not in found[0]["attributes"]


def test_odd_durations_do_no_harm() -> None:
    line = '{"message": "x", "duration_ms": %s}'
    values = ["-1", "0", '"NaN"', '"inf"', '"-inf"', "1e300", '"much"', "null"]
    for _ in range(3):
        judged(*(line % value for value in values * 200))
    assert rarity.with_rarity(_nothing()).records.is_empty()


def _nothing() -> Assembled:
    return Assembled(records=pl.DataFrame(), quarantined=pl.DataFrame(), receipts=[])


def paid(country: str, n: int = 1, **more: object) -> list[str]:
    fields = {"message": "took order 7", "service": "pay", "country": country, **more}
    return [json.dumps(fields | {"user": f"u{number}"}) for number in range(n)]


def test_new_values_of_attributes_that_have_few_are_unusual() -> None:
    judged(*paid("DE", 600), *paid("FR", 600))
    known, new, again = judged(*paid("FR"), *paid("KP"), *paid("KP"))
    assert (codes(known), codes(new), codes(again)) == (set(), {"new"}, set())
    assert new["attributes"]["_unusual"] == "new:country"
    assert "this country" in reasons_of(new)[0].text
    assert new["anomaly_score"] == score_of(new) == 15
    rarity.forget()
    (found,) = judged(*paid("US", user="u1"))
    assert found["attributes"]["_unusual"] == "new:country"


def test_attributes_of_many_or_long_values_are_none_to_judge() -> None:
    judged(*paid("DE", 1_200, note="x"))
    known, long = judged(*paid("DE", user="never seen"), *paid("DE", note="y" * 200))
    assert (codes(known), codes(long)) == (set(), set())
    (found,) = judged(*paid("DE", note="z"))
    assert codes(found) == set()


def test_an_attribute_is_not_judged_before_it_is_known() -> None:
    usual(2_000)
    judged(*paid("DE", 500))
    assert codes(judged(*paid("KP"))[0]) == set()


def test_a_line_with_many_new_values_is_marked_for_one() -> None:
    judged(*paid("DE", 1_200, city="Bonn", region="NRW"))
    (found,) = judged(*paid("KP", city="P", region="P"))
    assert found["attributes"]["_unusual"] == "new:city"


def test_what_is_remembered_of_attributes_is_bounded() -> None:
    names = [f"a{number}" for number in range(60)]
    judged(*(json.dumps({"message": "x", **dict.fromkeys(names, "v")}) for _ in range(1_200)))
    keys = queue.client().keys("lgs:usual:shop/web:attributes.*")
    assert len(keys) == 16
    for number in range(100):
        judged(*(json.dumps({"message": "x", "a0": f"{number}-{n}"}) for n in range(3)))
    assert max(queue.client().scard(key) for key in keys) <= 60
    assert "a0" not in rarity._memories["shop", "web"].categories.lines


def test_in_free_text_no_kind_of_message_is_unusual() -> None:
    """Most of its lines have no template; what repeats by chance is nothing new."""
    words = ("the", "ship", "sailed", "far", "beyond", "every", "known", "shore", "and", "home")
    prose = [" ".join(words[int(digit)] for digit in f"{n:05}") for n in range(3_000)]
    usual(source="chat")
    found = judged(*(f'{{"message": "{text}"}}' for text in [*prose, prose[0]]), source="chat")
    assert {record["pattern_id"] for record in found[1:-1]} == {0}
    assert found[0]["pattern_id"] == found[-1]["pattern_id"] != 0
    assert all("new_template" not in codes(record) for record in found)
