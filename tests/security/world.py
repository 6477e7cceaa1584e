"""Two sites, people and programs of each, and every endpoint there is: a new one is covered as it comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service import appeals, bulk, signing
from service.domain import Person, ReasonCode, Role, Ruling, Site
from service.moderation import Moderation, Wish
from service.store.registry import digest
from tests.conftest import ANA, BLOG, OTHER, submit
from tests.pages import Visitor, give_password

# What of the blog nobody else may be shown.
MARKS = ("kumquat", "Quincy Marker", "quincy.example", "tell-tale")
THEIRS = Person("theirs", Role.MODERATOR, ("other",))
THEIR_ADMIN = Person("their-admin", Role.ADMIN, ("other",))
KEYS = {"blog": "b" * 12, "other": "0" * 12}
CODED = {"blog": "a" * 43, "other": "z" * 43}
# Kept for whoever asked, whatever the answer was.
PASSING = (":bucket:", ":session", "{meta}:log", ":heartbeat", ":skipped:", ":preferences:", ":exposure:")

# One call reads it all: it is read after each of some hundred requests.
DUMPED = """
local function is_ours(key)
  for n = 2, #ARGV do
    if key:find(ARGV[n], 1, true) then return false end
  end
  return key:find(":blog", 1, true) or key:find(ARGV[1], 1, true) or key:sub(1, 9) == "mq:{meta}"
