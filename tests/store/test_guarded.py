"""A store that asks for a user, a password and a certificate, over TLS: Redis 7 in each of its forms."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.config import Settings
from service.doctor import examine
from service.errors import Unavailable
from service.store import Store
from tests.conftest import BLOG
from tests.store import deployments

pytestmark = pytest.mark.process

# A user of the servers, and another of the Sentinels; a slash must be quoted in an address.
LOGIN, SENTINEL_LOGIN = "app:a%2Fb", "sentinel_username=eye&sentinel_password=s%26e"
SERVER = {"username": "app", "password": "a/b", "ssl": True}
SENTINEL = {"username": "eye", "password": "s&e"}
# What the doctor says of replicas.
REPLICAS = {
    "one": "",
    "sentinel": "`synced` needs Redis 7.2 or Valkey 7.2; say `replicas` instead",
    "cluster": "a primary that dies may take acknowledged comments along: add `?replicas=1` to the address",
}
USER = "user default off\nuser {username} on >{password} ~* &* +@all"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one for this machine; it is its own authority, and the clients' as well."""
    directory = tmp_path_factory.mktemp("tls")
    made = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.crt"
    named = ["-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *made.split(), *named]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    return directory


@contextmanager
def deployed(form: str, directory: Path, certificate: Path) -> Iterator[str]:
    crt, key = certificate / "tls.crt", certificate / "tls.key"
    tls = f"tls-cert-file {crt}\ntls-key-file {key}\ntls-ca-cert-file {crt}\ntls-replication yes\n"
    files = {"ssl_ca_certs": str(crt), "ssl_certfile": str(crt), "ssl_keyfile": str(key)}
    kind: dict[str, Any] = {"binary": deployments.REDIS_7, **SERVER, **files}
    more = "&".join(f"{name}={path}" for name, path in files.items())
    options = tls + USER.format(**SERVER)
    if form == "cluster":
        options += "\ntls-cluster yes"
        with deployments.cluster(directory, (0,), options=options, **kind) as (url, _):
            yield url.replace("redis+cluster://", f"rediss+cluster://{LOGIN}@") + f"?{more}"
    elif form == "sentinel":
        options += "\nmasteruser app\nmasterauth a/b"
        service = deployments.SERVICE
        asks = f"sentinel auth-user {service} app\nsentinel auth-pass {service} a/b"
        watching = f"{tls}{USER.format(**SENTINEL)}\n{asks}"
        with deployments.replicated(
            directory, options=options, watching=watching, watcher=SENTINEL, **kind
        ) as (url, _):
            more += f"&{SENTINEL_LOGIN}&replicas=1"
            yield url.replace("redis+sentinel://", f"rediss+sentinel://{LOGIN}@") + f"?{more}"
    else:
        with deployments.nodes(directory, 1, options, **kind) as (server,):
            yield f"rediss://{LOGIN}@{server.url}?{more}"


def examined(url: str, directory: Path) -> str:
    """Return what the doctor advises about replicas, were they to have everything on disk."""
    asked = url.replace("replicas=", "synced=")
    settings = Settings(data_dir=directory, secret_key="a" * 64, redis_url=asked)
    return "".join(finding.advice for finding in examine(settings, time.time) if finding.what == "replicas")


@pytest.mark.parametrize("form", ["one", "sentinel", "cluster"])
def test_it_is_let_in_with_all_that_is_asked_for(form: str, tmp_path: Path, certificate: Path) -> None:
    with deployed(form, tmp_path, certificate) as url:
        with closing(Store(url)) as store:
            store.registry.add_site(BLOG)
            assert store.registry.sites() == [BLOG]
        assert examined(url, tmp_path) == REPLICAS[form]
        wrong = [url.replace("a%2Fb", "another"), re.sub("ssl_ca_certs=[^&]*&", "", url)]
        if form == "sentinel":
            wrong.append(url.replace(SENTINEL_LOGIN, "sentinel_username=eye&sentinel_password=another"))
        for other in wrong:
            with pytest.raises(Unavailable), closing(Store(other)) as store:
                store.registry.sites()
