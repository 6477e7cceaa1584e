"""docs/wordpress.md, followed to the letter from a fresh WordPress to the first held comment."""

from __future__ import annotations

import html
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.process.cast import Service
from tests.wordpress.site import WordPress
from tests.wordpress.test_admin import PAGE, fields

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "data")
    yield service
    service.stop()


def plugins_link(page: str, action: str) -> str:
    found = re.search(rf'href="(plugins\.php\?action={action}[^"]*modqueue[^"]*)"', page)
    assert found, "no such link among the plugins"
    return html.unescape(found.group(1))


def test_the_guide_leads_to_the_first_held_comment(wordpress: WordPress, service: Service) -> None:
    # As WordPress is installed, its own rules included.
    wordpress.option("comment_previously_approved", 1)
    guide = (ROOT / "docs" / "wordpress.md").read_text()
    copy, register = (c.strip() for c in re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)[:2])
    admin, started = wordpress.sign_in(), time.monotonic()

    subprocess.run(["sh", "-c", copy.replace("/srv/blog", str(wordpress.root))], check=True, cwd=ROOT)
    plugins = admin.get(f"{wordpress.url}/wp-admin/plugins.php", timeout=60).text
    admin.get(f"{wordpress.url}/wp-admin/{plugins_link(plugins, 'activate')}", timeout=60)

    shown = html.unescape(admin.get(wordpress.url + PAGE, timeout=60).text)
    command = register.replace("https://blog.example", wordpress.url)
    assert command in shown, "the page shows the line of the guide"
    said = service.command(*command.replace("'", "").split()[1:])
    secret = re.search(r"whsec_\S+", said)
    assert secret
    entered = {"address": service.address, "site": "myblog", "secret": secret.group(), "publish": "1"}
    form = fields(shown, 'action="options.php"') | {f"modqueue[{k}]": v for k, v in entered.items()}
    saved = admin.post(f"{wordpress.url}/wp-admin/options.php", form, timeout=60)
    assert "The connection works, both ways" in html.unescape(saved.text)

    held = re.search(r'such as "(You are[^"]+)"', guide)
    assert held
    assert wordpress.comment(held.group(1)).held
    print(f"from a fresh WordPress to the first held comment: {time.monotonic() - started:.1f} s")
    assert not wordpress.comment("Thank you, the bread recipe worked well.").held
    desk = requests.get(f"{service.address}/metrics", timeout=60).text
    assert 'modqueue_pending{lane="dehumanising"} 1.0' in desk
