-- Take a field off a hash, unless it has changed since it was read. ARGV: hash, field, old. Returns 1, or 0.
if call('HGET', P .. ARGV[1], ARGV[2]) ~= ARGV[3] then return 0 end
return call('HDEL', P .. ARGV[1], ARGV[2])
