"""The schema changes while lines are inserted, and attributes come to have very many names."""

import threading
from datetime import timedelta

import pytest

from storage import facade as storage
from storage.clickhouse import client
from storage.facade import LogQuery
from tests.storage.records import AT, make_frame

pytestmark = pytest.mark.usefixtures("clickhouse")


def everything(q: str = "") -> LogQuery:
    return LogQuery(apps=("shop",), q=q, start=AT - timedelta(days=1), end=AT + timedelta(days=1))


def test_a_column_comes_and_goes_while_lines_are_inserted() -> None:
    is_over, stored = threading.Event(), 0

    def insert() -> None:
        nonlocal stored
        while not is_over.is_set():
            storage.write_logs(make_frame([{"message": f"m{stored}"}] * 50), token=f"t{stored}")
            stored += 50

    sender = threading.Thread(target=insert)
    sender.start()
    for _ in range(3):
        client.run("ALTER TABLE logs ADD COLUMN IF NOT EXISTS later String DEFAULT 'x'")
        storage.search_logs(everything(), limit=10)
        client.run("ALTER TABLE logs DROP COLUMN later")
    is_over.set()
    sender.join()
    assert stored > 0
    assert storage.count_logs(everything()) == stored


def test_very_many_names_of_attributes_make_no_columns_and_are_found() -> None:
    columns = "SELECT count() AS n FROM system.columns WHERE table = 'logs'"
    before = client.fetch(columns)
    for batch in range(20):
        rows = [
            {"attributes": {f"k{batch}_{row}_{n}": f"v{row}" for n in range(25)}}
            for row in range(200)
        ]
        storage.write_logs(make_frame(rows, entry_key=batch + 1), token=f"names {batch}")
    client.run("OPTIMIZE TABLE logs FINAL")
    assert client.fetch(columns) == before
    names = "SELECT uniqExact(arrayJoin(mapKeys(attributes))) AS n FROM logs"
    assert client.fetch(names)[0]["n"] == 100_000
    assert storage.count_logs(everything("attributes.k7_33_9:v33")) == 1
    assert storage.count_logs(everything()) == 4_000
