"""How the Lua scripts of the queue are sent.

A script is sent by hand over a pooled connection, so that a connection that could not be made
(nothing sent) is told from one that broke after sending (outcome unknown), and so that bodies which
came together share a round trip and the fsync at its end.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import redis


class NotSent(redis.ConnectionError):
    """No connection could be made: the script surely did not run."""


Call = tuple[Sequence[str], Sequence[Any]]
_NoScript = redis.exceptions.NoScriptError


class Script:
    """One Lua script, run by its digest and loaded where the server does not know it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Any, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run the script; raises NotSent where it surely did not run."""
        answer = self.run_all(client, [(keys, args)])[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run_all(self, client: Any, calls: Sequence[Call]) -> list[Any]:
        """Run the script for each call, all in one round trip.

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
            answers = self._exchange(connection, calls)
            unknown = [n for n, answer in enumerate(answers) if isinstance(answer, _NoScript)]
            if unknown:
                _send(connection, [("SCRIPT", "LOAD", self.source)])
                again = self._exchange(connection, [calls[n] for n in unknown])
                for n, answer in zip(unknown, again, strict=True):
                    answers[n] = answer
            return answers
        except BaseException:
            connection.disconnect()
            raise
        finally:
            pool.release(connection)

    def _exchange(self, connection: Any, calls: Sequence[Call]) -> list[Any]:
        commands = [("EVALSHA", self.digest, len(keys), *keys, *args) for keys, args in calls]
        return _send(connection, commands)

    def queue(self, pipeline: Any, keys: Sequence[str], args: Sequence[Any]) -> None:
        """Add the script to a pipeline."""
        pipeline.eval(self.source, len(keys), *keys, *args)


def _send(connection: Any, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    connection.send_packed_command(connection.pack_commands(commands))
    return [_answer(connection) for _ in commands]


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error
