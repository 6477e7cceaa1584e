-- Lease deliveries that are due; one that is not settled before its lease ends becomes due again.
-- ARGV: now, end of the lease, limit. Returns {id, item, site, body, attempts} for each.
local leased = {}
for _, id in ipairs(call('ZRANGEBYSCORE', P .. 'outbox', '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  local d = P .. 'd:' .. id
  local attempts = call('HINCRBY', d, 'attempts', 1)
  local f = call('HMGET', d, 'item', 'site', 'body')
  call('ZADD', P .. 'outbox', ARGV[2], id)
  call('HSET', d, 'busy_until', ARGV[2])
  leased[#leased + 1] = {id, f[1], f[2], f[3], attempts}
end
return leased
