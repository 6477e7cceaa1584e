-- Queue a callback that is about no comment, instead of an earlier one. ARGV: delivery, item, site, body, now. Returns it.
local delivery, site, now = ARGV[1], ARGV[3], ARGV[5]
local latest = P .. 'test:' .. site
local old = call('GET', latest)
if old and call('HGET', P .. 'd:' .. old, 'state') ~= 'confirmed' and call('EXISTS', P .. 'd:' .. old) == 1 then
  supersede(old)
end
call('HSET', P .. 'd:' .. delivery, 'item', ARGV[2], 'site', site, 'body', ARGV[4], 'state', 'queued',
  'attempts', 0, 'at', now, 'next_at', now, 'busy_until', 0, 'error', '')
schedule(delivery, now)
call('SET', latest, delivery, 'EX', DELIVERY_KEPT_S)
return delivery
