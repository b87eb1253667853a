"""How Celery talks to the queue: by kombu, with two faults of a lost connection mended.

A worker that noticed a lost connection while tasks ran could end by an AttributeError instead of
connecting again, and then stand still for half a minute or longer before it was gone.
"""

import os
import threading
from typing import Any

import redis
from celery import bootsteps
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis


class Channel(kombu_redis.Channel):
    """Says that a closed connection is one, in an error that its callers expect.

    What is not acknowledged for it comes again, as everything does that a lost worker had.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection.client is None:
            raise redis.ConnectionError("the connection to the queue was closed")
        parameters: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[no-untyped-call]  # as kombu has it
        return parameters


class Transport(kombu_redis.Transport):
    """kombu's, with our channels."""

    Channel = Channel


class Deadline(bootsteps.StartStopStep):
    """Ends a worker that began to stop and is still there half a minute later.

    Its tasks are acknowledged when they are done, so that those it had come again.
    """

    after_s = 30.0

    def close(self, worker: object) -> None:
        """Celery calls it first when a worker stops, whatever for."""
        last = threading.Timer(self.after_s, os._exit, (os.EX_TEMPFAIL,))
        last.daemon = True
        last.start()


def use(app: Any) -> None:
    """Have a Celery app do both."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))
    app.steps["worker"].add(Deadline)
