"""Parts that were not written whole: found, ended by, recovered from, and no insert is lost.

The engine as a library goes on after a failed write, so files are cut off here as a full disk does.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from logplatform.embedded.engine import guard as guards
from logplatform.embedded.engine.errors import EngineError
from logplatform.embedded.engine.guard import EXIT_BROKEN, Guard
from logplatform.embedded.engine.parts import PartsWatch, is_whole, parts, tables
from tests.embedded.engines import Engine
from tests.services import wait_until
from tests.small_disk import Ballast, small_disk

_TABLE = (
    "CREATE TABLE t (n UInt64, text String, INDEX words lower(text)"
    " TYPE text(tokenizer = 'splitByNonAlpha')) ENGINE = MergeTree ORDER BY n"
    " SETTINGS non_replicated_deduplication_window = 100, old_parts_lifetime = 60"
)
_PACKED = f"{_TABLE}, min_bytes_for_full_part_storage = 33554432"
# Nobody says how long these are, but one page of the disk holds all of them.
_ONE_PAGE = ("columns.txt", "columns_substreams.txt")
# The engine reads a part without them.
_UNCHECKED = ("metadata_version.txt", "default_compression_codec.txt")


def insert(client: Any, start: int, token: str, rows: int = 1000) -> None:
    lines = "\n".join(f"{start + n}\tline {start + n}" for n in range(rows))
    client.raw_insert(
        "t", insert_block=lines, fmt="TSV", settings={"insert_deduplication_token": token}
    )


def total(client: Any) -> tuple[int, int]:
    return tuple(client.query("SELECT count(), uniqExact(n) FROM t").result_rows[0])


def numbers(client: Any, having: str = "") -> set[int]:
    """Of the inserts of 5,000 rows that are there."""
    rows = client.query(f"SELECT DISTINCT intDiv(n, 5000) FROM t GROUP BY n {having}").result_rows
    return {number for (number,) in rows}


def table_of(engine: Engine) -> Path:
    return next(tables(engine.folder / "clickhouse"))


@contextmanager
def opened(engine: Engine) -> Iterator[Any]:
    with engine.client() as client:
        yield client


@pytest.fixture
def engine(own_engine: Callable[[], Engine]) -> Engine:
    """An engine with a table of two inserts, with files of their own for each part."""
    return with_inserts(own_engine(), _TABLE)


@pytest.fixture
def packing(own_engine: Callable[[], Engine]) -> Engine:
    """The same with one file for each part."""
    return with_inserts(own_engine(), _PACKED)


def with_inserts(engine: Engine, table: str) -> Engine:
    with opened(engine) as client:
        client.command(table)
        insert(client, 0, "first")
        insert(client, 1000, "second")
    return engine


def test_parts_of_every_kind_are_whole(engine: Engine) -> None:
    with opened(engine) as client:
        client.command("INSERT INTO t SELECT number, 'wide' FROM numbers(600000)")
        client.command("OPTIMIZE TABLE t FINAL")
        client.command("ALTER TABLE t DELETE WHERE n = 7", settings={"mutations_sync": 1})
        kinds = client.query("SELECT DISTINCT part_type FROM system.parts").result_rows
    assert {kind for (kind,) in kinds} == {"Compact", "Wide"}
    table = table_of(engine)
    assert len(list(parts(table))) >= 5
    assert all(is_whole(table / name) for name in parts(table))


def test_packed_parts_of_every_kind_are_whole(packing: Engine) -> None:
    with opened(packing) as client:
        client.command(
            "ALTER TABLE t ADD PROJECTION halves (SELECT n % 2 AS half, count() GROUP BY half)"
        )
        client.command("INSERT INTO t SELECT number, 'wide' FROM numbers(600000)")
        client.command("INSERT INTO t SELECT number, 'large' FROM numbers(3000000)")
        client.command("ALTER TABLE t DELETE WHERE n = 7", settings={"mutations_sync": 1})
        found = "SELECT DISTINCT part_type, part_storage_type FROM system.parts"
        kinds = client.query(found).result_rows
    assert set(kinds) >= {("Compact", "Packed"), ("Wide", "Packed"), ("Wide", "Full")}
    table = table_of(packing)
    assert len(list(parts(table))) >= 6
    assert all(is_whole(table / name) for name in parts(table))


def test_a_packed_part_that_is_cut_off_or_damaged_is_not_whole(
    packing: Engine, tmp_path: Path
) -> None:
    part = table_of(packing) / "all_1_1_0"
    whole = (part / "data.packed").read_bytes()
    assert [file.name for file in part.iterdir()] == ["data.packed"]
    damaged = {
        "cut off": [whole[:size] for size in (0, 8, 9, 20, 500, len(whole) // 2, len(whole) - 1)],
        "longer": [whole + b"\0"],
        "another version": [b"\1" + whole[1:]],
        "no description": [whole.replace(b"checksums.txt", b"checksumz.txt", 1)],
        "no list of columns": [whole.replace(b"columns.txt", b"columns.tzt", 1)],
        "more files than there are": [b"\0\xff" + whole[2:]],
    }
    for what, contents in damaged.items():
        for content in contents:
            copy = tmp_path / "copy"
            copy.mkdir(exist_ok=True)
            (copy / "data.packed").write_bytes(content)
            assert not is_whole(copy), (what, len(content))


def test_a_part_with_a_file_cut_off_is_not_whole(engine: Engine, tmp_path: Path) -> None:
    part = table_of(engine) / "all_1_1_0"
    for number, name in enumerate(file.name for file in part.iterdir()):
        if name in _UNCHECKED:
            continue
        for size in (0, int((part / name).stat().st_size * 0.5)):
            copy = tmp_path / f"{number}.{size}"
            shutil.copytree(part, copy)
            os.truncate(copy / name, size)
            assert not is_whole(copy) or (name in _ONE_PAGE and size), (name, size)
        (copy / name).unlink()
        assert not is_whole(copy), name


def test_a_watch_tells_everybody_of_a_broken_part(engine: Engine) -> None:
    table = table_of(engine)
    watch = PartsWatch(engine.folder / "clickhouse")
    assert watch.prepare() == 0
    shutil.copytree(table / "all_1_1_0", table / "all_9_9_0")
    assert watch.broken() == []
    shutil.copytree(table / "all_1_1_0", table / "all_10_10_0")
    os.truncate(table / "all_10_10_0/data.bin", 10)
    # Whoever asks while another one still looks, and whoever asks after it.
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(watch.broken) for _ in range(4)]
    assert [answer.result() for answer in answers] == [[table / "all_10_10_0"]] * 4
    assert watch.broken() == [table / "all_10_10_0"]


def test_an_engine_that_finds_a_broken_part_ends(engine: Engine) -> None:
    table = table_of(engine)
    draft = table / "tmp_copy"
    shutil.copytree(table / "all_1_1_0", draft)
    os.truncate(draft / "data.bin", 10)
    draft.rename(table / "all_9_9_0")
    assert engine.process.wait(20) == EXIT_BROKEN


@pytest.mark.parametrize(("table", "file"), [(_TABLE, "data.bin"), (_PACKED, "data.packed")])
def test_an_insert_whose_part_is_broken_is_open_again(
    table: str, file: str, own_engine: Callable[[], Engine]
) -> None:
    engine = with_inserts(own_engine(), table)
    engine.kill()
    os.truncate(table_of(engine) / "all_2_2_0" / file, 100)
    again = own_engine()
    with opened(again) as client:
        assert total(client) == (1000, 1000)
        insert(client, 1000, "second")
        insert(client, 0, "first")
        assert total(client) == (2000, 2000)


def test_a_broken_merge_costs_nothing(engine: Engine, own_engine: Callable[[], Engine]) -> None:
    with opened(engine) as client:
        client.command("OPTIMIZE TABLE t FINAL")
    engine.kill()
    merged = table_of(engine) / "all_1_2_1"
    for file in merged.iterdir():
        os.truncate(file, 0)
    again = own_engine()
    with opened(again) as client:
        assert total(client) == (2000, 2000)
        insert(client, 1000, "second")
        assert total(client) == (2000, 2000)


def test_a_torn_line_of_the_tokens_is_left_out(
    engine: Engine, own_engine: Callable[[], Engine]
) -> None:
    engine.kill()
    log = table_of(engine) / "deduplication_logs/deduplication_log_1.txt"
    with log.open("ab") as file:
        file.write(b"1\tall_3_3")
    with opened(own_engine()) as client:
        insert(client, 1000, "second")
        assert total(client) == (2000, 2000)


def test_merges_stop_and_inserts_are_refused_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    full = threading.Event()
    monkeypatch.setattr(guards, "is_short", lambda folder: full.is_set())
    guard = Guard(tmp_path)
    guard.start(asked.append)
    guard.check_space()
    full.set()
    wait_until(lambda: asked == ["SYSTEM STOP MERGES"], 5)
    with pytest.raises(EngineError, match="disk is full"):
        guard.check_space()
    full.clear()
    wait_until(lambda: asked[-1] == "SYSTEM START MERGES", 5)
    guard.stop()


@pytest.mark.system
@pytest.mark.parametrize("table", [_TABLE, _PACKED], ids=["files", "packed"])
def test_what_is_answered_is_there_after_a_disk_that_was_really_full(
    table: str, tmp_path: Path
) -> None:
    """The disk fills up in the middle of inserts and merges, again and again."""
    with small_disk(tmp_path / "disk", 200 << 20) as disk:
        answered: list[int] = []
        engine = Engine(disk / "own")
        with opened(engine) as client:
            client.command(table)
        for turn in range(6):
            ballast = Ballast(disk / "ballast")
            filler = threading.Timer(0.1 * turn, ballast.take_all)
            filler.start()
            for number in range(turn * 10, turn * 10 + 10):
                with suppress(Exception), opened(engine) as client:
                    insert(client, number * 5000, f"t{number}", rows=5000)
                    answered.append(number)
            filler.join()
            ballast.drop()
            if engine.process.poll() is not None:
                engine = Engine(disk / "own")
        engine.kill()
        engine = Engine(disk / "own")
        with opened(engine) as client:
            assert set(answered) <= numbers(client)
            for number in range(60):
                insert(client, number * 5000, f"t{number}", rows=5000)
            lines, distinct = total(client)
            doubled = numbers(client, "HAVING count() > 1")
        assert distinct == 300_000
        # The full disk may have kept the engine from writing down a token: who repeats an insert
        # looks for its lines first (decision 16).
        assert lines == 300_000 + 5_000 * len(doubled)
        assert answered
        engine.kill()
