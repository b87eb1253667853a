"""The Lua scripts: every change of the queue is one of them."""

from ingestion.queue.script import Script

# Of one sender and without terms: what is the same for all of them is looked at and kept once.
ENQUEUE_TOGETHER = Script("""
-- keys: stream, once, bytes, nudge, ring, lane
-- args: limit, ttl, nudge ttl, lane name, then head, body and place in the lane of each entry
-- Answers as one text: 1 where a worker has to be woken, else 0; then each entry's id, - if full.
local before = redis.call('GET', KEYS[2])
if before then return before end
local backlog, limit = tonumber(redis.call('GET', KEYS[3]) or '0'), tonumber(ARGV[1])
local answer, places, taken = {'0'}, {}, 0
for i = 5, #ARGV, 3 do
  local size = #ARGV[i + 1]
  if backlog + taken + size > limit then answer[#answer + 1] = '-'
  else
    local id = redis.call('XADD', KEYS[1], '*', 'h', ARGV[i], 'p', ARGV[i + 1])
    taken = taken + size
    places[#places + 1] = id .. ' ' .. ARGV[i + 2]
    answer[#answer + 1] = id
  end
end
if #places > 0 then
  redis.call('INCRBY', KEYS[3], taken)
  -- A lane is on the ring exactly while something waits in it.
  if redis.call('RPUSH', KEYS[6], unpack(places)) == #places then
    redis.call('RPUSH', KEYS[5], ARGV[4])
  end
  if redis.call('SET', KEYS[4], '1', 'NX', 'EX', ARGV[3]) then answer[1] = '1' end
  redis.call('SET', KEYS[2], table.concat(answer, ' '), 'EX', ARGV[2])
end
return table.concat(answer, ' ')
""")

