-- Accept a comment: idempotent on webhook id, and on site + comment id + revision. What is known of its author and of
-- near-copies is looked up here, in the same moment: where it is not what the judgement was made on, nothing is written
-- but the facts are returned, for another judgement.
-- ARGV: id, site, webhook id, body digest, content digest, now, comment, judgement, explanations, verdict, lane,
--       severity, author key, seconds that a webhook id is remembered, log entry, rate, burst, fingerprint, terms,
--       uncertainty, labels that it was held for, what is counted for the figures,
--       what the judgement was made on: approved author ('' where it makes no difference), rejected before, campaign,
--       row for replays
-- Returns {'same', judgement} | {'answered', answer} | {'conflict'} | {'wait', seconds} | {'fresh'}
--   | {'other', approved, rejected, first_seen, rejected before, campaign}
local EARLIER_KEPT = 3

-- What an edited comment said before, as comment:REVISION.
local function keep_earlier(id)
  local c = P .. 'c:' .. id
  local f = call('HMGET', c, 'revision', 'comment')
  call('HSET', c, 'comment:' .. f[1], f[2])
  call('HDEL', c, 'comment:' .. (tonumber(f[1]) - EARLIER_KEPT))
end

-- What was decided or leased was the earlier revision, and an appeal was against what was said before.
local function replace_earlier(id, site, now)
  local c = P .. 'c:' .. id
  dequeue(id)
  unindex(id)
  keep_earlier(id)
  withdraw(id, now)
  leave_campaign(id)
  for _, name in ipairs({'second:', 'disputed:'}) do call('ZREM', P .. name .. site, id) end
  call('HDEL', c, 'appeal_ref', 'appeal_text', 'appeal_at', 'appeal_state', 'appeal_by', 'appeal_settled_at',
    'decision', 'reason', 'note', 'by', 'decided_at', 'lease_by', 'lease_token', 'lease_until', 'explanations', 'terms', 'labels',
    'second_by', 'second_ruling', 'second_reason', 'second_at')
  call('ZREM', P .. 'appeals:' .. site, id)
  call('ZREM', P .. 'decided:' .. site, id)
end

local id, site, now, author = ARGV[1], ARGV[2], tonumber(ARGV[6]), ARGV[13]
local c, hook = P .. 'c:' .. id, P .. 'hook:' .. site .. ':' .. ARGV[3]
local rate, burst = tonumber(ARGV[16]), tonumber(ARGV[17])
local old = call('HMGET', c, 'digest', 'judgement', 'revision', 'decision')
local seen = call('GET', hook)
if seen then
  if string.sub(seen, 1, 16) ~= ARGV[4] then return {'conflict'} end
  if #seen > 16 then return {'answered', string.sub(seen, 17)} end
  if old[2] then return {'same', old[2]} end
end
local seconds, had = wait(site, rate, burst, now)
if seconds > 0 then return {'wait', tostring(seconds)} end
if old[1] == ARGV[5] then
  call('SET', hook, ARGV[4], 'EX', ARGV[14])
  spend(site, rate, burst, now, had)
  return {'same', old[2]}
end

local known = P .. 'author:' .. site .. ':' .. author
local h = author ~= '' and call('HMGET', known, 'approved', 'rejected', 'first_seen') or {}
local approved, rejected_before, campaign, copies = tonumber(h[1] or 0), old[4] == 'reject', nil, {}
local parts, today, yesterday = parts_of(ARGV[18])
if parts[1] then
  today, yesterday = recall(site, parts, now)
  campaign, copies = near(id, now, today, yesterday)
end
local gathered = campaign or #copies + 1 >= CAMPAIGN_FROM
local function flag(fact) return fact and '1' or '0' end
if (ARGV[23] ~= '' and ARGV[23] ~= flag(approved > 0)) or ARGV[24] ~= flag(rejected_before) or ARGV[25] ~= flag(gathered) then
  return {'other', h[1] or '0', h[2] or '0', h[3] or '', flag(rejected_before), flag(gathered)}
end

call('SET', hook, ARGV[4], 'EX', ARGV[14])
spend(site, rate, burst, now, had)
if old[1] then replace_earlier(id, site, now) end
local verdict, lane, state = ARGV[10], ARGV[11], ARGV[11] ~= '' and 'pending' or 'closed'
local fields = {'site', site, 'digest', ARGV[5], 'received', ARGV[6], 'comment', ARGV[7], 'judgement', ARGV[8],
  'verdict', verdict, 'state', state, 'revision', tonumber(old[3] or 0) + 1, 'lane', lane, 'severity', ARGV[12]}
for name, value in pairs({explanations = ARGV[9], terms = ARGV[19], uncertainty = ARGV[20], labels = ARGV[21],
  author = author}) do
  if value ~= '' then fields[#fields + 1], fields[#fields + 2] = name, value end
end
call('HSET', c, unpack(fields))
if author ~= '' then
  if not h[3] then call('HSET', known, 'first_seen', ARGV[6]) end
  count_author(id, verdict)
end
if state == 'pending' then
  enqueue(id, site, lane, ARGV[12], ARGV[6])
else
  call('ZADD', P .. 'closed:' .. site, ARGV[6], id)
end
if parts[1] then
  if gathered then gather(id, site, campaign, copies, ARGV[6]) end
  remember(id, site, parts, now, today)
end
keep_row(id, site, now, ARGV[26])
count(site, 'verdict:' .. verdict)
for name in string.gmatch(ARGV[22], '%S+') do daily(site, now, name, 1) end
log(ARGV[15])
return {'fresh'}
