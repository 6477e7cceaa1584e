-- Take a token from a named bucket. ARGV: name, rate, burst, now. Returns the seconds to wait, 0 if taken.
return tostring(take(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])))
