-- Leave nothing of an item. ARGV: id. Returns {} where there is none, else {1 where the blog was not told yet, or 0, its guid}
return forget(ARGV[1])
