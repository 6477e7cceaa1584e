-- Look into a bucket, and take nothing. ARGV: name, rate, burst, now. Returns the seconds to wait, 0 if there is a token
local seconds = wait(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
return tostring(seconds)
