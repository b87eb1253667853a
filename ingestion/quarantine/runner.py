"""Works a replay off, batch by batch, so that every line is stored exactly once.

Which lines belong to a batch is saved before anything is written. Then, in this order: records,
receipts, a note that they are written, the lines leave the quarantine, the next place is saved.
Each step may be repeated: the writes are exact however late that is, a line that left is gone.
So a run that was killed anywhere is finished by the next one.
"""

import logging
import secrets
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl
import redis

from ingestion import metrics, queue
from ingestion.quarantine.models import Replay, pack_ids, unpack_ids
from ingestion.quarantine.reread import Reading, Reread, refuse_all, reread
from logplatform.kernel import clock
from storage import facade as storage

logger = logging.getLogger(__name__)

RUN_S = 60.0
LEASE_S = 60
BATCH_LINES = 20_000
BATCH_BYTES = 16 << 20
_NOT_STORABLE = "not_storable: an administrator sees in the log why"


class _LeaseLost(Exception):
    """Another run has taken the replay over."""


def run_replay(replay_id: UUID, *, run_s: float = RUN_S) -> bool:
    """Work on a replay for up to `run_s`.

    Returns:
        Whether work is left and nobody does it; False too where another run is at it.
    Raises:
        storage.StoreUnavailable: the engine is away; the next run goes on.
    """
    run = _Run(replay_id)
    if not run.take():
        return False
    deadline = time.monotonic() + run_s
    try:
        while run.step():
            if time.monotonic() > deadline:
                return True
    except _LeaseLost:
        logger.warning("Another run took the replay over", extra={"replay": str(replay_id)})
    except Exception as error:
        run.note_problem(error)
        raise
    finally:
        run.release()
    return False


def query_of(replay: Replay) -> storage.RejectQuery:
    """The lines a replay is about."""
    return storage.RejectQuery(
        apps=(replay.app.slug,),
        source=replay.source,
        reason_code=replay.reason_code,
        ids=tuple(replay.line_ids),
        start=replay.start,
        end=replay.end,
    )


class _Run:
    """One run over a replay; every change of the row is fenced by its holder."""

    def __init__(self, replay_id: UUID) -> None:
        self.replay_id = replay_id
        self.holder = secrets.token_hex(8)

    def take(self) -> bool:
        """Take the lease, unless another run has it or the replay is over."""
        free = Replay.objects.left_alone().filter(pk=self.replay_id)
        changed = free.update(
            holder=self.holder, held_until=_lease_end(), state=Replay.State.RUNNING
        )
        if changed:
            self.replay = Replay.objects.select_related("app").get(pk=self.replay_id)
        return bool(changed)

    def release(self) -> None:
        """Give the lease back, if it is still ours."""
        self._mine().update(holder="", held_until=None)

    def note_problem(self, error: Exception) -> None:
        """Show people why it does not go on at this moment."""
        text = getattr(error, "text", "") or f"{type(error).__name__}: an administrator sees why"
        self._mine().update(problem=text)

    def step(self) -> bool:
        """Finish the batch in work, or choose the next; False when the replay is over."""
        if self.replay.written is not None:
            self._leave_quarantine()
        elif self.replay.intent is not None:
            self._write()
        elif self._is_cancelled():
            return self._finish(Replay.State.CANCELLED)
        else:
            return self._choose()
        return True

    def _choose(self) -> bool:
        """Save which lines come next."""
        place = self.replay.place
        batch = storage.next_batch(
            query_of(self.replay),
            after=storage.Place(*place) if place else None,
            limit=BATCH_LINES,
            max_bytes=BATCH_BYTES,
        )
        if batch is None:
            return self._finish(Replay.State.DONE)
        self._save(
            batch=self.replay.batch + 1,
            intent={"first": batch.first, "last": batch.last},
            intent_ids=pack_ids(batch.ids),
        )
        return True

    def _write(self) -> None:
        """Store what can be read of the batch, and note that it is stored."""
        replay = self.replay
        batch = _intent_of(replay)
        lines = storage.fetch_batch(query_of(replay), batch)
        name = f"{replay.pk.hex}:{replay.batch}"
        reading = Reading(format=replay.format, zone=replay.zone)
        found = _read(lines, app=replay.app.slug, reading=reading, name=name)
        stored, refused = _store(found, token=f"replay:{name}")
        written = {
            "stored": len(stored),
            "gone": len(batch.ids) - len(lines),
            "reasons": dict(refused.group_by("reason_code").len().iter_rows()),
        }
        self._save(written=written, intent_ids=pack_ids(stored))

    def _leave_quarantine(self) -> None:
        """Remove what is stored from the quarantine, then go on behind the batch."""
        replay = self.replay
        batch, written = _intent_of(replay), replay.written or {}
        query = storage.RejectQuery(apps=(replay.app.slug,), source=replay.source)
        storage.delete_batch(query, batch)
        refused = sum(written["reasons"].values())
        done = replay.done + written["stored"] + refused + written["gone"]
        self._save(
            stored=replay.stored + written["stored"],
            refused=replay.refused + refused,
            gone=replay.gone + written["gone"],
            total=max(replay.total, done),
            reasons=_added(replay.reasons, written["reasons"]),
            place=batch.last,
            intent=None,
            intent_ids=None,
            written=None,
            problem="",
        )
        _count(replay, stored=written["stored"], refused=refused)

    def _finish(self, state: Replay.State) -> bool:
        self._save(state=state, finished_at=clock.now())
        logger.info(
            "A replay is over",
            extra={
                "replay": str(self.replay.pk),
                "state": str(state),
                "stored": self.replay.stored,
                "refused": self.replay.refused,
            },
        )
        return False

    def _is_cancelled(self) -> bool:
        return Replay.objects.filter(pk=self.replay_id, is_cancelled=True).exists()

    def _save(self, **values: Any) -> None:
        """Change the row, keep the lease. Raises: _LeaseLost."""
        if not self._mine().update(held_until=_lease_end(), **values):
            raise _LeaseLost
        for name, value in values.items():
            setattr(self.replay, name, value)

    def _mine(self) -> Any:
        return Replay.objects.filter(pk=self.replay_id, holder=self.holder)


