"""Django as an ASGI application that answers a request in one thread, from its first middleware on.

Django's own goes from the event loop to a thread and back for every middleware and every signal,
sixteen times for a question, and waits each time for its turn at the interpreter. Measured in
docs/decisions/0020.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import connections
from django.http import HttpResponseBase
from django.urls import set_script_prefix

# Answered at a time; the server holds more connections (`--backpressure`), but most of them rest.
_THREADS = 128

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class PageLayer(ASGIHandler):
    """ASGI application for HTTP: middleware and views, in threads that stay."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")

    def load_middleware(self, is_async: bool = False) -> None:
        """The synchronous chain, whatever is asked for."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(RequestAborted), await self.read_body(receive) as body:
            # The door hears by it that the client left, and stops what is asked for them.
            leaving = asyncio.ensure_future(receive())
            try:
                response = await self._in_thread(self._respond, scope, body)
                await self._send(response, send, leaving)
            finally:
                leaving.cancel()

    async def _in_thread(self, work: Callable[..., Any], *args: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, copy_context().run, work, *args)

    def _respond(self, scope: Scope, body: Any) -> Any:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = self.get_response(request) if request else refusal
        if not response.streaming:
            self._finish(response)
        return response

    async def _send(
        self, response: HttpResponseBase, send: Send, leaving: "asyncio.Future[Any]"
    ) -> None:
        """All of it, or as much as is taken before the client leaves."""
        sending = asyncio.ensure_future(self.send_response(response, send))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            if response.streaming:
                await self._in_thread(self._finish, response)

    @staticmethod
    def _finish(response: HttpResponseBase) -> None:
        """As many connections to the database as requests, not as threads."""
        response.close()
        connections.close_all()
