-- Shared by every script: KEYS[1] is the prefix of a partition ("mq:{p03}:"), from which all names are made.
--   c:ID             hash    an item                 lane:SITE:LANE  zset  severity -> id
--   age:SITE:LANE    zset    received -> id          closed:SITE     zset  received -> id, of those that do not wait
--   unsure:SITE:LANE zset    uncertainty -> id       escalated:SITE  zset  escalated -> id, of those that wait
--   terms:SITE:N     hash    term -> numbers of what is found by it, four bytes each, or '' where they are many
--   term:SITE:TERM   set     the numbers where they are many      number:SITE  string  the latest number
--   ids:SITE:N       hash    number -> id, 128 numbers each       filed:SITE   zset    decided -> id, indexed
--   decided:SITE     zset    decided -> id           hook:SITE:ID    string  digest, answer where it is no comment's (expires)
--   author:SITE:KEY  hash    approved, rejected, first_seen
--   count:SITE       hash    totals for the figures  bucket:NAME     string  tokens, at (expires)
--   outbox, dead     zset    due / since -> delivery d:DELIVERY      hash  a delivery
--   outbox:SITE      zset    due -> delivery         turns           zset  when a site's first is due -> site
--   bands:SITE:DAY   hash    part of a fingerprint -> latest ids that have it, 13 bytes each (expires)
--   campaign:CAMPAIGN hash   site, last, doing      members:CAMPAIGN zset  received -> id
--   todo:CAMPAIGN    set     ids that a decision or undo has yet to reach
--   rulings:CAMPAIGN list    decisions, the one in force last     campaigns:SITE  zset  last -> campaign
--   pool (under META) hash  id -> labelled text of another service
--   akismet:ID       hash    guid, callback, key, comment_id of a comment that came by Akismet's protocol (expires)
--   akismet-text:SITE:DIGEST string guid (expires)     akismet-use:SITE hash  MONTH:NAME -> uses of a key
--   appeals:SITE     zset    appealed -> id, open ones (the appeal lies in the item)
--   day:SITE:DAY     hash    counters for the figures (expires)
--   rows:SITE:DAY    string  a row for each comment, for replays (expires)
--   second:SITE      zset    decided -> id, to be read by a second person     disputed:SITE  zset  read -> id
--   log, examples    stream  append-only
local P = KEYS[1]
local call = redis.call

local function log(entry) call('XADD', P .. 'log', '*', 'entry', entry) end

local function count(site, name) call('HINCRBY', P .. 'count:' .. site, name, 1) end

-- What waits or was decided lately is indexed under its terms (see search.py), by a number of its own. A term is the
-- four bytes of its checksum. Most terms are rare: they share 1024 hashes, since a key of its own takes 90 bytes.
local FEW = 16

local function term_keys(site, term)
  local a, b = string.byte(term, 1, 2)
  return P .. 'terms:' .. site .. ':' .. string.format('%x', a % 4 * 256 + b), P .. 'term:' .. site .. ':' .. term
end

local function each_number(few) return string.gmatch(few, '....') end

local function file(site, term, number)
  local shared, own = term_keys(site, term)
  local few = call('HGET', shared, term)
  if few == '' then return call('SADD', own, number) end
  few = (few or '') .. struct.pack('>I4', number)
  if #few > 4 * FEW then
    for raw in each_number(few) do call('SADD', own, struct.unpack('>I4', raw)) end
    few = ''
  end
  call('HSET', shared, term, few)
end