ENQUEUE = Script("""
-- keys: stream, once, bytes, nudge, ring, lane, counts, window, rate, day of source, day of app,
--   kept keys, kept windows, repeats
-- args: body, head, size, limit, body hash, ttl, lines, shard, nudge ttl, plain size, lane name,
--   window s, bytes a second, burst, bytes a day of the source, of the app, bucket, field and mark
--   of the idempotency key, most keys, slot s, slots, weight, keys a window counts as, fields of
--   lines and bytes of duplicates
local clock = redis.call('TIME')
local seconds, is_keyed = tonumber(clock[1]), ARGV[17] ~= ''
local slot_s, slots = tonumber(ARGV[21]), tonumber(ARGV[22])
local slot = math.floor(seconds / slot_s)
local function keys_of(at) return 'lgs:once:' .. at .. ':' .. ARGV[17] end
local function note(receipt, lines)
  local field = receipt .. ' ' .. ARGV[25]
  local noted = redis.call('HGET', KEYS[14], field)
  -- Of very many, only what they come to.
  if not noted and redis.call('HLEN', KEYS[14]) >= 10000 then
    field = '- ' .. ARGV[25]
    noted = redis.call('HGET', KEYS[14], field)
  end
  local all, size, sent = string.match(noted or '0 0 0', '^(%d+) (%d+) (%d+)')
  redis.pcall('HSET', KEYS[14], field, string.format('%.0f %.0f %.0f %.3f',
    all + lines, size + ARGV[10], sent + ARGV[3], seconds + tonumber(clock[2]) / 1e6))
end
local function duplicate(receipt, lines)
  -- pcall: a count that cannot be kept must not stop the door.
  if ARGV[25] ~= '' then
    note(receipt, lines)
    redis.pcall('HINCRBYFLOAT', KEYS[7], ARGV[25], lines)
    redis.pcall('HINCRBYFLOAT', KEYS[7], ARGV[26], ARGV[10])
  end
  return {'DUP', receipt, lines, 0}
end
-- Of a body without a key, so that our own repeat is known; of an earlier version, also of keys.
local before = redis.call('GET', KEYS[2])
if before then
  local hash, receipt, lines = string.match(before, '^(%S+) (%S+) (%S+)$')
  if hash ~= ARGV[5] then return {'CONFLICT', '', '0', 0} end
  return duplicate(receipt, lines)
end
-- One slot ahead as well: the clock may have been set back.
for at = slot + 1, slot - slots, -1 do
  local found = is_keyed and redis.call('HGET', keys_of(at), ARGV[18])
  if found then
    if string.sub(found, 1, 8) ~= ARGV[19] then return {'CONFLICT', '', '0', 0} end
    return duplicate(string.match(found, '^(%S+) (%S+)$', 9))
  end
end
local same = ARGV[12] ~= '0' and redis.call('GET', KEYS[8])
if same then return duplicate(string.match(same, '^(%S+) (%S+)$')) end
local size, rate, burst = tonumber(ARGV[10]), tonumber(ARGV[13]), tonumber(ARGV[14])
local bucket, bucket_ttl
if rate > 0 then
  local now = seconds + tonumber(clock[2]) / 1e6
  local level = burst
  local saved = redis.call('GET', KEYS[9])
  if saved then
    local left, at = string.match(saved, '^(%S+) (%S+)$')
    local gone = now - tonumber(at)
    -- A clock that went back must not keep the door shut.
    level = gone < 0 and burst or math.min(burst, tonumber(left) + gone * rate)
  end
  if level <= 0 then
    return {'OVER', 'rate', string.format('%.0f', burst - level), math.ceil(-level / rate)}
  end
  -- Open while something is left; what is taken beyond it is paid back by waiting.
  bucket = string.format('%.3f %.6f', level - size, now)
  bucket_ttl = math.ceil((burst - level + size) / rate) + 1
end
for i, name in ipairs({'source', 'app'}) do
  local most = tonumber(ARGV[14 + i])
  local used = most > 0 and redis.call('GET', KEYS[9 + i]) or '0'
  if most > 0 and tonumber(used) + size > most then return {'OVER', name, used, 0} end
end
local backlog = tonumber(redis.call('GET', KEYS[3]) or '0')
if backlog + tonumber(ARGV[3]) > tonumber(ARGV[4]) then return {'FULL', '', '0', 0} end
local window_s = tonumber(ARGV[12])
local function kept(key, oldest)
  local sum, counts = 0, redis.call('HGETALL', key)
  for i = 1, #counts, 2 do
    if tonumber(counts[i]) < oldest then redis.call('HDEL', key, counts[i])
    else sum = sum + tonumber(counts[i + 1]) end
  end
  return sum
end
if is_keyed or window_s > 0 then
  local windows = kept(KEYS[13], seconds) * tonumber(ARGV[24])
  if kept(KEYS[12], slot - slots) + windows >= tonumber(ARGV[20]) then
    return {'KEYS', '', '0', 0}
  end
end
local id = redis.call('XADD', KEYS[1], '*', 'h', ARGV[2], 'p', ARGV[1])
local receipt = ARGV[8] .. '-' .. id
redis.call('INCRBY', KEYS[3], ARGV[3])
if is_keyed then
  if redis.call('HSET', keys_of(slot), ARGV[18], ARGV[19] .. receipt .. ' ' .. ARGV[7]) == 1
    and redis.call('HLEN', keys_of(slot)) == 1 then
    redis.call('EXPIRE', keys_of(slot), (slot + 1 + slots) * slot_s - seconds)
  end
  redis.call('HINCRBY', KEYS[12], slot, 1)
else
  redis.call('SET', KEYS[2], ARGV[5] .. ' ' .. receipt .. ' ' .. ARGV[7], 'EX', ARGV[6])
end
if window_s > 0 then
  redis.call('SET', KEYS[8], receipt .. ' ' .. ARGV[7], 'EX', ARGV[12])
  -- Counted by when it ends, in steps of an eighth, so that there are few counts.
  local step = math.ceil(window_s / 8)
  redis.call('HINCRBY', KEYS[13], math.ceil((seconds + window_s) / step) * step, 1)
end
if bucket then redis.call('SET', KEYS[9], bucket, 'EX', bucket_ttl) end
for i = 1, 2 do
  if ARGV[14 + i] ~= '0' and redis.call('INCRBY', KEYS[9 + i], size) == size then
    redis.call('EXPIRE', KEYS[9 + i], 172800)
  end
end
-- A lane is on the ring exactly while something waits in it.
if redis.call('RPUSH', KEYS[6], id .. ' ' .. ARGV[23]) == 1 then
  redis.call('RPUSH', KEYS[5], ARGV[11])
end
local rung = redis.call('SET', KEYS[4], '1', 'NX', 'EX', ARGV[9])
return {'NEW', receipt, ARGV[7], rung and 1 or 0}
""")

