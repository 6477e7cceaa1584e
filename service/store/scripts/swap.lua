-- Replace a field of a hash, unless it has changed since it was read. ARGV: hash, field, old ('' where there is none),
-- new. Returns 1, or 0.
if (call('HGET', P .. ARGV[1], ARGV[2]) or '') ~= ARGV[3] then return 0 end
call('HSET', P .. ARGV[1], ARGV[2], ARGV[4])
return 1
