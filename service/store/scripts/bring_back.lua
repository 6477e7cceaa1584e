-- Store an archived item again, unless there is one of its name. ARGV: id, then field, value, ... Returns 1, or 0.
local id = ARGV[1]
local c = P .. 'c:' .. id
if call('EXISTS', c) == 1 then return 0 end
call('HSET', c, unpack(ARGV, 2))
local f = call('HMGET', c, 'site', 'received', 'decided_at', 'state', 'lane', 'severity')
if f[4] == 'pending' then
  enqueue(id, f[1], f[5], f[6], f[2])
else
  call('ZADD', P .. 'closed:' .. f[1], f[2], id)
end
if f[3] then call('ZADD', P .. 'decided:' .. f[1], f[3], id) end
return 1
