"""The express lane: bodies of known keys, taken without Django and, small ones, without a thread.

Bodies that arrive while the queue answers the ones before go to it together: one round trip and one
fsync for all. Whatever is not plain (unknown or stale keys, parameters, compression, tables
with headers, every mistake of a sender) is left to the view, so that there is one place that says
what is wrong.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ingestion import intake, queue
from ingestion.authentication import fresh_identity
from ingestion.contracts import Accepted
from ingestion.encoding import encoding_of
from ingestion.headers import is_table
from logplatform.api_access import KeyIdentity
from logplatform.kernel import failpoints
from logplatform.kernel.errors import PlatformError

MAX_BYTES = 2 << 20
# To look at a body takes longer than to change threads, and the loop must not stand still for it.
_SMALL_BYTES = 64 << 10
_MOST_AT_ONCE, _MOST_BYTES_AT_ONCE = 256, 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A body the queue did not take, and whose it was."""

    error: PlatformError
    app: str
    source: str


class ExpressLane:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._sender = _Sender()

    async def take(
        self, protocol: str, headers: Mapping[str, str], body: bytes
    ) -> Accepted | Refused | None:
        """Make a body durable; None where the view has to take it, and nothing was done.

        Args:
            headers: names in small letters.
        """
        identity = fresh_identity(headers)
        if identity is None or "ingest" not in identity.scopes:
            return None
        if encoding_of(body, headers.get("content-encoding", "")) or is_table(identity.format):
            return None
        try:
            prepared = await _prepare(identity, protocol, _incoming(headers, body))
        except PlatformError:
            return None
        failpoints.reach("door.before_enqueue")
        try:
            queued = intake.settle(prepared, await self._sender.send(prepared.ask))
        except queue.QueueDown:
            return None
        except PlatformError as error:
            return Refused(error=error, app=identity.app, source=identity.source)
        if queued.needs_nudge:
            await asyncio.to_thread(intake.ring, queued.shard)
        return intake.accepted(queued)


class _Sender:
    """Sends what has come together to the queue, one batch at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="express")
        self._waiting: list[tuple[queue.Enqueue, asyncio.Future[Any]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def send(self, ask: queue.Enqueue) -> Any:
        """The queue's answer. Raises: QueueDown, OutcomeUnknown."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return await answer

    async def _send_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch = self._next_batch()
                asked = [ask for ask, _ in batch]
                waiting = [future for _, future in batch]
                try:
                    answers = await loop.run_in_executor(self._thread, queue.enqueue_all, asked)
                except Exception as error:
                    for future in filter(_is_awaited, waiting):
                        future.set_exception(error)
                else:
                    for future, answer in zip(waiting, answers, strict=True):
                        if _is_awaited(future):
                            future.set_result(answer)
        finally:
            self._sending = None

    def _next_batch(self) -> list[tuple[queue.Enqueue, asyncio.Future[Any]]]:
        size = count = 0
        for ask, _ in self._waiting[:_MOST_AT_ONCE]:
            size += len(ask.body)
            if count and size > _MOST_BYTES_AT_ONCE:
                break
            count += 1
        batch = self._waiting[:count]
        del self._waiting[:count]
        return batch


async def _prepare(
    identity: KeyIdentity, protocol: str, sent: intake.IncomingBody
) -> intake.Prepared:
    if len(sent.body) <= _SMALL_BYTES:
        return intake.prepare(identity, protocol, sent)
    return await asyncio.to_thread(intake.prepare, identity, protocol, sent)


def _is_awaited(future: asyncio.Future[Any]) -> bool:
    """False where the sender has gone meanwhile."""
    return not future.done()


def _incoming(headers: Mapping[str, str], body: bytes) -> intake.IncomingBody:
    return intake.IncomingBody(
        body=body,
        content_type=headers.get("content-type", ""),
        encoding="",
        idempotency_key=headers.get("idempotency-key", ""),
        format="",
        wants_result=False,
    )
