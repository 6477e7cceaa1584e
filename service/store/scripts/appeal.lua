-- Write down an author's appeal against the rejection in force, once. ARGV: id, revision, milliseconds of the decision or
-- 0 where the machine rejected, text, now, log entry. Returns {'ok'} | {'missing'} | {'over'} | {'exists'}
local id, now = ARGV[1], ARGV[5]
local c = P .. 'c:' .. id
local f = call('HMGET', c, 'site', 'revision', 'decision', 'decided_at', 'verdict', 'appeal_ref')
if not f[1] then return {'missing'} end
local reference = ARGV[2] .. '.' .. ARGV[3]
if f[6] == reference then return {'exists'} end
local at = string.format('%d', math.floor(tonumber(f[4] or '0') * 1000 + 0.5))
if (f[3] or f[5]) ~= 'reject' or f[2] .. '.' .. at ~= reference then return {'over'} end
call('HDEL', c, 'appeal_by', 'appeal_settled_at')
call('HSET', c, 'appeal_ref', reference, 'appeal_text', ARGV[4], 'appeal_at', now, 'appeal_state', 'open')
call('ZADD', P .. 'appeals:' .. f[1], now, id)
log(ARGV[6])
return {'ok'}