def _lease_end() -> datetime:
    return clock.now() + timedelta(seconds=LEASE_S)


def _intent_of(replay: Replay) -> storage.Batch:
    """The batch in work as it was saved."""
    intent = replay.intent
    if intent is None:
        raise AssertionError("BUG: a replay without a batch in work")
    return storage.Batch(
        ids=unpack_ids(replay.intent_ids),
        first=storage.Place(*intent["first"]),
        last=storage.Place(*intent["last"]),
    )


def _read(lines: pl.DataFrame, *, app: str, reading: Reading, name: str) -> Reread:
    """Read a batch; one that makes the reader fail stays in quarantine as a whole."""
    try:
        return reread(lines, app=app, reading=reading, name=name)
    except Exception:
        logger.exception("A batch of a replay cannot be read", extra={"batch": name})
        refused = refuse_all(lines, _NOT_STORABLE)
        return Reread(records=pl.DataFrame(), refused=refused, receipts={})


def _store(found: Reread, *, token: str) -> tuple[list[str], pl.DataFrame]:
    """Write records and receipts.

    Returns:
        Ids of the lines that are stored, and the refused ones with their reasons.
    """
    stored: list[str] = []
    refused = [found.refused]
    pieces = storage.day_pieces(found.records) if len(found.records) else []
    for day, piece in pieces:
        try:
            storage.write_logs_once(piece.drop("_id", "_receipt"), token=f"{token}:{day}")
        except storage.StoreUnavailable:
            raise
        except storage.StoreError:
            logger.exception("The engine refuses lines of a replay", extra={"token": token})
            refused.append(refuse_all(piece.rename({"_id": "id"}), _NOT_STORABLE))
            _rebook(found.receipts, piece)
        else:
            stored += piece["_id"].to_list()
    storage.write_receipts_once(list(found.receipts.values()), token=token)
    return stored, pl.concat(refused)


def _rebook(receipts: dict[str, dict[str, Any]], piece: pl.DataFrame) -> None:
    """What the engine refused is quarantined still."""
    for receipt, lines in piece.group_by("_receipt").len().iter_rows():
        receipts[receipt]["stored"] -= lines
        receipts[receipt]["quarantined"] += lines
        receipts[receipt]["reasons"] = _added(receipts[receipt]["reasons"], {"not_storable": lines})


def _added(before: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return {code: before.get(code, 0) + more.get(code, 0) for code in {**before, **more}}


def _count(replay: Replay, *, stored: int, refused: int) -> None:
    try:
        queue.book(metrics.replayed(replay.app.slug, replay.source, stored, refused))
    except redis.RedisError:
        logger.warning("A batch of a replay could not be counted", exc_info=True)
