-- Give a lease back. ARGV: id, token. Returns {'ok'}: a lease that is not yours is left alone.
local c = P .. 'c:' .. ARGV[1]
if call('HGET', c, 'lease_token') == ARGV[2] then
  call('HDEL', c, 'lease_by', 'lease_token', 'lease_until')
end
return {'ok'}
