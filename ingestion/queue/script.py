"""How the Lua scripts of the queue are sent.

A script is sent by hand over a pooled connection, so that a connection that could not be made
(nothing sent) is told from one that broke after sending (outcome unknown), and so that bodies which
came together share a round trip and the fsync at its end.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis


class NotSent(redis.ConnectionError):
    """No connection could be made: the script surely did not run."""


_NoScript = redis.exceptions.NoScriptError


class Script:
    """One Lua script, run by its digest and loaded where the server does not know it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Any, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run the script; raises NotSent where it surely did not run."""
        answer = run_all(client, [Call(self, keys, args)])[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def queue(self, pipeline: Any, keys: Sequence[str], args: Sequence[Any]) -> None:
        """Add the script to a pipeline."""
        pipeline.eval(self.source, len(keys), *keys, *args)


class Call(NamedTuple):
    """A script and what it is run with."""

    script: Script
    keys: Sequence[str]
    args: Sequence[Any]


def run_all(client: Any, calls: Sequence[Call]) -> list[Any]:
    """Run scripts, all in one round trip.

    Returns:
        An answer for each call; where the server refused one, its ResponseError.
    Raises:
        NotSent: surely none was run.
        redis.ConnectionError, redis.TimeoutError: any of them may have been run.
    """
    pool = client.connection_pool
    connection: Any
    try:
        connection = pool.get_connection()
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise NotSent(str(error)) from error
    try:
        answers = _exchange(connection, calls)
        unknown = [n for n, answer in enumerate(answers) if isinstance(answer, _NoScript)]
        if unknown:
            sources = {calls[n].script.source for n in unknown}
            _send(connection, [("SCRIPT", "LOAD", source) for source in sources])
            again = _exchange(connection, [calls[n] for n in unknown])
            for n, answer in zip(unknown, again, strict=True):
                answers[n] = answer
        return answers
    except BaseException:
        connection.disconnect()
        raise
    finally:
        pool.release(connection)


def _exchange(connection: Any, calls: Sequence[Call]) -> list[Any]:
    return _send(
        connection,
        [("EVALSHA", script.digest, len(keys), *keys, *args) for script, keys, args in calls],
    )


def _send(connection: Any, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    connection.send_packed_command(connection.pack_commands(commands))
    return [_answer(connection) for _ in commands]


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error
