"""Turns counted over all web processes, in Valkey; what one process counts is in `storage.turns`.

Nothing of it is written to Valkey's log of changes: it would cost an fsync a question, and turns
are not worth keeping. Who holds or waits for a turn says so again and again; a process that was
killed does not, and what it held is free after `LEASE_S`.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

LEASE_S = 5.0
_RENEW_S = 1.5
# Who has to wait asks again so often, at first and later.
_SOON_S, _LATER_S = 0.005, 0.05
# So long nobody asks a Valkey that did not answer.
_AWAY_S = 2.0

# keys: those that run, those that wait. args: token, app, caller, total, of an app, of a caller,
# ms that either is believed. Values: until when, since when, app, caller.
_TAKE = """
redis.set_repl(redis.REPL_NONE)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local token, till = ARGV[1], now + ARGV[7]
local total, per_app, per_caller = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local function each(key)
  local found, rows = {}, redis.call('HGETALL', key)
  for at = 1, #rows, 2 do
    local till, since, app, caller = string.match(rows[at + 1], '^(%d+) (%d+) (%S*) (.*)$')
    if tonumber(till) < now then redis.call('HDEL', key, rows[at])
    else found[rows[at]] = {since = tonumber(since), app = app, caller = caller} end
  end
  return found
end
local running, of_app, of_caller = 0, {}, {}
for _, one in pairs(each(KEYS[1])) do
  running = running + 1
  of_app[one.app] = (of_app[one.app] or 0) + 1
  of_caller[one.caller] = (of_caller[one.caller] or 0) + 1
end
local waiting = each(KEYS[2])
local mine = waiting[token] or {since = now, app = ARGV[2], caller = ARGV[3]}
waiting[token] = mine
local first, fewest, since
for other, one in pairs(waiting) do
  local apps = of_app[one.app] or 0
  if (of_caller[one.caller] or 0) < per_caller and (one.app == '' or apps < per_app) then
    if not first or apps < fewest or (apps == fewest and (one.since < since
        or (one.since == since and other < first))) then
      first, fewest, since = other, apps, one.since
    end
  end
end
local text = till .. ' ' .. mine.since .. ' ' .. mine.app .. ' ' .. mine.caller
local has_turn = running < total and first == token
redis.call('HSET', has_turn and KEYS[1] or KEYS[2], token, text)
redis.call('PEXPIRE', has_turn and KEYS[1] or KEYS[2], ARGV[7])
if has_turn then redis.call('HDEL', KEYS[2], token) end
return has_turn and 1 or 0
"""
# keys: as above. args: token.
_FREE = """
redis.set_repl(redis.REPL_NONE)
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
"""
# keys: those that run. args: ms, then token, app and caller of each.
_RENEW = """
redis.set_repl(redis.REPL_NONE)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 2, #ARGV, 3 do
  redis.call('HSET', KEYS[1], ARGV[at],
             (now + ARGV[1]) .. ' ' .. now .. ' ' .. ARGV[at + 1] .. ' ' .. ARGV[at + 2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""


class SharedTurns:
    """At most `total` at a time, `per_app` of one app and `per_caller` of one caller, everywhere.

    The app with the fewest turns goes first, and within it who came first. Where Valkey does not
    answer, everybody has a turn: then each process counts for itself.
    """

    def __init__(self, name: str, *, total: int, per_app: int, per_caller: int) -> None:
        self._keys = [f"lgs:turns:{name}:{what}" for what in ("running", "waiting")]
        self._bounds = (total, per_app, per_caller)
        self._client: Any = redis.Redis.from_url(
            settings.VALKEY_URL,
            socket_timeout=0.5,
            socket_connect_timeout=0.25,
            retry=Retry(NoBackoff(), 0),
        )
        self._take = self._client.register_script(_TAKE)
        self._free = self._client.register_script(_FREE)
        self._renew = self._client.register_script(_RENEW)
        self._lock = threading.Lock()
        self._held: dict[str, tuple[str, str]] = {}
        self._away_until = 0.0
        self._renewing: threading.Thread | None = None

    @contextmanager
    def turn(self, *, caller: str, app: str, wait_s: float) -> Iterator[bool]:
        """Hold a turn during the block; gives False when none came free in time."""
        token = uuid.uuid4().hex
        try:
            yield self._wait(token, caller, app, time.monotonic() + wait_s)
        finally:
            with self._lock:
                self._held.pop(token, None)
            if not self._is_away():
                with self._noticing():
                    self._free(keys=self._keys, args=[token])

    def _wait(self, token: str, caller: str, app: str, deadline: float) -> bool:
        args: list[str | int] = [token, app, caller, *self._bounds, int(LEASE_S * 1000)]
        pause_s = _SOON_S
        while not self._is_away():
            has_turn = 1
            with self._noticing():
                has_turn = self._take(keys=self._keys, args=args)
            if has_turn:
                self._hold(token, caller, app)
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LATER_S)
        return True

    def _hold(self, token: str, caller: str, app: str) -> None:
        with self._lock:
            self._held[token] = (app, caller)
            if self._renewing is None or not self._renewing.is_alive():
                self._renewing = threading.Thread(target=self._keep, daemon=True, name="turns")
                self._renewing.start()

    def _keep(self) -> None:
        """Say again which turns this process holds, until it holds none for a while."""
        while True:
            time.sleep(_RENEW_S)
            with self._lock:
                held: list[str] = [
                    part for token, who in self._held.items() for part in (token, *who)
                ]
                if not held:
                    self._renewing = None
                    return
            if not self._is_away():
                with self._noticing():
                    self._renew(keys=self._keys[:1], args=[int(LEASE_S * 1000), *held])

    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Go on without Valkey for a while when it does not answer."""
        with suppress(redis.RedisError):
            try:
                yield
            except redis.RedisError as error:
                self._away_until = time.monotonic() + _AWAY_S
                logger.warning(
                    "Turns are counted by each process", extra={"reason": str(error)[:200]}
                )
                raise
