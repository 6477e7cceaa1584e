-- Accept a comment: idempotent on webhook id, and on site + comment id + revision.
-- ARGV: id, site, webhook id, body digest, content digest, now, comment, judgement, explanations, verdict, lane,
--       severity, author key, answer, seconds that a webhook id is remembered, log entry,
--       rate, burst, fingerprint, terms, uncertainty,
--       whether glance saw enough near-copies for a campaign
-- Returns {'same', answer} | {'conflict'} | {'fresh', answer}
local EARLIER_KEPT = 3

-- What an edited comment said before, as comment:REVISION.
local function keep_earlier(id)
  local c = P .. 'c:' .. id
  local f = call('HMGET', c, 'revision', 'comment')
  call('HSET', c, 'comment:' .. f[1], f[2])
  call('HDEL', c, 'comment:' .. (tonumber(f[1]) - EARLIER_KEPT))
end

local id, site, now, author = ARGV[1], ARGV[2], ARGV[6], ARGV[13]
local c, hook = P .. 'c:' .. id, P .. 'hook:' .. site .. ':' .. ARGV[3]
local seen = call('HMGET', hook, 'digest', 'answer')
if seen[1] then
  if seen[1] == ARGV[4] then return {'same', seen[2]} end
  return {'conflict'}
end
local old = call('HMGET', c, 'digest', 'answer')
local answer, fresh = ARGV[14], old[1] ~= ARGV[5]
if not fresh then answer = old[2] end
call('HSET', hook, 'digest', ARGV[4], 'answer', answer)
call('EXPIRE', hook, tonumber(ARGV[15]))
spend(site, tonumber(ARGV[17]), tonumber(ARGV[18]), tonumber(now))
if not fresh then return {'same', answer} end

if old[1] then  -- an edit: what was decided or leased was the earlier revision
  dequeue(id)
  unindex(id)
  keep_earlier(id)
  withdraw(id, now)
  leave_campaign(id)
  -- An appeal was against what was said before.
  call('HDEL', c, 'appeal_ref', 'appeal_text', 'appeal_at', 'appeal_state', 'appeal_by', 'appeal_settled_at')
  call('ZREM', P .. 'appeals:' .. site, id)
  call('HDEL', c, 'decision', 'reason', 'note', 'by', 'decided_at', 'lease_by', 'lease_token', 'lease_until')
  call('ZREM', P .. 'decided:' .. site, id)
end
local verdict, lane = ARGV[10], ARGV[11]
local state = 'closed'
if verdict == 'hold' then state = 'pending' end
call('HINCRBY', c, 'revision', 1)
call('HSET', c, 'site', site, 'digest', ARGV[5], 'received', now, 'comment', ARGV[7], 'judgement', ARGV[8],
  'explanations', ARGV[9], 'verdict', verdict, 'lane', lane, 'severity', ARGV[12], 'state', state, 'answer', answer,
  'terms', ARGV[20], 'uncertainty', ARGV[21])
if author ~= '' then
  call('HSETNX', P .. 'author:' .. site .. ':' .. author, 'first_seen', now)
  call('HSET', c, 'author', author)
end
count_author(id, verdict)
if state == 'pending' then enqueue(id, site, lane, ARGV[12], now) end
if ARGV[19] ~= '' then
  -- What comes at the same instant as the copies that make it a campaign is gathered with the next copy.
  if ARGV[22] ~= '' then gather(id, site, ARGV[19], now) end
  remember(id, site, ARGV[19], now)
end
call('ZADD', P .. 'recent:' .. site, now, id)
count(site, 'verdict:' .. verdict)
figure_verdict(site, now, ARGV[8])
log(ARGV[16])
return {'fresh', answer}
