-- Take an item out that was archived, where it is still as it was then and nobody waits for anything about it.
-- ARGV: id, revision, when it was decided or '', 1 where the site was removed: nobody waits any more. Returns 1, or 0.
local f = call('HMGET', P .. 'c:' .. ARGV[1], 'state', 'revision', 'decided_at', 'appeal_state', 'delivery')
if f[2] ~= ARGV[2] or (f[3] or '') ~= ARGV[3] then return 0 end
if ARGV[4] == '1' then
  forget(ARGV[1])
  return 1
end
if f[1] ~= 'closed' then return 0 end
if f[4] == 'open' or f[4] == 'overturning' then return 0 end
local told = f[5] and call('HGET', P .. 'd:' .. f[5], 'state')
if told == 'queued' or told == 'retrying' or told == 'dead' then return 0 end
forget(ARGV[1])
return 1
