"""Pictures of every page in every state: `python -m tests.browser.screenshots` writes them.

All of them go to docs/screenshots/all, which git leaves out; the few that the guides show, beside it.
"""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from service.store import Store, embedded
from tests.browser import states
from tests.browser.conftest import DESKTOP, PHONE
from tests.chromium import CHROMIUM, QUIET
from tests.conftest import Clock, build_app, lent

TARGET = Path(__file__).parents[2] / "docs" / "screenshots"
LOOKS = {
    f"{size}-{scheme}": {"viewport": viewport, "color_scheme": scheme}
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE))
    for scheme in ("light", "dark")
}
# What the guides show: a state, a look, and the language where it is not English.
SHOWN = {
    "desk-light": ("desk-veiled", "desktop-light", "en-GB"),
    "desk-dark": ("desk-search", "desktop-dark", "en-GB"),
    "desk-phone": ("desk-quote", "phone-light", "en-GB"),
    "desk-german": ("desk-veiled", "desktop-light", "de-DE"),
    "campaign": ("campaign-preview", "desktop-light", "en-GB"),
    "appeals": ("appeals", "desktop-light", "en-GB"),
    "settings": ("settings-site", "desktop-light", "en-GB"),
    "figures": ("figures", "desktop-dark", "en-GB"),
    "audit": ("audit", "desktop-light", "en-GB"),
    "drift": ("drift", "desktop-light", "en-GB"),
    "models": ("models", "desktop-light", "en-GB"),
    "model": ("model", "desktop-light", "en-GB"),
    "second-look": ("second-look", "desktop-light", "en-GB"),
    "thresholds": ("thresholds", "desktop-light", "en-GB"),
}


class _Silent(WSGIRequestHandler):
    def log_request(self, *_args: object, **_kwargs: object) -> None:
        """Keep quiet."""


def main() -> None:
    """Take all pictures."""
    (TARGET / "all").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="modqueue-pictures-") as name, sync_playwright() as started:
        server = embedded.start(Path(name), "everysec")
        store, clock = Store(embedded.url(Path(name))), Clock()
        # Pages show the time of day alone for what is of today.
        clock.now = time.time() - states.LASTS_S
        try:
            with states.cast(store, Path(name), clock) as m, lent(build_app(), m) as app:
                paths = states.fill(m, app, clock)
                http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
                threading.Thread(target=http.serve_forever, daemon=True).start()
                browser = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
                take_all(browser, f"http://127.0.0.1:{http.server_port}", paths)
                browser.close()
                http.shutdown()
        finally:
            store.close()
            embedded.stop(server)


def take_all(browser: Browser, address: str, paths: dict[str, str]) -> None:
    """Take a picture of each state in each look, and those that the guides show."""
    context = browser.new_context(base_url=address)
    states.sign_in(context.new_page(), "admin")
    signed_in = context.storage_state()
    for look, options in LOOKS.items():
        inside = browser.new_context(base_url=address, locale="en-GB", storage_state=signed_in, **options)
        outside = browser.new_context(base_url=address, locale="en-GB", **options)
        page, visitor = inside.new_page(), outside.new_page()
        for name, path in paths.items():
            take(visitor if name in states.OUTSIDE else page, path, TARGET / "all" / f"{name}-{look}.png")
        inside.close()
        outside.close()
    for name, (state, look, locale) in SHOWN.items():
        context = browser.new_context(base_url=address, locale=locale, storage_state=signed_in, **LOOKS[look])
        take(context.new_page(), paths[state], TARGET / f"{name}.png")
        context.close()


def take(page: Page, path: str, target: Path) -> None:
    """Take a picture of a page, with what is veiled shown."""
    page.goto(path)
    if veil := page.query_selector("#veil:not([open])"):
        veil.evaluate("veil => veil.open = true")
    page.screenshot(path=target)


if __name__ == "__main__":
    main()
