-- Write down that a decision was looked at again. ARGV: id, when it was made, log entry. Returns 1, or 0 for another one
local c = P .. 'c:' .. ARGV[1]
local made = call('HGET', c, 'decided_at')
if not made or tonumber(made) ~= tonumber(ARGV[2]) then return 0 end
call('HSET', c, 'looked', ARGV[2])
log(ARGV[3])
return 1
