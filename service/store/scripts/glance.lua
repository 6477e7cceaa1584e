-- All that intake needs to know before it scores: what was answered before, the rate limit, the author.
-- It only reads, so that it costs no fsync; `accept` takes the token.
-- ARGV: id, site, webhook id, body digest, content digest, author key, rate, burst, now, fingerprint
-- Returns {'same', answer} | {'conflict'} | {'wait', seconds} | {'new', approved, rejected, first_seen, decision, campaign or ''}
local id, site, hook_id, body, digest, author = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local hook = call('HMGET', P .. 'hook:' .. site .. ':' .. hook_id, 'digest', 'answer')
if hook[1] then
  if hook[1] == body then return {'same', hook[2]} end
  return {'conflict'}
end
local seconds = wait(site, tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]))
if seconds > 0 then return {'wait', tostring(seconds)} end
local f = call('HMGET', P .. 'c:' .. id, 'digest', 'decision')
local h = call('HMGET', P .. 'author:' .. site .. ':' .. author, 'approved', 'rejected', 'first_seen')
local campaign, copies = near(id, site, ARGV[10], ARGV[9])
if #copies + 1 >= CAMPAIGN_FROM then campaign = campaign or 'new' end
return {'new', h[1] or '0', h[2] or '0', h[3] or '', f[2] or '', campaign or ''}