# Each source on the ring gets its share of the group, turn by turn, until the group is full. Who
# takes more than its share, because an entry is never cut, pays in its next turns.
# Source: Shreedhar and Varghese, Efficient Fair Queuing Using Deficit Round Robin (1995), in the
# form that lets a queue overdraw.
# Only ids: Lua copies and hashes every text it sees, which costs more than to ask for the bodies.
READ = Script("""
-- keys: stream, intents, lease, ring, debts, group number
-- args: holder, max bytes, max entries, shard, lane prefix, least share of bytes, of entries,
--   ms to wait for what goes on, ms in all, bytes and entries a record may be spread over
-- A lane holds: id, weight, and where lines may go on, sender:edges (g: goes on, o: is open).
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return {'LOST', {}} end
local max_bytes, max_entries = tonumber(ARGV[2]), tonumber(ARGV[3])
local lanes = redis.call('LLEN', KEYS[4])
local share = math.max(max_bytes / lanes, tonumber(ARGV[6]))
local most = math.max(max_entries / lanes, tonumber(ARGV[7]))
local quiet_ms, hold_ms = tonumber(ARGV[8]), tonumber(ARGV[9])
local spread_bytes, spread = tonumber(ARGV[10]), tonumber(ARGV[11])
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + clock[2] / 1000
local ids, bytes, credits, is_full, parked = {}, 0, {}, false, {}

local function read_item(item)
  local id, size, sender, edges = string.match(item, '^(%S+) (%d+) ?(%d*):?(%a*)$')
  return id, tonumber(size), sender, string.find(edges, 'g') ~= nil, string.find(edges, 'o') ~= nil
end

-- The last body of a sender waits for the next one while its last record is open, and with it the
-- bodies that record began in.
local function held_of(key)
  local tail, last, held = redis.call('LRANGE', key, -spread, -1), {}, {}
  for i = #tail, 1, -1 do
    local id, size, sender, goes_on, is_open = read_item(tail[i])
    local age = now_ms - tonumber(string.match(id, '^%d+'))
    local chain = last[sender]
    if sender == '' then chain = nil
    elseif not chain then
      chain = {ids = {}, bytes = 0, grows = is_open and age < quiet_ms}
      last[sender] = chain
    end
    if chain and chain.grows then
      chain.bytes, chain.grows = chain.bytes + size, goes_on
      if age < hold_ms and chain.bytes <= spread_bytes then chain.ids[#chain.ids + 1] = id
      else chain.ids, chain.grows = {}, false end
    end
  end
  for _, chain in pairs(last) do
    for _, id in ipairs(chain.ids) do held[id] = true end
  end
  return held
end

local function visit(lane)
  local key = ARGV[5] .. lane
  local waiting, seen, taken, chunk, is_cut = redis.call('LLEN', key), 0, 0, nil, false
  local held, kept, before, over, over_bytes = held_of(key), {}, nil, 0, 0
  credits[lane] = share
    + (credits[lane] or lanes > 1 and tonumber(redis.call('HGET', KEYS[5], lane)) or 0)
  while seen < waiting do
    if seen % 64 == 0 then chunk = redis.call('LRANGE', key, seen, seen + 63) end
    local item = chunk[seen % 64 + 1]
    local id, size, sender, goes_on = read_item(item)
    if held[id] then kept[#kept + 1] = item
    else
      local is_enough = taken >= most or credits[lane] <= 0
      local is_over = #ids > 0 and (bytes + size > max_bytes or #ids >= max_entries)
      if is_enough or is_over then
        -- No group ends within a record, unless it would grow without bound.
        over, over_bytes = over + 1, over_bytes + size
        if not (goes_on and sender == before and over < spread and over_bytes <= spread_bytes) then
          is_full, is_cut = is_full or is_over, is_over
          break
        end
      end
      taken, bytes, credits[lane], before = taken + 1, bytes + size, credits[lane] - size, sender
      ids[#ids + 1] = id
    end
    seen = seen + 1
  end
  if seen > 0 then redis.call('LTRIM', key, seen, -1) end
  for i = #kept, 1, -1 do redis.call('LPUSH', key, kept[i]) end
  if seen == waiting then
    credits[lane] = 0
    if #kept > 0 then parked[#parked + 1] = lane end
  elseif is_cut then
    -- Its turn goes on in the next group.
    credits[lane] = credits[lane] - share
    redis.call('LPUSH', KEYS[4], lane)
  else
    redis.call('RPUSH', KEYS[4], lane)
  end
end

while not is_full do
  local lane = redis.call('LPOP', KEYS[4])
  if not lane then break end
  visit(lane)
end
for _, lane in ipairs(parked) do redis.call('RPUSH', KEYS[4], lane) end
for lane, credit in pairs(credits) do
  if credit < 0 and lanes > 1 then redis.call('HSET', KEYS[5], lane, credit)
  else redis.call('HDEL', KEYS[5], lane) end
end
if #ids == 0 then return {#parked > 0 and 'HELD' or '', {}} end
local number = redis.call('INCR', KEYS[6])
local token = ARGV[4] .. ':' .. ids[1] .. ':' .. ids[#ids] .. ':' .. number
redis.call('HSET', KEYS[2], token, cjson.encode(ids))
return {token, ids}
""")

