-- Rewrite fields of an item, then file it anew where it belongs. ARGV: id, then field, value or '' to take it away, ...
local id = ARGV[1]
local c = P .. 'c:' .. id
for n = 2, #ARGV, 2 do
  if ARGV[n + 1] ~= '' then call('HSET', c, ARGV[n], ARGV[n + 1]) else call('HDEL', c, ARGV[n]) end
end
call('HDEL', c, 'number')
local f = call('HMGET', c, 'site', 'state', 'received')
if f[2] == 'pending' or call('ZSCORE', P .. 'filed:' .. f[1], id) then index(id) end
if f[2] ~= 'pending' then call('ZADD', P .. 'closed:' .. f[1], f[3], id) end
return {'ok'}
