// The wildcard DNS of docs/akismet.md: every name below akismet.test is this machine.
const dns = require('node:dns')
const { lookup } = dns

dns.lookup = (name, ...rest) => lookup(name.endsWith('.akismet.test') ? '127.0.0.1' : name, ...rest)
