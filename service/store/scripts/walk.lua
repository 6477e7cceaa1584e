-- Walk through sorted sets as if they were one, from a place on, past what a search does not ask for. It only reads.
-- ARGV: JSON {site, orders, ascending, score or '', member, limit, bounds: {field: {low, high}}}, terms
-- Returns {edge or '', member, score, ...}; the edge (SCORE~MEMBER) is where it had looked at enough.
local w = cjson.decode(ARGV[1])
local LOOK, RARE, BATCH = 4000, 400, 100
local range = w.ascending and 'ZRANGE' or 'ZREVRANGE'
local place, terms = tonumber(w.score), {}

-- What is found by a term: how many, all of them, and whether one of them is.
local function found_by(term)
  local shared, own = term_keys(w.site, term)
  local few, numbers = call('HGET', shared, term), {}
  if few == '' then
    return {
      count = call('SCARD', own),
      all = function() return call('SMEMBERS', own) end,
      has = function(number) return call('SISMEMBER', own, number) == 1 end,
    }
  end
  local known = {}
  for raw in each_number(few or '') do
    numbers[#numbers + 1] = struct.unpack('>I4', raw)
    known[tostring(numbers[#numbers])] = true
  end
  return {
    count = #numbers,
    all = function() return numbers end,
    has = function(number) return known[number] end,
  }
end
for n = 2, #ARGV do terms[n - 1] = found_by(ARGV[n]) end

local function before(s, m, score, member)
  if s ~= score then return (s < score) == w.ascending end
  return m ~= member and (m < member) == w.ascending
end

-- What is not indexed is not found by anything.
local function asked(id)
  if not terms[1] and not next(w.bounds) then return true end
  local f = call('HMGET', P .. 'c:' .. id, 'number', 'received', 'severity')
  if not f[1] then return false end
  local value = {received = tonumber(f[2]), severity = tonumber(f[3])}
  for name, bound in pairs(w.bounds) do
    if value[name] < bound[1] or value[name] > bound[2] then return false end
  end
  for _, term in ipairs(terms) do
    if not term.has(f[1]) then return false end
  end
  return true
end

-- Where few items are indexed under one of the terms, they alone are looked at.
local function rarest()
  local best, least = nil, RARE + 1
  for _, term in ipairs(terms) do
    if term.count < least then best, least = term, term.count end
  end
  return best
end

local function among(term)
  local found = {}
  for _, number in ipairs(term.all()) do
    local id = call('HGET', number_key(w.site, tonumber(number)))
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
