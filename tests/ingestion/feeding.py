"""Bodies on the queue, as the door puts them there, and drains that store them or die."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion import drain, intake, queue
from ingestion.authentication import identity_of
from ingestion.contracts import Accepted, Entry
from ingestion.keys import parse_key
from storage import facade as storage
from tests.factories import Tenant

APPS = ("shop",)
ARRIVED = datetime.now(UTC).replace(microsecond=678000)


def make_entry(body: bytes = b"a line", **changes: object) -> Entry:
    """An entry of one line of app shop, but for the changes."""
    values: dict[str, object] = {
        "app": "shop",
        "source": "web",
        "key_id": 7,
        "protocol": "native",
        "shape": "lines",
        "encoding": "",
        "format": "",
        "zone": "UTC",
        "received_at": ARRIVED,
        "lines": 1,
        "size": len(body),
        "body": body,
    }
    return Entry(**{**values, **changes})


def put(body: bytes, **changes: object) -> str:
    """Queue a body with as many lines as it has; returns its receipt."""
    entry = make_entry(body, **{"lines": body.count(b"\n") + 1, **changes})
    return queue.enqueue(entry, idempotency_key="", body_hash="").receipt


def send(tenant: Tenant, body: bytes, *, format: str = "", key: str = "") -> Accepted:
    """Have the door accept a body by the tenant's key."""
    identity = identity_of(parse_key(tenant.ingest_key))
    incoming = intake.IncomingBody(
        body=body,
        content_type="text/plain",
        encoding="",
        idempotency_key=key,
        format=format,
        wants_result=False,
    )
    return intake.accept_body(identity, "native", incoming)


def drain_all() -> int:
    """Store what waits in shard 0; returns how many bodies that were."""
    return drain.drain_shard(0, idle_s=0.05)


def drain_and_die(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drain that is killed after the insert and before the acknowledgement."""

    def die(*_: object) -> None:
        raise SystemExit("killed before the acknowledgement")

    with monkeypatch.context() as patch:
        patch.setattr(queue.ShardLease, "acknowledge", die)
        with pytest.raises(SystemExit):
            drain_all()


def messages() -> Counter[str]:
    """Messages of all lines that app shop has, however old, with how often."""
    span: Any = {"start": datetime(1970, 1, 1, tzinfo=UTC), "end": datetime(2100, 1, 1, tzinfo=UTC)}
    found = storage.search_logs(storage.LogQuery(apps=APPS, **span), limit=1000)
    return Counter(record["message"] for record in found.records)


def refuse_poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store refuse every block with the word poison in it."""
    write = storage.write_logs

    def refuse(frame: Any, *, token: str) -> None:
        if frame["message"].str.contains("poison").any():
            raise RuntimeError("the engine refuses this block")
        write(frame, token=token)

    monkeypatch.setattr(storage, "write_logs", refuse)


def take_store_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no block be stored, as while the engine is away."""

    def unavailable(*_: object, **__: object) -> None:
        raise storage.StoreUnavailable()

    monkeypatch.setattr(storage, "write_logs", unavailable)
