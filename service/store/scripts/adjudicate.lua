-- Settle what two readers did not agree on. ARGV: id, log entry. Returns 1, or 0 where it was settled already.
local site = call('HGET', P .. 'c:' .. ARGV[1], 'site')
if not site or call('ZREM', P .. 'disputed:' .. site, ARGV[1]) == 0 then return 0 end
log(ARGV[2])
return 1
