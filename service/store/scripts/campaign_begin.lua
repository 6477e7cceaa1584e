-- Begin to decide the members of a campaign, or to undo its latest decision: list whom it concerns. Each is then
-- decided or undone by its own transition, and `campaign_done` crosses it out: what a crash leaves is still listed.
-- ARGV: campaign, 'decide' or 'undo', by, now, decision as JSON, ruling, latest member that was seen, log entry
-- Returns {'ok'} | {'missing'} | {'busy'} | {'nothing'}
local id, doing, now = ARGV[1], ARGV[2], ARGV[4]
local key, todo, rulings = P .. 'campaign:' .. id, P .. 'todo:' .. id, P .. 'rulings:' .. id
if call('EXISTS', key) == 0 then return {'missing'} end
if call('EXISTS', todo) == 1 then return {'busy'} end

-- Only what no moderator has decided, and only where it changes something.
local function to_decide(c)
  local f = call('HMGET', c, 'decision', 'state', 'verdict')
  return not f[1] and (f[2] == 'pending' or f[3] ~= ARGV[6])
end

local latest = call('LINDEX', rulings, -1)
local function to_undo(c)
  local f, decision = call('HMGET', c, 'by', 'decided_at'), cjson.decode(latest)
  return f[1] == decision.by and f[2] == decision.at
end

if doing == 'undo' and not latest then return {'nothing'} end
local wanted = doing == 'undo' and to_undo or to_decide
local until_received = doing == 'undo' and '+inf' or ARGV[7]
local found = 0
for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'members:' .. id, '-inf', until_received)) do
  if wanted(P .. 'c:' .. member) then
    call('SADD', todo, member)
    found = found + 1
  end
end
if found == 0 then
  if doing == 'undo' then call('RPOP', rulings) end  -- each was undone by itself
  return {'nothing'}
end
call('HSET', key, 'doing', doing)
if doing == 'decide' then call('RPUSH', rulings, ARGV[5]) end
log(ARGV[8])
for _, name in ipairs({key, todo, rulings, P .. 'members:' .. id}) do call('EXPIRE', name, CAMPAIGN_KEPT_S) end
return {'ok'}
