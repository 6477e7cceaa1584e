-- Queue a dead delivery anew. ARGV: delivery, now, log entry. Returns 1, or 0 where it is not dead.
local d = P .. 'd:' .. ARGV[1]
if call('ZREM', P .. 'dead', ARGV[1]) == 0 then return 0 end
call('HSET', d, 'state', 'queued', 'attempts', 0, 'next_at', ARGV[2], 'error', '')
schedule(ARGV[1], ARGV[2])
log(ARGV[3])
return 1
