"""Debian's Chromium, kept from talking to anybody but the pages under test."""

CHROMIUM = "/usr/bin/chromium"
# The browser shall talk to the app under test and to nobody else.
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
