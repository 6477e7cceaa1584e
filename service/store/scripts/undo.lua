-- Undo the decision on an item: it waits again where it waited, and the blog is told.
-- ARGV: id, revision, by, now, log entry, retraction of the example, callback body or '',
--       when the decision meant was made, or ''
-- Returns {'ok'} | {'missing'} | {'edited'} | {'open'} | {'changed', by, at}
local id, now = ARGV[1], ARGV[4]
local c = P .. 'c:' .. id
local f = call('HMGET', c, 'site', 'revision', 'decided_at', 'verdict', 'lane', 'severity', 'received', 'by')
if not f[1] then return {'missing'} end
if f[2] ~= ARGV[2] then return {'edited'} end
if not f[3] then return {'open'} end
if ARGV[8] ~= '' and tonumber(ARGV[8]) ~= tonumber(f[3]) then return {'changed', f[8], f[3]} end
figure_decision(id, -1)
call('HDEL', c, 'decision', 'reason', 'note', 'by', 'decided_at')
call('ZREM', P .. 'decided:' .. f[1], id)
unindex(id)
change_row(id, RULING, '\0')
call('ZREM', P .. 'second:' .. f[1], id)
if f[5] and f[5] ~= '' then
  call('HSET', c, 'state', 'pending')
  enqueue(id, f[1], f[5], f[6], f[7])
end
count_author(id, f[4])
count(f[1], 'undo')
log(ARGV[5])
call('XADD', P .. 'examples', '*', 'example', ARGV[6])
if ARGV[7] ~= '' then send(id, f[1], ARGV[7], now) else withdraw(id, now) end
return {'ok'}
