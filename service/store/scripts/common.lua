-- Shared by every script: KEYS[1] is the prefix of a partition ("mq:{p03}:"), from which all names are made.
--   c:ID             hash    an item                 lane:SITE:LANE  zset  severity -> id
--   age:SITE:LANE    zset    received -> id          recent:SITE     zset  received -> id
--   unsure:SITE:LANE zset    uncertainty -> id       escalated:SITE  zset  escalated -> id, of those that wait
--   term:SITE:TERM   set     ids found by a term     came:SITE, severe:SITE  zset  received, severity -> id, indexed
--   filed:SITE       zset    decided -> id, indexed
--   decided:SITE     zset    decided -> id           hook:SITE:ID    hash  digest, answer (expires)
--   author:SITE:KEY  hash    approved, rejected, first_seen
--   count:SITE       hash    totals for the figures  bucket:NAME     hash  tokens, at
--   outbox, dead     zset    due / since -> delivery d:DELIVERY      hash  a delivery
--   outbox:SITE      zset    due -> delivery         turns           zset  when a site's first is due -> site
--   bands:SITE:DAY   hash    part of a fingerprint -> latest ids that have it (expires)
--   campaign:CAMPAIGN hash   site, last, doing      members:CAMPAIGN zset  received -> id
--   todo:CAMPAIGN    set     ids that a decision or undo has yet to reach
--   rulings:CAMPAIGN list    decisions, the one in force last     campaigns:SITE  zset  last -> campaign
--   akismet:ID       hash    guid, callback, key, comment_id of a comment that came by Akismet's protocol (expires)
--   akismet-text:SITE:DIGEST string guid (expires)     akismet-use:SITE hash  MONTH:NAME -> uses of a key
--   appeals:SITE     zset    appealed -> id, open ones (the appeal lies in the item)
--   day:SITE:DAY     hash    counters for the figures (expires)
--   log, examples    stream  append-only
local P = KEYS[1]
local call = redis.call

local function log(entry) call('XADD', P .. 'log', '*', 'entry', entry) end

local function count(site, name) call('HINCRBY', P .. 'count:' .. site, name, 1) end

-- What waits or was decided lately is indexed under its terms (see search.py).
local function index(id)
  local f = call('HMGET', P .. 'c:' .. id, 'site', 'terms', 'received', 'severity')
  for term in string.gmatch(f[2] or '', '%S+') do call('SADD', P .. 'term:' .. f[1] .. ':' .. term, id) end
  call('ZADD', P .. 'came:' .. f[1], f[3], id)
  call('ZADD', P .. 'severe:' .. f[1], f[4], id)
end

local function unindex(id)
  local f = call('HMGET', P .. 'c:' .. id, 'site', 'terms')
  if not f[1] then return end
  for term in string.gmatch(f[2] or '', '%S+') do call('SREM', P .. 'term:' .. f[1] .. ':' .. term, id) end
  for _, name in ipairs({'came:', 'severe:', 'filed:'}) do call('ZREM', P .. name .. f[1], id) end
end

local function enqueue(id, site, lane, severity, received)
  call('ZADD', P .. 'lane:' .. site .. ':' .. lane, severity, id)
  call('ZADD', P .. 'age:' .. site .. ':' .. lane, received, id)
  local f = call('HMGET', P .. 'c:' .. id, 'uncertainty', 'escalated_at')
  call('ZADD', P .. 'unsure:' .. site .. ':' .. lane, f[1] or 0, id)
  if f[2] then call('ZADD', P .. 'escalated:' .. site, f[2], id) end
  index(id)
end

local function dequeue(id)
  local f = call('HMGET', P .. 'c:' .. id, 'site', 'lane')
  if f[2] and f[2] ~= '' then
    for _, name in ipairs({'lane:', 'age:', 'unsure:'}) do call('ZREM', P .. name .. f[1] .. ':' .. f[2], id) end
    call('ZREM', P .. 'escalated:' .. f[1], id)
  end
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
  call('HSET', c, 'counted', name)
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

-- Token buckets. `tokens` only looks; `spend` takes one, even where there is none left.
local function tokens(name, rate, burst, now)
  local f = call('HMGET', P .. 'bucket:' .. name, 'tokens', 'at')
  return math.min(burst, tonumber(f[1] or burst) + math.max(0, now - tonumber(f[2] or now)) * rate)
end

local function spend(name, rate, burst, now)
  local key = P .. 'bucket:' .. name
  call('HSET', key, 'tokens', tokens(name, rate, burst, now) - 1, 'at', now)
  call('EXPIRE', key, math.ceil(burst / rate) + 1)
end

-- Seconds until there is a token, 0 where there is one.
local function wait(name, rate, burst, now) return math.max(0, (1 - tokens(name, rate, burst, now)) / rate) end