end
local found = {}
for _, key in ipairs(redis.call("KEYS", "*")) do
  if is_ours(key) then
    found[#found + 1] = key
    found[#found + 1] = redis.sha1hex(redis.call("DUMP", key))
  end
end
return found
"""


@dataclass(frozen=True)
class World:
    """The blog's things by the names that addresses give them."""

    app: Flask
    moderation: Moderation
    named: dict[str, str]

    def rules(self) -> Iterator[tuple[Rule, str]]:
        """Give every endpoint with every method that it takes."""
        for rule in self.app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                if rule.endpoint != "static":
                    yield rule, method

    def path(self, rule: Rule, **others: str) -> str:
        """Write the address of the blog's own thing; a name that is not known here must be added."""
        named = self.named | others
        built = rule.build({name: named[name] for name in rule.arguments}, append_unknown=False)
        assert built, rule
        return built[1]

    def of_the_blog(self) -> dict[str, str]:
        """Return the digest of all that is stored of the blog, and who may do what."""
        client = self.moderation.store.registry._db.client
        pairs = client.eval(DUMPED, 0, self.named["item_id"], *PASSING)
        return dict(zip(pairs[::2], pairs[1::2], strict=True))


def build(app: Flask, m: Moderation) -> World:
    """Make the world: a comment that waits, one that was rejected and appealed, copies, a selection."""
    for site in (BLOG, OTHER):
        m.store.registry.save_site(_furnished(site))
    for person in (THEIRS, THEIR_ADMIN):
        m.store.registry.add_person(person)
    give_password(m.store, ANA, THEIRS, THEIR_ADMIN)
    item = submit(m, f"{MARKS[0]} [hateful=0.7]", author=MARKS[1], author_url=f"https://{MARKS[2]}/")["id"]
    rejected = submit(m, f"{MARKS[0]} two [hateful=0.7]", "2", author=MARKS[1])["id"]
    m.decide(ANA, rejected, Wish(Ruling.REJECT, ReasonCode.HATEFUL, MARKS[3]))
    token, _ = appeals.make_link(m, ANA, rejected, b"k" * 32)
    appeals.submit(m, appeals.read_link(token, b"k" * 32, m.clock()), MARKS[3])
    copies = "the same words of a seller who says them again and again about cheap watches {} [spam=0.7]"
    for n in range(3):
        submit(m, copies.format(f"{MARKS[0]}"), f"copy{n}", author=f"{MARKS[1]} {n}")
    (campaign,) = m.store.campaigns.latest(["blog"])
    selection = bulk.of_ids(m, ANA, [item])
    m.store.registry.beat("delivery", m.clock())
    test = m.store.outbox.send_test("blog", json.dumps({"secret": MARKS[3]}), m.clock())
    named = {"item_id": item, "site_id": "blog", "campaign_id": campaign.id, "bulk_id": selection.id,
             "delivery": test, "token": "w" * 43, "key": KEYS["other"],
             "model_id": "2026-01-01-aaaaaa"}  # fmt: skip
    return World(app, m, named)


def _furnished(site: Site) -> Site:
    mapping = {"id": "id", "text": "text"}
    key, rate = digest(KEYS[site.id]), 1e6
    site = replace(site, api_key_hash=key, rate=rate, burst=rate, mapping=mapping)
    return replace(site, coral_secret=f"{MARKS[3]}-{site.id}")


# Whoever asks: a person of another site, or a program of it.
Asker = Callable[[World, str, str], TestResponse]


def everything(world: World) -> dict[str, str]:
    """Return fields that any form or query may want, all of them the blog's."""
    item = world.named["item_id"]
    return {
        "site": "blog", "item": item, "id": item, "ids": item, "chosen": item, "revision": "1", "lane": "all",
        "decision": "reject:spam", "name": "ana", "role": "admin", "sites": "blog", "version": "1",
        "overlap": "0", "callback_url": "https://blog.example/stolen", "blocked_words": "w", "note": "w",
        "text": "w", "seen": "9999999999", "outcome": "overturn", "ruling": "approve", "all": "1",
    }  # fmt: skip


def person(name: str) -> Callable[[World], Asker]:
    """Ask as somebody who is signed in; '' is nobody."""

    def signed_in(world: World) -> Asker:
        visitor = Visitor(world.app)
        if name:
            visitor.enter(name)
        page = visitor.get("/account" if name else "/sign-in")
        token = next(f.fields["csrf_token"] for f in page.forms if "csrf_token" in f.fields)

        def ask(world: World, method: str, path: str) -> TestResponse:
            said = everything(world) | {"csrf_token": token}
            where: dict[str, Any] = {"query_string": said} if method == "GET" else {"data": said}
            return visitor.client.open(path, method=method, headers={"Accept": "text/html"}, **where)

        return ask

    return signed_in


def bearer(secret: str) -> Callable[[World], Asker]:
    """Ask as a program with a token of the API, or a site's key."""

    def program(world: World) -> Asker:
        def ask(world: World, method: str, path: str) -> TestResponse:
            said: dict[str, Any] = everything(world) | {"ids": [world.named["item_id"]]}
            headers = {"Authorization": f"Bearer {secret}", "X-Goog-Api-Key": secret}
            where: dict[str, Any] = {"query_string": {"site": "blog"}}
            if method != "GET":
                decision = {"decision": "reject", "reason": "spam", "ids": said["ids"]}
                where |= {"json": decision if path.endswith("decisions") else {"decision": "approve"}}
                if path.endswith(("claim", "undo", "appeal-link")):
                    where["json"] = {"lease_token": "w"} if method == "DELETE" else {}
            return world.app.test_client().open(path, method=method, headers=headers, **where)

        return ask

    return program


def akismet_key(world: World) -> Asker:
    """Ask as a blog does by Akismet's protocol, with the other site's key everywhere."""
    key = KEYS["other"]

    def ask(world: World, method: str, path: str) -> TestResponse:
        said = {"api_key": key, "key": key, "blog": BLOG.url, "user_ip": "203.0.113.9", "guid": "w"}
        said |= {"comment_content": f"{MARKS[0]} [hateful=0.7]", "comment_author": MARKS[1]}
        where: dict[str, Any] = {"query_string": {"api_key": key}} if method == "GET" else {"data": said}
        return world.app.test_client().open(path, method=method, **where)

    return ask


def signer(claimed: str) -> Callable[[World], Asker]:
    """Ask as a blog that signs with the other site's secret, in its own name or in the blog's."""

    def blog(world: World) -> Asker:
        def ask(world: World, method: str, path: str) -> TestResponse:
            data = {"comment_ID": "1", "outcome": "approve", "decided_by": "w"}
            body = json.dumps(
                {"type": "comment.moderated", "data": data, "comment_ID": "1", "comment_content": "w"}
            )
            now = world.moderation.clock()
            headers = signing.signed_headers(OTHER.secrets, f"w{path}", now, body.encode())
            headers |= {"X-Modqueue-Site": claimed, "Content-Type": "application/json"}
            return world.app.test_client().open(path, method=method, headers=headers, data=body)

        return ask

    return blog
