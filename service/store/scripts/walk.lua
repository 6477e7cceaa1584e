-- Walk through sorted sets as if they were one, from a place on, past what a search does not ask for. It only reads.
-- ARGV: JSON {orders, ascending, score or '', member, limit, terms, ranges: {{name, low, high}, ...}}
-- Returns {edge or '', member, score, ...}; the edge (SCORE~MEMBER) is where it had looked at enough.
local w = cjson.decode(ARGV[1])
local LOOK, RARE, BATCH = 4000, 400, 100
local range = w.ascending and 'ZRANGE' or 'ZREVRANGE'
local place = tonumber(w.score)

local function before(s, m, score, member)
  if s ~= score then return (s < score) == w.ascending end
  return m ~= member and (m < member) == w.ascending
end

local function asked(id)
  for _, term in ipairs(w.terms) do
    if call('SISMEMBER', P .. term, id) == 0 then return false end
  end
  for _, r in ipairs(w.ranges) do
    local s = tonumber(call('ZSCORE', P .. r[1], id) or nil)
    if not s or s < tonumber(r[2]) or s > tonumber(r[3]) then return false end
  end
  return true
end

-- Where few items are indexed under one of the terms, they alone are looked at.
local function rarest()
  local best, least = nil, RARE + 1
  for _, term in ipairs(w.terms) do
    local n = call('SCARD', P .. term)
    if n < least then best, least = term, n end
  end
  return best
end

local function among(term)
  local found = {}
  for _, id in ipairs(call('SMEMBERS', P .. term)) do
    for _, name in ipairs(w.orders) do
      local s = call('ZSCORE', P .. name, id)
      if s and (not place or before(place, w.member, tonumber(s), id)) and asked(id) then
        found[#found + 1] = {id, s, tonumber(s)}
      end
    end
  end
  table.sort(found, function(a, b) return before(a[3], a[1], b[3], b[1]) end)
  local reply = {''}
  for n = 1, math.min(#found, w.limit) do
    reply[#reply + 1], reply[#reply + 2] = found[n][1], found[n][2]
  end
  return reply
end

-- The rank of the first one after the place.
local function start(key)
  local low, high = 0, place and call('ZCARD', key) or 0
  while low < high do
    local middle = math.floor((low + high) / 2)
    local at = call(range, key, middle, middle, 'WITHSCORES')
    if before(place, w.member, tonumber(at[2]), at[1]) then high = middle else low = middle + 1 end
  end
  return low
end

local function reader(name)
  local key = P .. name
  local at, batch, n = start(key), {}, 1
  local function head()
    if n > #batch then
      batch, n = call(range, key, at, at + BATCH - 1, 'WITHSCORES'), 1
      at = at + BATCH
    end
    return batch[n], batch[n + 1]
  end
  return {head = head, pass = function() n = n + 2 end}
end

local function best(readers)
  local first, id, score
  for _, r in ipairs(readers) do
    local m, s = r.head()
    if m and (not first or before(tonumber(s), m, tonumber(score), id)) then first, id, score = r, m, s end
  end
  return first, id, score
end

local function through()
  local readers, reply = {}, {''}
  for n, name in ipairs(w.orders) do readers[n] = reader(name) end
  for looked = 1, LOOK do
    local first, id, score = best(readers)
    if not first then return reply end
    first.pass()
    if asked(id) then reply[#reply + 1], reply[#reply + 2] = id, score end
    if #reply > 2 * w.limit then return reply end
    if looked == LOOK then reply[1] = score .. '~' .. id end
  end
  return reply
end

local few = rarest()
if few then return among(few) end
return through()
