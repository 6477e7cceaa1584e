"""Debian's Chromium, kept from talking to anybody but the pages under test."""

# Without windows, tabs and their own pages, which take as long again as the pages under test.
CHROMIUM = "/usr/bin/chromium-headless-shell"
# The browser shall talk to the app under test and to nobody else.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
