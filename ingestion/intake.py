"""Accepts a request body: checks it, puts it on the queue, rings the bell, answers.

Nothing is parsed here; lines are only counted. If the queue is down, a body without an
Idempotency-Key goes straight into the store.
"""

import hashlib
import json
import logging
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings

from ingestion import queue, quotas, receipts
from ingestion.contracts import Accepted, Entry, Inspection, Outcome
from ingestion.encoding import decompress, encoding_of
from ingestion.errors import BadIdempotencyKey, QueueAway, TooManyLines
from ingestion.formats import pin_formats
from ingestion.headers import header_of, is_table
from ingestion.protocols import http_protocols
from logplatform.api_access import IngestLimits, KeyIdentity
from logplatform.kernel import clock, failpoints
from logplatform.kernel.errors import PlatformError
from logplatform.kernel.trace_lines import edges_of

logger = logging.getLogger(__name__)

WAIT_S = 10.0
_MOST_DECOMPRESSED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingBody:
    """A complete request body and what its headers and query say about it."""

    body: bytes
    content_type: str
    encoding: str
    idempotency_key: str
    format: str
    wants_result: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A checked body, ready for the queue; `may_go_directly` to the store if the queue is down."""

    entry: Entry
    ask: queue.Enqueue
    limits: IngestLimits
    may_go_directly: bool


def accept_body(identity: KeyIdentity, protocol: str, sent: IncomingBody) -> Accepted:
    """Make a body durable.

    Returns:
        Accepted, once the queue (or, with the queue down, the store) has it on disk.
    Raises:
        PlatformError: a 4xx or 503 of `ingestion.errors`; nothing was stored.
    """
    prepared = prepare(identity, protocol, sent)
    failpoints.reach("door.before_enqueue")
    try:
        queued = settle(prepared, queue.enqueue_all([prepared.ask])[0])
    except queue.QueueDown as error:
        if not prepared.may_go_directly:
            raise QueueAway() from error
        logger.warning("The queue is down: writing to the store directly")
        from ingestion import direct

        return direct.store(prepared.entry)
    if queued.needs_nudge:
        ring(queued.shard)
    return accepted(queued)


def prepare(identity: KeyIdentity, protocol: str, sent: IncomingBody) -> Prepared:
    """Check a body and word it for the queue. Raises: PlatformError, a 4xx."""
    _check_idempotency_key(sent.idempotency_key)
    entry = _make_entry(identity, protocol, sent)
    key = sent.idempotency_key
    limits = identity.limits
    digest = hashlib.sha256(sent.body).hexdigest() if key or limits.window_s else "-"
    terms = quotas.terms_of(limits, entry, idempotency_key=key, digest=digest)
    return Prepared(
        entry=entry,
        ask=queue.enqueue_of(entry, idempotency_key=key, body_hash=digest, terms=terms),
        limits=limits,
        may_go_directly=not (key or limits.window_s),
    )


def settle(prepared: Prepared, answer: Any) -> queue.Enqueued:
    """Read the queue's answer. Raises: PlatformError, a 4xx or 503; QueueDown."""
    try:
        queued = queue.enqueued(prepared.ask, answer)
    except queue.OverQuota as over:
        raise quotas.refusal(over, prepared.limits) from over
    failpoints.reach("door.after_enqueue")
    return queued


def accepted(queued: queue.Enqueued) -> Accepted:
    """What the sender is told of a body on the queue."""
    return Accepted(
        receipt=queued.receipt, lines=queued.lines, backend="queue", is_new=queued.is_new
    )


def await_outcome(accepted: Accepted, app: str) -> Outcome | None:
    """The outcome of an accepted body, None if it is not known within WAIT_S.

    Half of the threads may wait at a time, so that those who wait cannot close the door. Nothing
    that breaks meanwhile may look like a refusal: the body would be sent, and stored, again.
    """
    seats = _waiting_seats()
    if not seats.acquire(blocking=False):
        return None
    try:
        return _await(accepted, app, time.monotonic() + WAIT_S)
    except (redis.RedisError, PlatformError) as error:
        logger.warning("What became of an accepted body cannot be asked: %s", error)
        return None
    finally:
        seats.release()


@cache
def _waiting_seats() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, settings.ENV.web_threads // 2))


def _await(accepted: Accepted, app: str, deadline: float) -> Outcome | None:
    if accepted.backend == "queue" and accepted.is_new:
        result = queue.wait_for_result(accepted.receipt, timeout_s=WAIT_S)
        if result:
            return receipts.outcome_of(json.loads(result))
    while time.monotonic() < deadline:
        outcome = receipts.find_outcome(accepted.receipt, (app,))
        if outcome:
            return outcome
        time.sleep(0.05)
    return None


def _make_entry(identity: KeyIdentity, protocol: str, sent: IncomingBody) -> Entry:
    log_format = pin_formats(sent.format or identity.format, identity.own_formats)
    encoding = encoding_of(sent.body, sent.encoding)
    found, size, header, edges = _inspect(identity, protocol, sent, encoding, log_format)
    if found.lines > settings.ENV.max_body_lines:
        raise TooManyLines(lines=found.lines, limit=settings.ENV.max_body_lines)
    return Entry(
        app=identity.app,
        source=identity.source,
        key_id=identity.key_id,
        protocol=protocol,
        shape=found.shape,
        encoding=encoding,
        format=log_format,
        zone=identity.zone,
        received_at=clock.now(),
        lines=found.lines,
        size=size,
        strict_json=found.strict_json,
        wants_result=sent.wants_result,
        multiline=identity.multiline,
        header=header,
        edges=edges,
        body=sent.body,
    )


def _inspect(
    identity: KeyIdentity, protocol: str, sent: IncomingBody, encoding: str, log_format: str
) -> tuple[Inspection, int, str, str]:
    """What the body is, its size, its header and its edges; only so many are large in memory at a
    time.
    """
    with _decompressing() if encoding else nullcontext():
        limit = settings.ENV.max_decompressed_bytes
        plain = decompress(sent.body, encoding, limit_bytes=limit)
        found = http_protocols()[protocol].inspect(plain, sent.content_type)
        header = header_of(identity, log_format, plain)
        may_go_on = identity.multiline and not (found.strict_json or is_table(log_format))
        return found, len(plain), header, edges_of(plain) if may_go_on else ""


@cache
def _decompressing() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(_MOST_DECOMPRESSED)


def _check_idempotency_key(key: str) -> None:
    is_plain = key.isascii() and key.isprintable() and len(key) <= 255
    if key and not (is_plain and key.strip()):
        raise BadIdempotencyKey()


def ring(shard: int) -> None:
    """Wake a worker; if that fails, the beat tick finds the entry within seconds."""
    from ingestion.tasks import drain

    try:
        drain.apply_async((shard,), retry=False)
    except Exception:
        logger.warning("Could not ring the bell of a shard", extra={"shard": shard}, exc_info=True)