ACK = Script("""
-- keys: stream, intents, bytes, deaths; args: token, then id and body size of each entry
local freed = 0
for i = 2, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then freed = freed + tonumber(ARGV[i + 1]) end
end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
if freed > 0 then redis.call('DECRBY', KEYS[3], freed) end
return freed
""")

HEADS = Script("""
-- keys: stream, intents; args: token. What it holds, without the bodies: id, head, size of the body
local found = {}
for _, id in ipairs(cjson.decode(redis.call('HGET', KEYS[2], ARGV[1]) or '[]')) do
  local row = redis.call('XRANGE', KEYS[1], id, id)[1]
  if row then found[#found + 1] = {id, row[2][2], #row[2][4]} end
end
return found
""")

PIECE = Script("""
-- keys: stream; args: id, first and last byte. A piece of a body
local row = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
return row and string.sub(row[2][4], ARGV[2], ARGV[3]) or ''
""")

SPLIT = Script("""
-- keys: intents, deaths; args: token, then token, ids and deaths of each part
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
for i = 2, #ARGV, 3 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 2])
end
return 1
""")

# An earlier version read the stream by a consumer group and had no lanes.
ADOPT = Script("""
-- keys: stream, intents, ring; args: old group, lane prefix
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1]) == 0 then return 0 end
local held, from, adopted = {}, '-', 0
for _, ids in ipairs(redis.call('HVALS', KEYS[2])) do
  for _, id in ipairs(cjson.decode(ids)) do held[id] = true end
end
for _, lane in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
  redis.call('DEL', ARGV[2] .. lane)
end
redis.call('DEL', KEYS[3])
while true do
  local row = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
  if not row then return adopted end
  from = '(' .. row[1]
  if not held[row[1]] then
    local head = cjson.decode(row[2][2])
    local lane = head.app .. '/' .. head.source
    if redis.call('RPUSH', ARGV[2] .. lane, row[1] .. ' ' .. head.size) == 1 then
      redis.call('RPUSH', KEYS[3], lane)
    end
    adopted = adopted + 1
  end
end
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

BOOK_SPAN = Script("""
-- keys: counts, position; args: position before, position after, then field and amount
-- Each span is booked by whoever comes first.
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
for i = 3, #ARGV, 2 do redis.pcall('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
""")

TAKE_REPEATS = Script("""
-- keys: repeats, those put aside. Answers the name of the batch that is put aside now, if any
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then return '' end
  redis.call('RENAME', KEYS[1], KEYS[2])
  local clock = redis.call('TIME')
  redis.call('HSET', KEYS[2], 'name', clock[1] .. '.' .. clock[2])
end
return redis.call('HGET', KEYS[2], 'name')
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