local function unfile(site, term, number)
  local shared, own = term_keys(site, term)
  local few, kept = call('HGET', shared, term), {}
  if few == '' then
    call('SREM', own, number)
    if call('EXISTS', own) == 1 then return end
  end
  for raw in each_number(few or '') do
    if struct.unpack('>I4', raw) ~= number then kept[#kept + 1] = raw end
  end
  if kept[1] then call('HSET', shared, term, table.concat(kept)) else call('HDEL', shared, term) end
end

local function number_key(site, number)
  return P .. 'ids:' .. site .. ':' .. string.format('%d', math.floor(number / 128)), number % 128
end

local function index(id)
  local c = P .. 'c:' .. id
  local f = call('HMGET', c, 'site', 'terms', 'number')
  if f[3] then return end
  local number = call('INCR', P .. 'number:' .. f[1])
  local key, field = number_key(f[1], number)
  call('HSET', key, field, id)
  call('HSET', c, 'number', number)
  for term in string.gmatch(f[2] or '', '....') do file(f[1], term, number) end
end

-- Leaves no trace of an item in the index.
local function unindex(id)
  local c = P .. 'c:' .. id
  local f = call('HMGET', c, 'site', 'terms', 'number')
  if not f[3] then return end
  local number = tonumber(f[3])
  for term in string.gmatch(f[2] or '', '....') do unfile(f[1], term, number) end
  local key, field = number_key(f[1], number)
  call('HDEL', key, field)
  call('HDEL', c, 'number')
  call('ZREM', P .. 'filed:' .. f[1], id)
end

local function enqueue(id, site, lane, severity, received)
  call('ZADD', P .. 'lane:' .. site .. ':' .. lane, severity, id)
  call('ZADD', P .. 'age:' .. site .. ':' .. lane, received, id)
  local f = call('HMGET', P .. 'c:' .. id, 'uncertainty', 'escalated_at')
  call('ZADD', P .. 'unsure:' .. site .. ':' .. lane, f[1] or 0, id)
  if f[2] then call('ZADD', P .. 'escalated:' .. site, f[2], id) end
  call('ZREM', P .. 'closed:' .. site, id)
  index(id)
end

local function dequeue(id)
  local f = call('HMGET', P .. 'c:' .. id, 'site', 'lane')
  if f[2] and f[2] ~= '' then
    for _, name in ipairs({'lane:', 'age:', 'unsure:'}) do call('ZREM', P .. name .. f[1] .. ':' .. f[2], id) end
    call('ZREM', P .. 'escalated:' .. f[1], id)
  end
end

-- Put an item where those are that do not wait.
local function close(id, site, received)
  dequeue(id)
  call('HSET', P .. 'c:' .. id, 'state', 'closed')
  call('ZADD', P .. 'closed:' .. site, received, id)
end

-- An item counts once in its author's history, under the outcome in force.
local function count_author(id, outcome)
  local c = P .. 'c:' .. id
  local f = call('HMGET', c, 'site', 'author', 'counted')
  if not f[2] or f[2] == '' then return end
  local author = P .. 'author:' .. f[1] .. ':' .. f[2]
  if f[3] and f[3] ~= '' then call('HINCRBY', author, f[3], -1) end
  local name = ''
  if outcome == 'approve' then name = 'approved' elseif outcome == 'reject' then name = 'rejected' end
  if name ~= '' then call('HINCRBY', author, name, 1) end
  if name ~= (f[3] or '') then call('HSET', c, 'counted', name) end
end

local DELIVERY_KEPT_S = 2592000

-- Try a delivery at some time, or, without one, no more.
local function schedule(delivery, at)
  local site = call('HGET', P .. 'd:' .. delivery, 'site')
  local own = P .. 'outbox:' .. site
  for _, box in ipairs({P .. 'outbox', own}) do
    if at then call('ZADD', box, at, delivery) else call('ZREM', box, delivery) end
  end
  local first = call('ZRANGE', own, 0, 0, 'WITHSCORES')
  if first[1] then call('ZADD', P .. 'turns', first[2], site) else call('ZREM', P .. 'turns', site) end
end

local function supersede(delivery)
  schedule(delivery)
  call('ZREM', P .. 'dead', delivery)
  call('HSET', P .. 'd:' .. delivery, 'state', 'superseded')
  call('EXPIRE', P .. 'd:' .. delivery, DELIVERY_KEPT_S)
end

-- Withdraw what the blog has not confirmed. One that is in flight is only kept from being tried again:
-- returns when it will have ended, so that the newer word is said last.
local function withdraw(id, now)
  local old = call('HGET', P .. 'c:' .. id, 'delivery')
  if not old then return now end
  local f = call('HMGET', P .. 'd:' .. old, 'state', 'busy_until', 'attempts')
  if f[1] ~= 'queued' and f[1] ~= 'retrying' and f[1] ~= 'dead' then return now end
  local busy = tonumber(f[2] or '0')
  if busy > tonumber(now) then
    call('HSET', P .. 'd:' .. old, 'recalled', 1)
    return busy
  end
  local due = now
  -- One that was never tried may itself have waited for an earlier one to end.
  if f[3] == '0' then due = math.max(tonumber(now), tonumber(call('ZSCORE', P .. 'outbox', old) or now)) end
  supersede(old)
  return due
end

local function send(id, site, body, now)
  local c = P .. 'c:' .. id
  local due = withdraw(id, now)
  local delivery = 'dl_' .. id .. '_' .. call('HINCRBY', c, 'seq', 1)
  call('HSET', P .. 'd:' .. delivery, 'item', id, 'site', site, 'body', body, 'state', 'queued',
    'attempts', 0, 'at', now, 'next_at', due, 'busy_until', 0, 'error', '')
  call('HSET', c, 'delivery', delivery)
  schedule(delivery, due)
end

-- Token buckets. `tokens` only looks; `spend` takes one, even where there is none left; `had` is what `tokens` said.
local function tokens(name, rate, burst, now)
  local left, at = string.match(call('GET', P .. 'bucket:' .. name) or '', '^(%S+) (%S+)$')
  return math.min(burst, tonumber(left or burst) + math.max(0, now - tonumber(at or now)) * rate)
end

local function spend(name, rate, burst, now, had)
  local left = (had or tokens(name, rate, burst, now)) - 1
  -- When it is forgotten, it would be full again.
  local full = math.ceil((burst - left) / rate) + 1
  call('SET', P .. 'bucket:' .. name, string.format('%.17g %.17g', left, now), 'EX', string.format('%d', full))
end

-- Seconds until there is a token, 0 where there is one; and how many there are.
local function wait(name, rate, burst, now)
  local left = tokens(name, rate, burst, now)
  return math.max(0, (1 - left) / rate), left
end
