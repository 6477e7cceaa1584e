-- Cross out a member that a decision or undo of its campaign has reached. ARGV: campaign, id. Returns how many are left.
local todo, key = P .. 'todo:' .. ARGV[1], P .. 'campaign:' .. ARGV[1]
local crossed = call('SREM', todo, ARGV[2])
local left = call('SCARD', todo)
if crossed == 1 and left == 0 then
  if call('HGET', key, 'doing') == 'undo' then call('RPOP', P .. 'rulings:' .. ARGV[1]) end
  call('HDEL', key, 'doing')
end
return left
