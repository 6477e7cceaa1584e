-- Write down what a second person says of an audited comment, without any change to what is in force.
-- ARGV: id, revision, by, ruling, reason, now, log entry
-- Returns {'ok'} | {'missing'} | {'own'} | {'gone'}
local id, by, now = ARGV[1], ARGV[3], ARGV[6]
local c = P .. 'c:' .. id
local f = call('HMGET', c, 'site', 'revision', 'decision', 'reason', 'by')
if not f[1] then return {'missing'} end
if f[5] == by then return {'own'} end
if f[2] ~= ARGV[2] or call('ZREM', P .. 'second:' .. f[1], id) == 0 then return {'gone'} end
call('HSET', c, 'second_by', by, 'second_ruling', ARGV[4], 'second_reason', ARGV[5], 'second_at', now)
local function said(ruling, reason)
  if ruling == 'approve' then return ruling end
  return reason and reason ~= '' and reason or 'other'
end
local one, other = said(f[3], f[4]), said(ARGV[4], ARGV[5])
daily(f[1], now, 'pair:' .. one .. ':' .. other, 1)
if one ~= other then call('ZADD', P .. 'disputed:' .. f[1], now, id) end
log(ARGV[7])
return {'ok'}
