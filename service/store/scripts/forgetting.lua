-- Shared by the scripts that take an item out of everything: neither itself, nor where it waits, is found, gathered or
-- appealed, nor what is to be said of it to the blog.
local function forget(id)
  local c = P .. 'c:' .. id
  local f = call('HMGET', c, 'site', 'delivery', 'campaign', 'seq')
  if not f[1] then return {} end
  local site, waits = f[1], 0
  dequeue(id)
  unindex(id)
  if f[3] then call('SREM', P .. 'todo:' .. f[3], id) end
  leave_campaign(id)
  for _, name in ipairs({'closed:', 'decided:', 'appeals:', 'second:', 'disputed:'}) do call('ZREM', P .. name .. site, id) end
  if f[2] then
    local state = call('HGET', P .. 'd:' .. f[2], 'state')
    if state == 'queued' or state == 'retrying' or state == 'dead' then waits = 1 end
  end
  for n = 1, tonumber(f[4] or 0) do
    local delivery = 'dl_' .. id .. '_' .. n
    if call('EXISTS', P .. 'd:' .. delivery) == 1 then
      supersede(delivery)
      call('DEL', P .. 'd:' .. delivery)
    end
  end
  local guid = call('HGET', P .. 'akismet:' .. id, 'guid')
  call('DEL', c, P .. 'akismet:' .. id)
  return {waits, guid or ''}
end

