-- Decide an item: the decision, its log entry, its training example and its delivery in one transition.
-- ARGV: id, revision, by, token or '', ruling, reason, note, now, log entry, example, callback body or '',
--       terms, or '' where it waits, ruling as a row has it, 1 where somebody else is to read it as well
-- Returns {'ok'} | {'missing'} | {'edited'} | {'decided', by, at} | {'taken', by, until} | {'stale'}
local FOUND_FOR_S, FOUND_MAX = 30 * 86400, 50000

-- What was decided long ago is found no more: each decision tidies up a little more than it adds.
local function tidy(site, now)
  local filed = P .. 'filed:' .. site
  local old = call('ZRANGEBYSCORE', filed, '-inf', tonumber(now) - FOUND_FOR_S, 'LIMIT', 0, 2)
  if call('ZCARD', filed) > FOUND_MAX then old = call('ZRANGE', filed, 0, 1) end
  for _, id in ipairs(old) do
    unindex(id)
    call('ZREM', filed, id)
  end
end

local id, by, token, ruling, now = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[8]
local c = P .. 'c:' .. id
local f = call('HMGET', c, 'site', 'revision', 'by', 'decided_at', 'lease_by', 'lease_token', 'lease_until', 'decision', 'received')
if not f[1] then return {'missing'} end
if f[4] then
  -- The same request again, after its reply was lost on the way.
  if f[3] == by and f[4] == now and f[8] == ruling then return {'ok'} end
  return {'decided', f[3], f[4]}
end
if f[2] ~= ARGV[2] then return {'edited'} end
local live = f[7] and tonumber(f[7]) > tonumber(now)
if live and f[5] ~= by then return {'taken', f[5], f[7]} end
if token ~= '' and not (live and f[6] == token) then return {'stale'} end

close(id, f[1], f[9])
call('HSET', c, 'decision', ruling, 'reason', ARGV[6], 'note', ARGV[7], 'by', by, 'decided_at', now)
call('HDEL', c, 'lease_by', 'lease_token', 'lease_until')
call('ZADD', P .. 'decided:' .. f[1], now, id)
-- What the machine had settled by itself was not indexed yet.
if ARGV[12] ~= '' then call('HSET', c, 'terms', ARGV[12]) end
index(id)
call('ZADD', P .. 'filed:' .. f[1], now, id)
tidy(f[1], now)
count_author(id, ruling)
count(f[1], 'decision:' .. ruling)
figure_decision(id, 1)
change_row(id, RULING, ARGV[13])
if ARGV[14] == '1' and call('HEXISTS', c, 'second_by') == 0 then call('ZADD', P .. 'second:' .. f[1], now, id) end
log(ARGV[9])
call('XADD', P .. 'examples', '*', 'example', ARGV[10])
if ARGV[11] ~= '' then send(id, f[1], ARGV[11], now) else withdraw(id, now) end
return {'ok'}
