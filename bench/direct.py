"""What the engine alone can do: the same lines as Arrow blocks into a fresh chdb, nothing else.

A process of its own: `python -m bench.direct FOLDER BODIES START`, the table's DDL on stdin.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path

BODIES_A_BLOCK = 16


def main() -> None:
    """Print lines a second and CPU microseconds a line as JSON."""
    folder, bodies, start = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    blocks, lines = _blocks(bodies, start)
    from chdb.state.sqlitelike import Connection

    connection = Connection(f"{folder}?async_insert=0")
    connection.query(sys.stdin.read(), "Null")
    from storage.clickhouse.arrow import LOG_COLUMNS

    statement = f"INSERT INTO logs ({', '.join(LOG_COLUMNS)})"
    began, cpu = time.monotonic(), time.process_time()
    for block in blocks:
        inserter = connection.send_insert(statement, "ArrowStream")
        inserter.append(block)
        inserter.finish()
    seconds, cpu_s = time.monotonic() - began, time.process_time() - cpu
    stored = int(connection.query("SELECT count() FROM logs", "TSV").bytes())
    if stored != lines:
        raise SystemExit(f"stored {stored} of {lines} lines")
    connection.close()
    print(json.dumps({"lines_s": lines / seconds, "cpu_us": 1e6 * cpu_s / lines}))


def _blocks(bodies: int, start: str) -> tuple[list[bytes], int]:
    """The lines as the worker would insert them, parsed before the clock starts."""
    import django

    django.setup()
    from bench.bodies import LINES_A_BODY, Span, make_bodies
    from storage.clickhouse.arrow import log_block

    span = Span(start=datetime.fromisoformat(start), seconds=600)
    made = make_bodies(bodies, span, seed=99)
    groups = [made[first : first + BODIES_A_BLOCK] for first in range(0, bodies, BODIES_A_BLOCK)]
    blocks = [bytes(log_block(_records(group))) for group in groups]
    return blocks, bodies * LINES_A_BODY


def _records(bodies: list[bytes]) -> object:
    from ingestion.assemble import assemble
    from ingestion.contracts import Entry, QueuedEntry
    from logplatform.kernel import clock

    entries = [
        QueuedEntry(
            shard=0,
            stream_id=f"{number}-0",
            entry=Entry(
                app="default",
                source="http",
                key_id=1,
                protocol="native",
                shape="lines",
                encoding="",
                format="",
                zone="UTC",
                received_at=clock.now(),
                lines=body.count(b"\n"),
                size=len(body),
                strict_json=True,
                body=body,
            ),
        )
        for number, body in enumerate(bodies)
    ]
    return assemble(entries).records


if __name__ == "__main__":
    main()
