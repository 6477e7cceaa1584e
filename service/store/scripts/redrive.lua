-- Queue a dead delivery anew, or try one now that would be retried later.
-- ARGV: delivery, now, log entry. Returns 1, or 0 where it is neither or is being tried.
local d = P .. 'd:' .. ARGV[1]
local f = call('HMGET', d, 'state', 'busy_until')
if f[1] ~= 'dead' and f[1] ~= 'retrying' then return 0 end
if tonumber(f[2]) > tonumber(ARGV[2]) then return 0 end
call('ZREM', P .. 'dead', ARGV[1])
call('HSET', d, 'state', 'queued', 'attempts', 0, 'next_at', ARGV[2], 'error', '')
schedule(ARGV[1], ARGV[2])
log(ARGV[3])
return 1
