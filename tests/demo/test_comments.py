"""The comments of the demo: well-formed, ours, and unknown to the model that judges them."""

from __future__ import annotations

import json
import re
from collections import Counter
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from service.demo.blog import posts
from service.demo.run import KINDS, comments
from service.web.fields import comment

ROOT = Path(__file__).resolve().parents[2]
SEED = ROOT / "training_data" / "seed"
DOCUMENTATION = [
    ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_it_has_about_200_comments_of_every_kind() -> None:
    kinds = Counter(row["kind"] for row in comments())
    assert set(kinds) == set(KINDS)
    assert 190 <= kinds.total() <= 220
    assert kinds["clean"] > kinds.total() / 2


def test_it_has_only_fields_that_the_webhook_takes() -> None:
    for row in comments():
        fields = {name: value for name, value in row.items() if name != "kind"}
        taken = comment("demo", fields, b"key")
        assert taken.text.strip(), row["comment_ID"]
        assert taken.post_title == posts()[row["comment_post_ID"]]["title"]


def test_it_has_no_comment_twice() -> None:
    rows = comments()
    assert len({row["comment_ID"] for row in rows}) == len(rows)
    assert len({words(row["comment_content"]) for row in rows}) == len(rows)


def test_it_answers_only_what_came_before_under_the_same_post() -> None:
    seen: dict[str, dict[str, str]] = {}
    for row in comments():
        if "comment_parent" in row:
            parent = seen[row["comment_parent"]]
            assert row["parent_content"] == parent["comment_content"]
            assert row["comment_post_ID"] == parent["comment_post_ID"]
        seen[row["comment_ID"]] = row


def test_it_has_the_same_order_each_time() -> None:
    assert comments() == comments()


def test_it_names_no_real_address() -> None:
    for row in comments():
        assert row["comment_author_email"].rpartition("@")[2] in ("example.org", "example.com", "example.net")
        assert any(ip_address(row["comment_author_IP"]) in net for net in DOCUMENTATION)
        links = re.findall(r"https?://[^\s\]>)]+", row["comment_content"] + " " + row["comment_author_url"])
        hosts = [urlsplit(link).hostname or "" for link in links]
        assert all(h.endswith((".example", ".example.org")) for h in hosts), hosts


def test_it_has_no_text_that_the_model_was_trained_on() -> None:
    seeds = [json.loads(line) for file in SEED.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert len(seeds) > 1000
    known = {words(seed["text"]) for seed in seeds}
    assert [row["comment_ID"] for row in comments() if words(row["comment_content"]) in known] == []
