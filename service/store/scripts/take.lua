-- Take a token from a named bucket. ARGV: name, rate, burst, now. Returns the seconds to wait, 0 if taken.
local rate, burst, now = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local seconds = wait(ARGV[1], rate, burst, now)
if seconds == 0 then spend(ARGV[1], rate, burst, now) end
return tostring(seconds)
