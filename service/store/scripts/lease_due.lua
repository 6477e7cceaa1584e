-- Lease deliveries that are due; one that is not settled before its lease ends becomes due again.
-- ARGV: now, end of the lease, limit, limit for a site, then site, its own limit, ... where it differs
-- Returns {id, item, site, body, attempts, whether the comment came by Akismet's protocol} for each.
local leased, room = {}, {}
for i = 5, #ARGV, 2 do room[ARGV[i]] = tonumber(ARGV[i + 1]) end

local function lease(id)
  local d = P .. 'd:' .. id
  -- The attempt that it was withdrawn from never ended: the newer word must not be followed by this one.
  if call('HEXISTS', d, 'recalled') == 1 then return supersede(id) end
  local attempts = call('HINCRBY', d, 'attempts', 1)
  local f = call('HMGET', d, 'item', 'site', 'body')
  call('HSET', d, 'busy_until', ARGV[2])
  schedule(id, ARGV[2])
  leased[#leased + 1] = {id, f[1], f[2], f[3], attempts, call('EXISTS', P .. 'akismet:' .. f[1])}
end

for _, site in ipairs(call('ZRANGEBYSCORE', P .. 'turns', '-inf', ARGV[1])) do
  local left = math.min(room[site] or tonumber(ARGV[4]), tonumber(ARGV[3]) - #leased)
  if left > 0 then
    local due = call('ZRANGEBYSCORE', P .. 'outbox:' .. site, '-inf', ARGV[1], 'LIMIT', 0, left)
    for _, id in ipairs(due) do lease(id) end
  end
end
return leased
