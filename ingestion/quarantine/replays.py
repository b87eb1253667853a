"""Starting, finding and cancelling replays, and what one would do."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction

from ingestion.custom.reading import published
from ingestion.errors import NothingToReplay, ReplayNotFound, ReplayRunning
from ingestion.formats import pin_formats
from ingestion.models import Replay, Source
from logplatform.kernel import clock
from storage.models import App

if TYPE_CHECKING:
    from ingestion.quarantine.reread import Reading
    from storage.facade import RejectQuery

logger = logging.getLogger(__name__)

PREVIEW_LINES = 1_000
PREVIEW_BYTES = 4 << 20
SHOWN_RECORDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Lines of one source to read again, and how.

    `format` None reads as the source is set now; "" detects; ids and times as in `RejectQuery`.
    """

    app: App
    source: str
    reason_code: str = ""
    ids: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    format: str | None = None

    def query(self) -> "RejectQuery":
        """The lines."""
        from storage.facade import RejectQuery

        return RejectQuery(
            apps=(self.app.slug,),
            source=self.source,
            reason_code=self.reason_code,
            ids=self.ids,
            start=self.start,
            end=self.end,
        )

    def reading(self) -> "Reading":
        """How they are read. Raises: UnknownFormat."""
        from ingestion.quarantine.reread import Reading

        source = Source.objects.filter(app=self.app, slug=self.source).first()
        name = self.format
        if name is None:
            name = source.format if source else ""
        return Reading(
            format=pin_formats(name, published(self.app.pk)), zone=source.zone if source else "UTC"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a replay would do with the first lines of a choice.

    `total` lines fit the choice, the first `examined` of them were read: `stored` + `refused`.
    `records` are the first as they would be stored, `reasons` are of the refused ones.
    """

    format: str
    total: int
    examined: int
    stored: int
    refused: int
    reasons: list[dict[str, Any]]
    records: list[dict[str, Any]]


def preview_replay(choice: Choice) -> Preview:
    """Read the first lines of a choice and store nothing.

    Raises:
        UnknownFormat, NothingToReplay, StoreUnavailable.
    """
    from ingestion.quarantine.reread import reread
    from storage import facade as storage

    query, reading = choice.query(), choice.reading()
    batch = storage.next_batch(query, after=None, limit=PREVIEW_LINES, max_bytes=PREVIEW_BYTES)
    if batch is None:
        raise NothingToReplay()
    found = reread(storage.fetch_batch(query, batch), app=choice.app.slug, reading=reading)
    reasons = found.refused.group_by("reason_code", maintain_order=True).first()
    counts = dict(found.refused.group_by("reason_code").len().iter_rows())
    return Preview(
        format=reading.format,
        total=storage.count_rejects(query),
        examined=len(found.records) + len(found.refused),
        stored=len(found.records),
        refused=len(found.refused),
        reasons=[
            {"reason_code": row["reason_code"], "reason": row["reason"],
             "lines": counts[row["reason_code"]]}
            for row in reasons.iter_rows(named=True)
        ],
        records=storage.records_of(found.records.head(SHOWN_RECORDS)) if len(found.records) else [],
    )  # fmt: skip


def start_replay(choice: Choice, *, user: Any) -> Replay:
    """Have the lines of a choice read again and stored.

    Lines that are refused once more stay in quarantine as they are.

    Raises:
        UnknownFormat, NothingToReplay, StoreUnavailable.
        ReplayRunning: another replay of the source is not over.
    """
    from storage import facade as storage

    reading, now = choice.reading(), clock.now()
    total = storage.count_rejects(choice.query())
    if not total:
        raise NothingToReplay()
    try:
        with transaction.atomic():
            replay = Replay.objects.create(
                app=choice.app,
                source=choice.source,
                reason_code=choice.reason_code,
                line_ids=list(choice.ids),
                start=choice.start,
                end=min(choice.end or now, now),
                format=reading.format,
                zone=reading.zone,
                total=total,
                created_by=user,
            )
    except IntegrityError as error:
        raise ReplayRunning(app=choice.app.slug, source=choice.source) from error
    _ring(replay)
    return replay


def cancel_replay(replay: Replay) -> None:
    """Stop it behind the batch it is at; what is stored stays stored."""
    Replay.objects.active().filter(pk=replay.pk).update(is_cancelled=True)
    Replay.objects.filter(pk=replay.pk, state=Replay.State.WAITING).update(
        state=Replay.State.CANCELLED, finished_at=clock.now()
    )
    replay.refresh_from_db()
    if replay.is_active:
        _ring(replay)


def access_replay(replay_id: UUID, apps: Sequence[str]) -> Replay:
    """A replay of one of `apps`. Raises: ReplayNotFound."""
    found = Replay.objects.select_related("app", "created_by")
    replay = found.filter(pk=replay_id, app__slug__in=apps).first()
    if replay is None:
        raise ReplayNotFound(replay=replay_id)
    return replay


def check_no_replay(query: "RejectQuery") -> None:
    """Refuse to touch lines that are being replayed. Raises: ReplayRunning."""
    active = Replay.objects.active().filter(app__slug__in=query.apps)
    if query.source:
        active = active.filter(source=query.source)
    busy = active.select_related("app").first()
    if busy:
        raise ReplayRunning(app=busy.app.slug, source=busy.source)


def _ring(replay: Replay) -> None:
    """Wake a worker; if that fails, beat finds the replay within a minute."""
    from ingestion.tasks import replay as work

    try:
        work.apply_async((str(replay.pk),), retry=False)
    except Exception:
        logger.warning("Could not ring for a replay", exc_info=True)
