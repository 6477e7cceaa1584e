"""A real WordPress, headless: Debian's packages, MariaDB on a private socket, the server of PHP itself."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.process.cast import free_port, wait_for
from tests.wordpress.scripts import CONFIG, INSTALL, MU_PLUGIN, ROUTER

DEBIAN = Path("/usr/share/wordpress")
PASSWORD = "correct horse battery"
# A log of the usual size would be most of what a copy copies.
SMALL_LOG = "--innodb-log-file-size=8M"


@dataclass(frozen=True)
class Posted:
    """What WordPress said to a commenter: the comment's number, and whether it awaits moderation."""

    id: int
    held: bool


class WordPress:
    """One WordPress with its database; start it, use it, stop it."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "site"
        self.log = directory / "debug.log"
        self._db = directory / "db"
        self._socket = directory / "db.sock"
        self._router = directory / "router.php"
        self._output = (directory / "servers.log").open("ab")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Scripts stay compiled from one process to the next.
        compiled = directory / "compiled"
        compiled.mkdir()
        cache = {"enable_cli": 1, "file_cache": compiled, "revalidate_freq": 0}
        self._php = ["php", *(a for k, v in cache.items() for a in ("-d", f"opcache.{k}={v}"))]
        self._running: list[subprocess.Popen[bytes]] = []

    def install(self) -> None:
        """Install it; takes some ten seconds."""
        subprocess.run(["cp", "-rL", DEBIAN, self.root], check=True)
        self._make_database()
        self._start_database()
        self._configure()
        self.mu_plugin("tests", MU_PLUGIN)
        config = _php(str(self.root / "wp-config.php"))
        self._run_php(INSTALL % {"config": config, "password": _php(PASSWORD)})

    def copy(self, installed: Path) -> None:
        """Be a copy of one that is installed and stopped."""
        # The files are shared: who changes one puts another in its place.
        subprocess.run(["cp", "-al", installed / "site", self.root], check=True)
        subprocess.run(["cp", "-r", installed / "db", self._db], check=True)
        self._start_database()
        self._configure()

    def serve(self) -> None:
        """Answer at its address."""
        self._router.write_text(ROUTER)
        env = os.environ | {"PHP_CLI_SERVER_WORKERS": "4"}
        listen = ["-S", f"127.0.0.1:{self.port}", "-t", str(self.root)]
        self._spawn([*self._php, *listen, str(self._router)], env)
        wait_for(self._answers)

    def stop(self) -> None:
        """End the servers and what they started."""
        for process in reversed(self._running):
            os.killpg(process.pid, signal.SIGTERM)
        for process in self._running:
            process.wait(120)
        self._output.close()

    def mu_plugin(self, name: str, code: str) -> None:
        """Put a must-use plugin in place."""
        directory = self.root / "wp-content" / "mu-plugins"
        directory.mkdir(exist_ok=True)
        file = directory / f"{name}.php"
        file.unlink(missing_ok=True)
        file.write_text(code)

    def plugin(self, source: Path) -> None:
        """Copy a plugin's directory in place and activate it."""
        shutil.copytree(source, self.root / "wp-content" / "plugins" / source.name, dirs_exist_ok=True)
        name = f"{source.name}/{source.name}.php"
        self.php(f"require ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( {_php(name)} );")

    def php(self, code: str) -> Any:
        """Run PHP inside this WordPress; returns what it echoes, read as JSON."""
        said = self._run_php(f"require {_php(str(self.root / 'wp-load.php'))};\n{code}")
        return json.loads(said) if said else None

    def option(self, name: str, value: object, and_then: str = "") -> None:
        """Set an option, and run some PHP."""
        self.php(f"update_option( {_php(name)}, json_decode( {_php(json.dumps(value))}, true ) );{and_then}")

    def cron(self) -> None:
        """Run what WordPress's cron has due."""
        requests.get(f"{self.url}/wp-cron.php?doing_wp_cron", timeout=60).raise_for_status()

    def cron_now(self) -> None:
        """Run the plugin's cron as if a minute had passed."""
        self.php(
            "wp_clear_scheduled_hook( 'modqueue_send' );"
            "wp_schedule_event( time() - 1, 'modqueue_minute', 'modqueue_send' );"
        )
        self.cron()

    def comment(
        self, text: str, author: str = "Ana", email: str = "ana@reader.example", **fields: str
    ) -> Posted:
        """Post a comment through the form, as a reader does."""
        form = {"comment": text, "author": author, "email": email, "url": "", "comment_post_ID": "1",
                "comment_parent": "0", **fields}  # fmt: skip
        answer = requests.post(f"{self.url}/wp-comments-post.php", form, allow_redirects=False, timeout=60)
        assert answer.status_code == 302, answer.text[:2000]
        found = re.search(r"(?:unapproved=|#comment-)(\d+)", answer.headers["Location"])
        assert found, answer.headers["Location"]
        return Posted(int(found.group(1)), "unapproved=" in answer.headers["Location"])

    def status(self, comment_id: int) -> str:
        """Return a comment's status: approved, unapproved, spam, trash or deleted."""
        return str(self.php(f"echo json_encode( wp_get_comment_status( {comment_id} ) ?: 'deleted' );"))

    def wait_for_status(self, comment_id: int, status: str) -> None:
        """Wait until a comment has a status."""
        wait_for(lambda: self.status(comment_id) == status)

    def meta(self, comment_id: int, name: str) -> Any:
        """Return a comment's meta value."""
        return self.php(f"echo json_encode( get_comment_meta( {comment_id}, {_php(name)}, true ) );")

    def is_shown(self, text: str) -> bool:
        """Tell whether readers see a text below the first post."""
        return text in requests.get(f"{self.url}/?p=1", timeout=60).text

    def rest(self, method: str, path: str, body: object = None, *, user: str = "admin") -> requests.Response:
        """Ask WordPress's REST API with an application password."""
        return requests.request(
            method,
            f"{self.url}/wp-json/{path}",
            json=body,
            auth=(user, self.application_password(user)),
            timeout=60,
        )

    def application_password(self, user: str) -> str:
        """Make an application password."""
        return str(self.php(
            f"$user = get_user_by( 'login', {_php(user)} );"
            "$made = WP_Application_Passwords::create_new_application_password( $user->ID,"
            " array( 'name' => wp_generate_uuid4() ) ); echo json_encode( $made[0] );"
        ))  # fmt: skip

    def sign_in(self, user: str = "admin") -> requests.Session:
        """Sign in to wp-admin."""
        session = requests.Session()
        session.cookies.set("wordpress_test_cookie", "WP Cookie check", domain="127.0.0.1")
        form = {"log": user, "pwd": PASSWORD, "testcookie": "1"}
        session.post(f"{self.url}/wp-login.php", form, timeout=60)
        assert any(c.name.startswith("wordpress_logged_in") for c in session.cookies)
        return session

    def _configure(self) -> None:
        config = self.root / "wp-config.php"
        config.unlink()
        config.write_text(CONFIG % {"socket": self._socket, "url": self.url, "log": self.log})

    def _make_database(self) -> None:
        install = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal"]
        options = ["--skip-test-db", SMALL_LOG, f"--datadir={self._db}", *_as_root()]
        subprocess.run([*install, *options], check=True, stdout=self._output, stderr=self._output)

    def _start_database(self) -> None:
        # It lives for a minute: what it writes need not survive a power cut.
        swift = ["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--innodb-buffer-pool-size=32M"]
        server = ["mariadbd", "--no-defaults", "--skip-networking", *swift, SMALL_LOG, *_as_root()]
        self._spawn(
            [*server, f"--datadir={self._db}", f"--socket={self._socket}", f"--pid-file={self._db}/pid"]
        )
        create = "CREATE DATABASE IF NOT EXISTS wordpress CHARACTER SET utf8mb4"
        client = ["mariadb", "--no-defaults", f"--socket={self._socket}", "-uroot", "-e", create]
        # It may have a socket before it answers there.
        wait_for(lambda: subprocess.run(client, check=False, stderr=self._output).returncode == 0)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/wp-login.php", timeout=60).ok
        except requests.ConnectionError:
            return False

    def _spawn(self, command: list[str], env: dict[str, str] | None = None) -> None:
        # In a group of its own, since PHP's workers outlive their server.
        self._running.append(
            subprocess.Popen(
                command, env=env, stdout=self._output, stderr=self._output, start_new_session=True
            )
        )

    def _run_php(self, code: str) -> str:
        script = (
            f"$_SERVER['HTTP_HOST'] = '127.0.0.1:{self.port}'; $_SERVER['REQUEST_METHOD'] = 'GET';\n{code}"
        )
        command = [*self._php, "-d", "opcache.file_cache_only=1", "-r", script]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, textwrap.shorten(done.stdout + done.stderr, 3000)
        return done.stdout


@contextmanager
def running(directory: Path, installed: Path | None = None) -> Iterator[WordPress]:
    """Give a WordPress that is served from an empty directory, as a copy where one is installed."""
    wordpress = WordPress(directory)
    try:
        if installed:
            wordpress.copy(installed)
        else:
            wordpress.install()
        wordpress.serve()
        yield wordpress
    finally:
        wordpress.stop()


def install_once(directory: Path) -> Path:
    """Install a WordPress to copy, unless another process has; return its directory."""
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "installed").exists():
            wordpress = WordPress(directory)
            try:
                wordpress.install()
            finally:
                wordpress.stop()
            (directory / "installed").touch()
    return directory


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _php(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
