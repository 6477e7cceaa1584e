-- Shared by the scripts that count for the figures: what happened on a day (in UTC), kept for a good year.
local FIGURES_KEPT_S = 34560000

local function daily(site, at, name, by)
  local key = P .. 'day:' .. site .. ':' .. string.format('%d', math.floor(tonumber(at) / 86400))
  if call('HINCRBY', key, name, by) == by then call('EXPIRE', key, FIGURES_KEPT_S, 'NX') end
end

-- What a replay needs of each comment (see rows.py): one row after another, in a string a day.
local ROWS_KEPT_S, RULING = 8640000, 16

local function keep_row(id, site, at, row)
  local day = string.format('%d', math.floor(tonumber(at) / 86400))
  local key = P .. 'rows:' .. site .. ':' .. day
  local place = call('APPEND', key, row) - #row
  if place == 0 then call('EXPIRE', key, ROWS_KEPT_S) end
  call('HSET', P .. 'c:' .. id, 'row', day .. ':' .. place)
end

local function change_row(id, from, part)
  local f = call('HMGET', P .. 'c:' .. id, 'site', 'row')
  local day, place = string.match(f[2] or '', '^(%d+):(%d+)$')
  if not day then return end
  local key = P .. 'rows:' .. f[1] .. ':' .. day
  -- A day that was forgotten is not begun anew.
  if call('STRLEN', key) > place + from then call('SETRANGE', key, place + from, part) end
end

-- Count the decision on an item, or, with -1, take it back from the day that it was counted on.
local function figure_decision(id, by)
  local f = call('HMGET', P .. 'c:' .. id, 'site', 'decision', 'reason', 'decided_at', 'received', 'verdict', 'labels')
  local site, ruling, at = f[1], f[2], f[4]
  daily(site, at, 'decision:' .. ruling, by)
  if f[3] and f[3] ~= '' then daily(site, at, 'rejected:' .. f[3], by) end
  daily(site, at, 'after:' .. f[6] .. ':' .. ruling, by)
  if f[6] ~= 'hold' then return end
  for label in string.gmatch(f[7] or '', '%S+') do daily(site, at, 'held:' .. label .. ':' .. ruling, by) end
  -- Four buckets each time that the wait doubles.
  local waited = math.max(0, tonumber(at) - tonumber(f[5]))
  daily(site, at, 'wait:' .. string.format('%d', math.floor(4 * math.log(1 + waited) / math.log(2))), by)
end

