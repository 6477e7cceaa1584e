-- Shared by the scripts that gather near-copies of a comment in a campaign. A fingerprint is parts of five bytes.
local CAMPAIGN_FROM, CAMPAIGN_KEPT_S, DAY_S = 3, 7776000, 86400
-- So many parts of two fingerprints agree in near-copies; of each part the latest few that have it are remembered.
local COPY_FROM, LATEST_KEPT = 3, 5

-- As many near-copies are looked at for one comment, however many there are.
local LOOKED_AT = 16

local function parts_of(fingerprint)
  local found = {}
  for part in string.gmatch(fingerprint, '.....') do found[#found + 1] = part end
  return found
end

local function bands_key(site, now, back)
  return P .. 'bands:' .. site .. ':' .. string.format('%d', math.floor(tonumber(now) / DAY_S) - back)
end

-- An id is 26 hexadecimal digits; here it is kept in 13 bytes.
local SHORT = string.rep('.', 13)
local function short(id) return (string.gsub(id, '..', function(h) return string.char(tonumber(h, 16)) end)) end
local function long(raw) return (string.gsub(raw, '.', function(b) return string.format('%02x', string.byte(b)) end)) end

-- What is remembered of the parts of a fingerprint, today and yesterday.
local function recall(site, parts, now)
  return call('HMGET', bands_key(site, now, 0), unpack(parts)), call('HMGET', bands_key(site, now, 1), unpack(parts))
end

local function votes(today, yesterday)
  local found = {}
  for _, day in ipairs({today, yesterday}) do
    for _, ids in ipairs(day) do
      for other in string.gmatch(ids or '', SHORT) do found[other] = (found[other] or 0) + 1 end
    end
  end
  return found
end

-- The campaign that a comment belongs to, if any, and the near-copies of the last day that belong to none.
-- What a moderator has decided by itself is left as it is.
local function near(id, now, today, yesterday)
  local campaign, most, copies, looked = nil, 0, {}, 0
  for raw, agree in pairs(votes(today, yesterday)) do
    local other = agree >= COPY_FROM and looked < LOOKED_AT and long(raw)
    if other and other ~= id then
      looked = looked + 1
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

local function remember(id, site, parts, now, today)
  local key, changes, raw = bands_key(site, now, 0), {}, short(id)
  for n, ids in ipairs(today) do
    local latest = ids or ''
    if #latest >= 13 * LATEST_KEPT then latest = string.sub(latest, 14) end
    changes[#changes + 1], changes[#changes + 2] = parts[n], latest .. raw
  end
  call('HSET', key, unpack(changes))
  call('EXPIRE', key, 2 * DAY_S, 'NX')
end

local function join(id, campaign)
  local c = P .. 'c:' .. id
  local f = call('HMGET', c, 'site', 'state', 'lane', 'severity', 'received')
  if f[2] == 'pending' and f[3] ~= 'errors' and f[3] ~= 'audit' and f[3] ~= 'campaigns' then
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

local function gather(id, site, campaign, copies, now)
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
