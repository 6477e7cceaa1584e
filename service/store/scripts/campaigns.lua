-- Shared by the scripts that gather near-copies of a comment in a campaign. A fingerprint is words apart by blanks.
local CAMPAIGN_FROM, CAMPAIGN_KEPT_S, DAY_S = 3, 7776000, 86400
-- So many parts of two fingerprints agree in near-copies; of each part the latest few that have it are remembered.
local COPY_FROM, LATEST_KEPT = 3, 5

local function words(text)
  local found = {}
  for word in string.gmatch(text, '%S+') do found[#found + 1] = word end
  return found
end

local function bands_key(site, now, back)
  return P .. 'bands:' .. site .. ':' .. string.format('%d', math.floor(tonumber(now) / DAY_S) - back)
end

local function votes(site, parts, now)
  local found = {}
  for back = 0, 1 do
    for _, ids in ipairs(call('HMGET', bands_key(site, now, back), unpack(parts))) do
      for other in string.gmatch(ids or '', '%x+') do found[other] = (found[other] or 0) + 1 end
    end
  end
  return found
end

-- The campaign that a comment belongs to, if any, and the near-copies of the last day that belong to none.
-- What a moderator has decided by itself is left as it is.
local function near(id, site, fingerprint, now)
  local campaign, most, copies = nil, 0, {}
  if fingerprint == '' then return campaign, copies end
  for other, agree in pairs(votes(site, words(fingerprint), now)) do
    if agree >= COPY_FROM and other ~= id then
      local f = call('HMGET', P .. 'c:' .. other, 'received', 'campaign', 'decision')
      if f[1] and tonumber(f[1]) > tonumber(now) - DAY_S then
        if f[2] then
          if agree > most then campaign, most = f[2], agree end
        elseif not f[3] then
          copies[#copies + 1] = other
        end
      end
    end
  end
  return campaign, copies
end

local function remember(id, site, fingerprint, now)
  local parts, key, changes = words(fingerprint), bands_key(site, now, 0), {}
  for n, ids in ipairs(call('HMGET', key, unpack(parts))) do
    local latest = words(ids or '')
    if #latest >= LATEST_KEPT then table.remove(latest, 1) end
    latest[#latest + 1] = id
    changes[#changes + 1], changes[#changes + 2] = parts[n], table.concat(latest, ' ')
  end
  call('HSET', key, unpack(changes))
  call('EXPIRE', key, 2 * DAY_S)
end

local function join(id, campaign)
  local c = P .. 'c:' .. id
  local f = call('HMGET', c, 'site', 'state', 'lane', 'severity', 'received')
  if f[2] == 'pending' and f[3] ~= 'errors' and f[3] ~= 'campaigns' then
    dequeue(id)
    call('HSET', c, 'lane', 'campaigns')
    enqueue(id, f[1], 'campaigns', f[4], f[5])
  end
  call('HSET', c, 'campaign', campaign)
  call('ZADD', P .. 'members:' .. campaign, f[5], id)
end

local function leave_campaign(id)
  local campaign = call('HGET', P .. 'c:' .. id, 'campaign')
  if not campaign then return end
  call('HDEL', P .. 'c:' .. id, 'campaign')
  call('ZREM', P .. 'members:' .. campaign, id)
end

local function found_campaign(id, site, now)
  local campaign = id .. '-' .. call('HGET', P .. 'c:' .. id, 'revision')
  call('HSET', P .. 'campaign:' .. campaign, 'site', site)
  log(cjson.encode({at = tonumber(now), kind = 'campaign', site = site, campaign = campaign}))
  return campaign
end

local function gather(id, site, fingerprint, now)
  local campaign, copies = near(id, site, fingerprint, now)
  if not campaign and #copies + 1 < CAMPAIGN_FROM then return end
  campaign = campaign or found_campaign(id, site, now)
  for _, other in ipairs(copies) do join(other, campaign) end
  join(id, campaign)
  call('HSET', P .. 'campaign:' .. campaign, 'last', now)
  call('ZADD', P .. 'campaigns:' .. site, now, campaign)
  call('ZREMRANGEBYSCORE', P .. 'campaigns:' .. site, '-inf', tonumber(now) - CAMPAIGN_KEPT_S)
  for _, name in ipairs({'campaign:', 'members:', 'todo:', 'rulings:'}) do
    call('EXPIRE', P .. name .. campaign, CAMPAIGN_KEPT_S)
  end
end
