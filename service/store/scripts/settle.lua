-- Write down what became of an attempt: confirmed, retry or dead.
-- ARGV: delivery, result, now, next attempt, error, log entry. Returns the state of the delivery.
local id, result, now = ARGV[1], ARGV[2], ARGV[3]
local d = P .. 'd:' .. id
local f = call('HMGET', d, 'state', 'item', 'recalled')
-- A worker that was late: the delivery has been confirmed or overtaken meanwhile.
if f[1] ~= 'queued' and f[1] ~= 'retrying' then return f[1] or 'missing' end
local newest = call('HGET', P .. 'c:' .. f[2], 'delivery')
call('HSET', d, 'busy_until', 0, 'settled_at', now, 'error', ARGV[5])
if result == 'confirmed' then
  call('ZREM', P .. 'outbox', id)
  call('HSET', d, 'state', 'confirmed')
  call('EXPIRE', d, DELIVERY_KEPT_S)
elseif f[3] then
  supersede(id)
elseif result == 'retry' then
  call('ZADD', P .. 'outbox', ARGV[4], id)
  call('HSET', d, 'state', 'retrying', 'next_at', ARGV[4])
else
  call('ZREM', P .. 'outbox', id)
  call('ZADD', P .. 'dead', now, id)
  call('HSET', d, 'state', 'dead')
end
-- The newer word about the same comment waited for this attempt to end.
if newest and newest ~= id and call('ZSCORE', P .. 'outbox', newest) then call('ZADD', P .. 'outbox', now, newest) end
if ARGV[6] ~= '' then log(ARGV[6]) end
return call('HGET', d, 'state')
