"""The Lua scripts of the queue and how they are sent.

A script is sent by hand over a pooled connection, so that a connection that could not be made
(nothing sent) is told from one that broke after sending (outcome unknown).
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import redis


class NotSent(redis.ConnectionError):
    """No connection could be made: the script surely did not run."""


class Script:
    """One Lua script, run by its digest and loaded where the server does not know it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Any, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run the script; raises NotSent where it surely did not run."""
        pool = client.connection_pool
        connection: Any
        try:
            connection = pool.get_connection()
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise NotSent(str(error)) from error
        try:
            return self._exchange(connection, keys, args)
        except (redis.ConnectionError, redis.TimeoutError):
            connection.disconnect()
            raise
        finally:
            pool.release(connection)

    def _exchange(self, connection: Any, keys: Sequence[str], args: Sequence[Any]) -> Any:
        try:
            connection.send_command("EVALSHA", self.digest, len(keys), *keys, *args)
            return connection.read_response()
        except redis.exceptions.NoScriptError:
            connection.send_command("EVAL", self.source, len(keys), *keys, *args)
            return connection.read_response()

    def queue(self, pipeline: Any, keys: Sequence[str], args: Sequence[Any]) -> None:
        """Add the script to a pipeline."""
        pipeline.eval(self.source, len(keys), *keys, *args)


ENQUEUE = Script("""
-- keys: stream, once, bytes, nudge, arrival
-- args: body, head, size, limit, body hash, ttl, lines, shard, nudge ttl
local before = redis.call('GET', KEYS[2])
if before then
  local hash, receipt, lines = string.match(before, '^(%S+) (%S+) (%S+)$')
  if hash ~= ARGV[5] then return {'CONFLICT', '', '0', 0} end
  return {'DUP', receipt, lines, 0}
end
local backlog = tonumber(redis.call('GET', KEYS[3]) or '0')
if backlog + tonumber(ARGV[3]) > tonumber(ARGV[4]) then return {'FULL', '', '0', 0} end
local id = redis.call('XADD', KEYS[1], '*', 'h', ARGV[2], 'p', ARGV[1])
local receipt = ARGV[8] .. '-' .. id
redis.call('INCRBY', KEYS[3], ARGV[3])
redis.call('SET', KEYS[2], ARGV[5] .. ' ' .. receipt .. ' ' .. ARGV[7], 'EX', ARGV[6])
redis.call('LPUSH', KEYS[5], '1')
redis.call('LTRIM', KEYS[5], 0, 0)
local rung = redis.call('SET', KEYS[4], '1', 'NX', 'EX', ARGV[9])
return {'NEW', receipt, ARGV[7], rung and 1 or 0}
""")

READ = Script("""
-- keys: stream, intents, lease; args: group, holder, max bytes, max entries, shard
if redis.call('GET', KEYS[3]) ~= ARGV[2] then return {'LOST', {}} end
local rows, ids, bytes = {}, {}, 0
while bytes < tonumber(ARGV[3]) and #rows < tonumber(ARGV[4]) do
  local got = redis.call(
    'XREADGROUP', 'GROUP', ARGV[1], 'drain', 'COUNT', 1, 'STREAMS', KEYS[1], '>')
  if not got then break end
  local row = got[1][2][1]
  local size = tonumber(string.match(row[2][2], '"size":(%d+)'))
  bytes = bytes + size
  rows[#rows + 1] = row
  ids[#ids + 1] = row[1]
end
if #rows == 0 then return {'', {}} end
local token = ARGV[5] .. ':' .. ids[1] .. ':' .. ids[#ids]
redis.call('HSET', KEYS[2], token, cjson.encode(ids))
return {token, rows}
""")

ACK = Script("""
-- keys: stream, intents, bytes; args: group, token, then id and body size of each entry
local freed = 0
for i = 3, #ARGV, 2 do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then freed = freed + tonumber(ARGV[i + 1]) end
end
redis.call('HDEL', KEYS[2], ARGV[2])
if freed > 0 then redis.call('DECRBY', KEYS[3], freed) end
return freed
""")

BOOK = Script("""
-- keys: intents, counts; args: token, then field and amount of each count
-- Runs before ACK in one transaction: who finds the intent is who acknowledges it.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
for i = 2, #ARGV, 2 do
  -- pcall: a count that cannot be kept must not stop the drain.
  redis.pcall('HINCRBYFLOAT', KEYS[2], ARGV[i], ARGV[i + 1])
end
return 1
""")

RENEW = Script("""
-- keys: lease, nudge; args: holder, lease ttl, nudge ttl
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[3])
return 1
""")

RELEASE = Script("""
-- keys: lease, nudge; args: holder
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
""")

OLDEST = Script("""
-- keys: stream; the id of its first entry, without the body
local rows = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
return rows[1] and rows[1][1] or ''
""")
