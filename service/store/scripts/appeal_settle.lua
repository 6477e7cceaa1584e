-- Move an appeal on: open -> upheld, or open -> overturning -> overturned. What is being overturned can be begun again,
-- so that somebody can finish what a crash interrupted. ARGV: id, new state, by, now, log entry or ''
-- Returns {'ok'} | {'none'} | {'settled', by, at}
local id, state = ARGV[1], ARGV[2]
local c = P .. 'c:' .. id
local f = call('HMGET', c, 'appeal_state', 'appeal_by', 'appeal_settled_at', 'site')
if not f[1] then return {'none'} end
local from = {upheld = 'open', overturning = 'open', overturned = 'overturning'}
if f[1] ~= from[state] and not (state == 'overturning' and f[1] == 'overturning') then
  return {'settled', f[2] or '', f[3] or '0'}
end
call('HSET', c, 'appeal_state', state, 'appeal_by', ARGV[3], 'appeal_settled_at', ARGV[4])
if state ~= 'overturning' then call('ZREM', P .. 'appeals:' .. f[4], id) end
if ARGV[5] ~= '' then log(ARGV[5]) end
return {'ok'}
