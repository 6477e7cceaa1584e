-- Claim an item, or renew a lease when a token is given.
-- ARGV: id, by, new token, token to renew or '', now, until
-- Returns {'ok'} | {'missing'} | {'decided', by, at} | {'closed'} | {'taken', by, until} | {'stale'}
local c = P .. 'c:' .. ARGV[1]
local f = call('HMGET', c, 'state', 'by', 'decided_at', 'lease_by', 'lease_token', 'lease_until')
if not f[1] then return {'missing'} end
if f[3] then return {'decided', f[2], f[3]} end
if f[1] ~= 'pending' then return {'closed'} end
local live = f[6] and tonumber(f[6]) > tonumber(ARGV[5])
if live and f[4] ~= ARGV[2] then return {'taken', f[4], f[6]} end
if ARGV[4] ~= '' and not (live and f[5] == ARGV[4]) then return {'stale'} end
call('HSET', c, 'lease_by', ARGV[2], 'lease_token', ARGV[3], 'lease_until', ARGV[6])
return {'ok'}
