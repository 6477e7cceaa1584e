-- Replace the judgement of an item that the scorer had failed on, unless somebody is at it.
-- ARGV: id, revision, now, judgement, explanations, verdict, lane, severity, log entry, callback body or '',
--       terms, uncertainty, labels that it is held for, row for replays
-- Returns {'ok'} | {'skipped'}
local id, now, verdict = ARGV[1], ARGV[3], ARGV[6]
local c = P .. 'c:' .. id
local f = call('HMGET', c, 'site', 'revision', 'state', 'lane', 'lease_until', 'received')
if f[2] ~= ARGV[2] or f[3] ~= 'pending' or f[4] ~= 'errors' then return {'skipped'} end
if f[5] and tonumber(f[5]) > tonumber(now) then return {'skipped'} end
dequeue(id)
unindex(id)
call('HSET', c, 'judgement', ARGV[4], 'explanations', ARGV[5], 'verdict', verdict, 'lane', ARGV[7],
  'severity', ARGV[8], 'terms', ARGV[11], 'uncertainty', ARGV[12], 'labels', ARGV[13])
count_author(id, verdict)
log(ARGV[9])
change_row(id, 0, ARGV[14])
if ARGV[7] ~= '' then enqueue(id, f[1], ARGV[7], ARGV[8], f[6]) else close(id, f[1], f[6]) end
if verdict ~= 'hold' and ARGV[10] ~= '' then send(id, f[1], ARGV[10], now) end
return {'ok'}
