"""Senders and moderators at work while processes are killed, and a check of what they were promised."""

from __future__ import annotations

import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL
from threading import Event, Lock, Thread
from typing import Any

import requests

from service import signing
from service.domain import Secret
from service.store import Store, embedded
from tests.process.cast import Blog, Service, wait_for

SENDERS = MODERATORS = 4
HELD = "All refugees are vermin and should be exterminated, number {n}."
FINE = "The {n}th train of the day was late again, and the coffee was cold."
#: What is killed, and how often beside the others. A single web worker is the commonest death.
VICTIMS = {"worker": 4, "gunicorn": 2, "service.delivery": 3, "valkey": 3, "launcher": 1}


@dataclass
class Promises:
    """What the service has acknowledged: nothing of it may ever be lost."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    decisions: list[tuple[str, str, str]] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def answered(self, comment_id: str, answer: dict[str, Any]) -> None:
        """Remember an answer; another one to the same message breaks a promise."""
        with self.lock:
            if self.answers.setdefault(comment_id, answer) != answer:
                self.contradictions.append(f"comment {comment_id} was answered in two ways")

    def decided(self, item_id: str, by: str, ruling: str) -> None:
        with self.lock:
            self.decisions.append((item_id, by, ruling))


class Torture:
    """A service under load whose processes die at random points."""

    def __init__(self, service: Service, blog: Blog, seed: int) -> None:
        self.service, self.blog, self.seed = service, blog, seed
        self.promises, self.stop, self.deaths = Promises(), Event(), 0
        self.tokens = [_token(service, f"robot{n}") for n in range(MODERATORS)]
        self._threads = [
            *(Thread(target=self._send, args=(n,)) for n in range(SENDERS)),
            *(Thread(target=self._moderate, args=(n,)) for n in range(MODERATORS)),
        ]

    def run(self, deaths: int) -> None:
        """Work until as many processes were killed and more was promised, then come to rest."""
        rng = random.Random(self.seed)
        for thread in self._threads:
            thread.start()
        try:
            while self.deaths < deaths:
                time.sleep(rng.uniform(0.05, 1.5))
                self._kill(rng.choices(list(VICTIMS), list(VICTIMS.values()))[0], rng)
            # On a slow machine all the deaths may come before the first words.
            wait_for(lambda: len(self.promises.answers) > deaths and self.promises.decisions, 120)
        finally:
            self.stop.set()
            for thread in self._threads:
                thread.join()
        wait_for(self._at_rest, 300)

    def _kill(self, victim: str, rng: random.Random) -> None:
        if victim == "launcher":
            self.service.process.kill()
            self.service.process.wait()
            self.service.close()
            # The web processes end in peace, with what they are answering, and keep the port until then.
            wait_for(lambda: not self.service.listens())
            self.service.start()
            self.deaths += 1
            return
        words = "gunicorn" if victim == "worker" else victim
        found = sorted(pid for pid, command in self.service.processes() if words in command)
        # Of gunicorn the eldest is the arbiter, the others are its workers.
        chosen = found[1:] if victim == "worker" else found[:1]
        if chosen:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(chosen), SIGKILL)
                self.deaths += 1

    def _send(self, number: int) -> None:
        sent = 0
        while not self.stop.is_set():
            sent += 1
            comment_id = f"{number}-{sent}"
            text = (HELD if sent % 2 else FINE).format(n=f"{number}{sent:05}")
            body = json.dumps({"comment_ID": comment_id, "comment_content": text}).encode()
            # A sender retries until it has an answer, as blogs are told to, and sometimes once too often.
            for _ in range(2 if sent % 10 == 0 else 1):
                answer = _insist(lambda c=comment_id, b=body: self._post(c, b))
                self.promises.answered(comment_id, answer)
            time.sleep(0.02)

    def _post(self, comment_id: str, body: bytes) -> dict[str, Any] | None:
        secrets = [Secret(self.service.secret)]
        headers = signing.signed_headers(secrets, f"m-{comment_id}", time.time(), body)
        headers |= {"X-Modqueue-Site": "blog", "Content-Type": "application/json"}
        url = f"{self.service.address}/webhooks/comments"
        response = requests.post(url, data=body, headers=headers, timeout=10)
        answer: dict[str, Any] | None = response.json() if response.status_code == 200 else None
        assert response.status_code in (200, 429, 503), response.text
        return answer

    def _moderate(self, number: int) -> None:
        rng = random.Random(self.seed + number)
        while not self.stop.is_set():
            page = _insist(lambda: self._ask(number, "GET", "comments?lane=pending&limit=20"))["body"]
            if not page["comments"]:
                time.sleep(0.05)
                continue
            item = rng.choice(page["comments"])["id"]
            if self._decide(number, item, rng) and rng.random() < 0.2:
                _insist(lambda i=item: self._ask(number, "POST", f"comments/{i}/undo"))

    def _decide(self, number: int, item: str, rng: random.Random) -> bool:
        if rng.random() < 0.5:
            _insist(lambda: self._ask(number, "POST", f"comments/{item}/claim"))
        ruling = rng.choice(("approve", "reject"))
        wish = {"decision": ruling} | ({"reason": "hateful"} if ruling == "reject" else {})
        found = _insist(lambda: self._ask(number, "POST", f"comments/{item}/decision", wish))
        if found["status"] == 200:
            self.promises.decided(item, f"robot{number}", ruling)
        return found["status"] == 200

    def _ask(self, number: int, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        url = f"{self.service.address}/api/v1/{path}"
        headers = {"Authorization": f"Bearer {self.tokens[number]}"}
        response = requests.request(method, url, json=body, headers=headers, timeout=10)
        if response.status_code in (429, 503):
            return None
        assert response.status_code in (200, 404, 409), response.text
        return {"status": response.status_code, "body": response.json()}

    def _at_rest(self) -> bool:
        with suppress(AssertionError):
            return bool(self.service.command("delivery", "list", "--json") == [])
        return False


def _token(service: Service, name: str) -> str:
    token: str = service.command("token", "add", name, "--site", "blog", "--json")["token"]
    return token


def _insist(what: Callable[[], Any]) -> Any:
    """Try until there is an answer: a connection that breaks, and 429 and 503, mean later."""
    for _ in range(3_000):
        with suppress(requests.RequestException):
            if (answer := what()) is not None:
                return answer
        time.sleep(0.05)
    raise AssertionError("no answer in minutes")


def broken_promises(torture: Torture, data_dir: Path) -> list[str]:
    """Compare what was acknowledged with what is stored, logged and delivered; return what does not agree."""
    store = Store(embedded.url(data_dir))
    try:
        log = [json.loads(entry) for entry in reversed(store.views.log("blog", 10_000_000))]
        promises = torture.promises
        items = {i.id: i for i in store.views.items([a["id"] for a in promises.answers.values()])}
    finally:
        store.close()
    past: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in log:
        past[entry.get("item", "")].append(entry)
    return [
        *promises.contradictions,
        *_lost_comments(promises, items),
        *_lost_decisions(promises, past),
        *(fault for item in items.values() for fault in _wrong_history(item, past[item.id])),
        *_wrong_callbacks(torture.blog, items, past),
    ]


def _lost_comments(promises: Promises, items: dict[str, Any]) -> list[str]:
    kept = {item.comment.comment_id: item for item in items.values()}
    lost = [f"comment {name} is lost" for name in promises.answers if name not in kept]
    return lost + [
        f"comment {name} has another verdict than was answered"
        for name, answer in promises.answers.items()
        if name in kept and kept[name].judgement.verdict != answer["verdict"]
    ]


def _lost_decisions(promises: Promises, past: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [
        f"the decision {ruling} by {by} on {item} is lost"
        for item, by, ruling in promises.decisions
        if not any(
            (e["kind"], e.get("by"), e.get("decision")) == ("decision", by, ruling) for e in past[item]
        )
    ]


def _wrong_history(item: Any, entries: list[dict[str, Any]]) -> list[str]:
    """Decisions and undos must take turns, and the last of them be in force."""
    kinds = [entry["kind"] for entry in entries if entry["kind"] in ("decision", "undo")]
    expected = ["decision", "undo"] * len(kinds)
    faults = [] if kinds == expected[: len(kinds)] else [f"item {item.id} was decided twice: {kinds}"]
    last = next((e for e in reversed(entries) if e["kind"] in ("decision", "undo")), None)
    in_force = last["decision"] if last and last["kind"] == "decision" else item.judgement.verdict
    return (
        faults if item.outcome == in_force else [*faults, f"item {item.id} is {item.outcome}, not {in_force}"]
    )


def _wrong_callbacks(blog: Blog, items: dict[str, Any], past: dict[str, list[dict[str, Any]]]) -> list[str]:
    faults, last = [], {}
    for told in blog.received:
        if told["id"] in items:
            last[told["id"]] = told["outcome"]
            if not any(_is_told(entry, told) for entry in past[told["id"]]):
                faults.append(f"the blog was told {told['outcome']} of {told['id']}, which nobody decided")
    for item_id, item in items.items():
        decided = any(entry["kind"] == "decision" for entry in past[item_id])
        if decided and last.get(item_id) != item.outcome:
            faults.append(f"the blog believes {last.get(item_id)} of {item_id}, which is {item.outcome}")
    return faults


def _is_told(entry: dict[str, Any], told: dict[str, Any]) -> bool:
    ruling = {"decision": entry.get("decision"), "undo": "hold"}.get(entry["kind"])
    at = datetime.fromtimestamp(entry.get("at", 0), UTC).isoformat(timespec="milliseconds")
    return ruling == told["outcome"] and at.replace("+00:00", "Z") == told["decided_at"]
