-- Hand an item to an admin, with a note; whoever had claimed it gives it back.
-- ARGV: id, revision, by, note, now, log entry
-- Returns {'ok'} | {'missing'} | {'edited'} | {'decided', by, at} | {'closed'} | {'taken', by, until}
local id, by, now = ARGV[1], ARGV[3], ARGV[5]
local c = P .. 'c:' .. id
local f = call('HMGET', c, 'site', 'revision', 'by', 'decided_at', 'lease_by', 'lease_until', 'state')
if not f[1] then return {'missing'} end
if f[4] then return {'decided', f[3], f[4]} end
if f[2] ~= ARGV[2] then return {'edited'} end
if f[7] ~= 'pending' then return {'closed'} end
if f[6] and tonumber(f[6]) > tonumber(now) and f[5] ~= by then return {'taken', f[5], f[6]} end
call('HSET', c, 'escalated_by', by, 'escalated_at', now, 'escalated_note', ARGV[4])
call('HDEL', c, 'lease_by', 'lease_token', 'lease_until')
call('ZADD', P .. 'escalated:' .. f[1], now, id)
log(ARGV[6])
return {'ok'}
