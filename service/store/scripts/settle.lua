-- Write down what became of an attempt: confirmed, retry or dead.
-- ARGV: delivery, number of the attempt, result, now, next attempt, error, log entry. Returns the state of the delivery.
local id, result, now = ARGV[1], ARGV[3], ARGV[4]
local d = P .. 'd:' .. id
local f = call('HMGET', d, 'state', 'item', 'recalled', 'attempts')
-- A worker that was late: the delivery has been confirmed, overtaken or leased again meanwhile.
if f[1] ~= 'queued' and f[1] ~= 'retrying' then return f[1] or 'missing' end
if result ~= 'confirmed' and f[4] ~= ARGV[2] then return f[1] end
local newest = call('HGET', P .. 'c:' .. f[2], 'delivery')
call('HSET', d, 'busy_until', 0, 'settled_at', now, 'error', ARGV[6])
if result == 'confirmed' then
  schedule(id)
  call('HSET', d, 'state', 'confirmed')
  call('EXPIRE', d, DELIVERY_KEPT_S)
elseif f[3] then
  supersede(id)
elseif result == 'retry' then
  schedule(id, ARGV[5])
  call('HSET', d, 'state', 'retrying', 'next_at', ARGV[5])
else
  schedule(id)
  call('ZADD', P .. 'dead', now, id)
  call('HSET', d, 'state', 'dead')
end
-- The newer word about the same comment waited for this attempt to end, unless an edit has overtaken it meanwhile.
local waits = newest and newest ~= id and call('HMGET', P .. 'd:' .. newest, 'state', 'attempts')
if waits and waits[1] == 'queued' and waits[2] == '0' then schedule(newest, now) end
if ARGV[7] ~= '' then log(ARGV[7]) end
return call('HGET', d, 'state')
