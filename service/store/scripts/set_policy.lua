-- Replace a site, whose policy is a new version, unless it has changed since it was read; keep the versions; log it.
-- ARGV: site, old, new, old version, the old version as it is kept, new version, the new one, log entry. Returns 1, or 0.
local site = ARGV[1]
if call('HGET', P .. 'sites', site) ~= ARGV[2] then return 0 end
call('HSET', P .. 'sites', site, ARGV[3])
call('HSETNX', P .. 'policies:' .. site, ARGV[4], ARGV[5])
call('HSET', P .. 'policies:' .. site, ARGV[6], ARGV[7])
log(ARGV[8])
return 1
