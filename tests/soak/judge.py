"""Compares what was promised with what is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import redis

from logplatform.env import embedded_urls, load_env
from tests.installation import Up
from tests.soak.oracle import Obligation, Oracle

_BODIES = """
SELECT intDiv(toUInt64(attributes['seq']), {lines:UInt64}) AS body, count() AS rows,
  uniqExact(attributes['seq']) AS seqs,
  countIf(attributes['sum'] != substring(lower(hex(SHA256(concat(
    {run:String}, ':', attributes['seq'])))), 1, 16)
    OR message != concat('soak ', {run:String}, ' ', attributes['seq'])) AS damaged
FROM logs WHERE attributes['run'] = {run:String} GROUP BY body
"""
_RECEIPTS = """
SELECT receipt, count() AS times, any(received) AS received, any(stored) AS stored,
  any(duplicate) AS duplicate, any(quarantined) AS quarantined
FROM receipts GROUP BY receipt
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Rows of one body: how many, how many different ones, how many not as they were sent."""

    rows: int
    seqs: int
    damaged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Lines, except `torn` and `receipts_*`. All from `lost` on have to be 0.

    `quarantined`: kept as raw bytes, as where three workers were killed over one body. `lost`:
    promised and neither stored nor quarantined. `doubled`: there more than once. `damaged`: not
    as sent. `invented`: of no body that was sent. `torn`: bodies without a promise stored in part.
    `receipts_wrong`: promised receipts that are missing, there twice, or do not add up.
    """

    bodies: int
    acked: int
    unknown: int
    stored: int
    quarantined: int
    lost: int
    doubled: int
    damaged: int
    invented: int
    torn: int
    receipts_wrong: int
    ledger_gap: int

    @property
    def is_good(self) -> bool:
        """Every promise was kept."""
        faults = (self.lost, self.doubled, self.damaged, self.invented, self.torn)
        return not any((*faults, self.receipts_wrong, self.ledger_gap))


def judge(oracle: Oracle, found: Mapping[int, Stored], receipts: Iterable[Any]) -> Verdict:
    """Compare obligations with the rows of the store."""
    nothing = Stored(rows=0, seqs=0, damaged=0)
    acked = [body for body in oracle.bodies if body.receipt]
    open_ = [body for body in oracle.bodies if not body.receipt]
    kept = {body.number: found.get(body.number, nothing) for body in oracle.bodies}
    rows = list(receipts)
    aside = {row["receipt"]: int(row["quarantined"]) for row in rows}
    return Verdict(
        bodies=len(oracle.bodies),
        acked=len(acked) * oracle.lines,
        unknown=len(open_) * oracle.lines,
        stored=sum(stored.seqs for stored in found.values()),
        quarantined=sum(aside.values()),
        lost=sum(
            oracle.lines - kept[body.number].seqs - aside.get(body.receipt, 0) for body in acked
        ),
        doubled=sum(stored.rows - stored.seqs for stored in found.values()),
        damaged=sum(stored.damaged for stored in found.values()),
        invented=sum(stored.rows for number, stored in found.items() if number not in kept),
        torn=sum(1 for body in open_ if kept[body.number].seqs not in (0, oracle.lines)),
        receipts_wrong=_wrong(acked, rows, oracle.lines),
        ledger_gap=abs(
            sum(int(row["stored"]) for row in rows) - sum(kept_.rows for kept_ in found.values())
        ),
    )


def _wrong(acked: Sequence[Obligation], rows: Sequence[Any], lines: int) -> int:
    """Promised receipts that do not say, once, what became of every line."""
    by_receipt = {row["receipt"]: row for row in rows}
    return sum(1 for body in acked if not _adds_up(by_receipt.get(body.receipt), lines))


def _adds_up(row: Mapping[str, Any] | None, lines: int) -> bool:
    if row is None or int(row["times"]) != 1 or int(row["received"]) != lines:
        return False
    ends = ("stored", "duplicate", "quarantined")
    return sum(int(row[end]) for end in ends) == lines


def ask(up: Up, sql: str, **parameters: object) -> list[dict[str, Any]]:
    """Ask the engine itself."""
    url = httpx.URL(embedded_urls(load_env({"DATA_DIR": str(up.folder)}))["clickhouse_url"])
    answer = httpx.post(
        f"http://{url.host}:{url.port}/",
        params={f"param_{name}": str(value) for name, value in parameters.items()},
        content=f"{sql} FORMAT JSON",
        auth=(url.username, url.password),
        timeout=60,
    )
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def stored_bodies(up: Up, oracle: Oracle) -> dict[int, Stored]:
    """Body → what the store has of it."""
    rows = ask(up, _BODIES, run=oracle.run, lines=oracle.lines)
    return {
        int(row["body"]): Stored(
            rows=int(row["rows"]), seqs=int(row["seqs"]), damaged=int(row["damaged"])
        )
        for row in rows
    }


def stored_receipts(up: Up) -> list[dict[str, Any]]:
    """The whole ledger."""
    return ask(up, _RECEIPTS)


def queue_rest(up: Up) -> dict[str, int]:
    """What is left in the queue: entries, saved groups, and the bytes it believes to hold."""
    url = embedded_urls(load_env({"DATA_DIR": str(up.folder)}))["valkey_url"]
    client: Any = redis.Redis.from_url(url, socket_timeout=5)
    return {
        "entries": sum(client.xlen(key) for key in client.scan_iter("lgs:ingest:[0-9]*")),
        "groups": sum(client.hlen(key) for key in client.scan_iter("lgs:intents:*")),
        "bytes": int(client.get("lgs:ingest:bytes") or 0),
    }


def what_is_open(up: Up, oracle: Oracle) -> str:
    """What is not yet as it has to be; empty when all is settled."""
    try:
        verdict = judge(oracle, stored_bodies(up, oracle), stored_receipts(up))
        rest = queue_rest(up)
    except Exception as error:
        return repr(error)
    is_empty = rest == {"entries": 0, "groups": 0, "bytes": 0}
    return "" if verdict.lost == 0 and is_empty else f"{verdict}, left in the queue: {rest}"
