"""The live tail: `WS /ws/tail?app=&q=`.

The workers match and publish; a consumer subscribes, holds back what its page cannot take yet, and
counts what it had to drop. It keeps no query code.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from dashboard.live import access, messages, slots
from dashboard.live.errors import TooSlow
from dashboard.live.outbox import GapCounter, Outbox
from ingestion import noted, tail
from logplatform.api_errors import platform_error_body
from logplatform.kernel.errors import PlatformError

logger = logging.getLogger(__name__)

FRAME_EVERY_S = 0.25
WAITING_EVERY_S = 1.0
RECHECK_S = 10.0
STALLED_S = 30.0
GOODBYE_S = 2.0

CLOSE_INVALID = 4400
CLOSE_NOT_AUTHENTICATED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_LIMIT = 4008
CLOSE_TOO_LARGE = 1009
CLOSE_BROKEN = 1011
_CLOSE_CODES = {
    400: CLOSE_INVALID,
    401: CLOSE_NOT_AUTHENTICATED,
    403: CLOSE_FORBIDDEN,
    404: CLOSE_FORBIDDEN,
    408: CLOSE_LIMIT,
    413: CLOSE_TOO_LARGE,
    429: CLOSE_LIMIT,
}


class TailConsumer(AsyncWebsocketConsumer):
    """One viewer of one app's new lines.

    Sends `ready`, `logs`, `waiting` (while paused) and `error`; takes what `live.messages` reads.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outbox, self.gaps, self.pace = Outbox(), GapCounter(), messages.MessagePace()
        self.news = asyncio.Event()
        self.loops: list[asyncio.Task[None]] = []
        self.app = self.q = self.group = self.viewer = ""
        self.refused, self.running = asyncio.Event(), asyncio.Event()
        self.running.set()
        self.invalid = 0
        self.is_closed = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve until the client leaves or is refused; slot, group and loops end with it.

        A refused client that reads nothing would keep `super().__call__` waiting for ever.
        """
        serving = asyncio.ensure_future(super().__call__(scope, receive, send))
        refused = asyncio.ensure_future(self.refused.wait())
        try:
            await asyncio.wait({serving, refused}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await self._guarded(_result(serving))
        finally:
            for task in (serving, refused, *self.loops):
                task.cancel()
            await self._let_go()

    async def connect(self) -> None:
        """Accept first: a browser learns a close code only after the handshake."""
        await self.accept()
        await self._guarded(self._begin())

    async def _begin(self) -> None:
        wanted = parse_qs(self.scope["query_string"].decode("latin-1"))
        app, q = wanted.get("app", [""])[-1], wanted.get("q", [""])[-1]
        watch = await self._access(app)
        slots.take_slot(watch.viewer)
        self.viewer = watch.viewer
        await self._watch(watch.app, q)
        self._start(self._send_frames())
        self._start(self._keep_watching())

    async def _let_go(self) -> None:
        """Leave the group and the slot; the subscription itself runs out by its own term."""
        self.is_closed = True
        viewer, self.viewer = self.viewer, ""
        if viewer:
            slots.free_slot(viewer)
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Act on one frame of the client; errors are told, a few are forgiven."""
        if not self.is_closed:
            await self._guarded(self._hear(text_data))

    async def _hear(self, text: str | None) -> None:
        try:
            self.pace.check(time.monotonic())
            await self._obey(messages.parse_message(text))
        except PlatformError as error:
            await self._forgive_or_refuse(error)

    async def tail_logs(self, event: dict[str, Any]) -> None:
        """Records that a worker matched for this group."""
        if event.get("group", self.group) != self.group:
            return
        records, cut = event["records"], event["dropped"]
        count = len(records) + cut
        missed = self.gaps.missed(event["origin"], total=event["total"], count=count)
        lost = missed + self.outbox.add(records, dropped=cut + missed)
        if lost:
            # Workers count what they cut.
            noted.left_out(self.app, lost)
        self.news.set()

    async def _access(self, app: str) -> access.Watch:
        watch: access.Watch = await database_sync_to_async(access.access_app)(self.scope, app)
        return watch

    async def _watch(self, app: str, q: str) -> None:
        """Turn to `app` and `q`; nothing of the old filter is sent after `ready`."""
        group = await tail.subscribe(app, q)
        if group != self.group:
            await self.channel_layer.group_add(group, self.channel_name)
            if self.group:
                await self.channel_layer.group_discard(self.group, self.channel_name)
        self.app, self.q, self.group = app, q, group
        self.outbox.clear()
        self.gaps.clear()
        await self._tell({"type": "ready", "app": app, "q": q})

    async def _obey(self, message: messages.ClientMessage) -> None:
        match message:
            case messages.Pause():
                self.running.clear()
            case messages.Resume():
                self.running.set()
                self.news.set()
            case messages.Filter(q=q, app=app):
                watch = await self._access(self.app if app is None else app)
                await self._watch(watch.app, q)

    async def _send_frames(self) -> None:
        """The first news at once, then at most one frame in FRAME_EVERY_S."""
        while True:
            await self.news.wait()
            self.news.clear()
            if not self.running.is_set():
                await self._tell_waiting()
                continue
            if not self.outbox.is_empty:
                await self._send_in_time(self.outbox.take().frame())
            await asyncio.sleep(FRAME_EVERY_S)

    async def _tell_waiting(self) -> None:
        """While paused: how much waits, at most once in WAITING_EVERY_S; resuming does not wait."""
        count, dropped = self.outbox.waiting, self.outbox.dropped
        await self._tell({"type": "waiting", "count": count, "dropped": dropped})
        with suppress(TimeoutError):
            await asyncio.wait_for(self.running.wait(), WAITING_EVERY_S)

    async def _send_in_time(self, frame: str) -> None:
        try:
            await asyncio.wait_for(self.send(text_data=frame), STALLED_S)
        except TimeoutError:
            raise TooSlow(limit_s=int(STALLED_S)) from None

    async def _keep_watching(self) -> None:
        """Prolong the subscription while the viewer still may see the app."""
        while True:
            await asyncio.sleep(RECHECK_S)
            try:
                await self._access(self.app)
            except PlatformError as error:
                await self._refuse(error, code=CLOSE_FORBIDDEN)
                return
            await tail.subscribe(self.app, self.q)

    def _start(self, loop: Coroutine[Any, Any, None]) -> None:
        self.loops.append(asyncio.create_task(self._guarded(loop)))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that fails closes the connection; the page connects again."""
        try:
            await work
        except PlatformError as error:
            await self._refuse(error)
        except Exception:
            logger.exception("A live tail broke", extra={"app": self.app})
            await self._refuse(PlatformError(), code=CLOSE_BROKEN)

    async def _forgive_or_refuse(self, error: PlatformError) -> None:
        if error.status in (413, 429):
            await self._refuse(error)
            return
        self.invalid += 1
        if self.invalid >= messages.MAX_INVALID:
            await self._refuse(error)
            return
        await self._tell_error(error)

    async def _refuse(self, error: PlatformError, *, code: int | None = None) -> None:
        """Say why, then close; who does not read is not waited for."""
        if self.is_closed:
            return
        self.is_closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self._tell_error(error)
                await self.close(code=code or _CLOSE_CODES.get(error.status, CLOSE_BROKEN))
        self.refused.set()

    async def _tell_error(self, error: PlatformError) -> None:
        await self._tell({"type": "error", **platform_error_body(error)})

    async def _tell(self, content: dict[str, Any]) -> None:
        await self.send(text_data=messages.dump(content))


async def _result(task: "asyncio.Future[None]") -> None:
    """What ended the task, as an exception if it was one."""
    task.result()
