-- Remember how a comment that came by Akismet's protocol is found again, and how its blog is reached.
-- ARGV: id, site, digest of the text, guid, seconds that this is kept, callback, key, the blog's own id of it
local trace, by_text = P .. 'akismet:' .. ARGV[1], P .. 'akismet-text:' .. ARGV[2] .. ':' .. ARGV[3]
call('HSET', trace, 'guid', ARGV[4])
-- What a later call leaves out is still known from an earlier one.
for i, name in ipairs({'callback', 'key', 'comment_id'}) do
  if ARGV[5 + i] ~= '' then call('HSET', trace, name, ARGV[5 + i]) end
end
call('EXPIRE', trace, ARGV[5])
call('SET', by_text, ARGV[4], 'EX', ARGV[5])
return {'ok'}
