"""Signatures at their edges: the last second, digit, letter and signature that count, and what is said."""

from __future__ import annotations

import base64

import pytest

from service import signing
from service.domain import Secret
from service.errors import BadSignature

NOW = 1_800_000_000.0
SECRET = signing.new_secret()
BODY = b"{}"
REQUIRED = "webhook-id, webhook-timestamp and webhook-signature are required"
WRONG = "webhook-signature: does not match the body and the site's secret"
NO_ID = "webhook-id: at most 256 printable ASCII characters"
NO_TIME = "webhook-timestamp: not a number of seconds"
OLD = "webhook-timestamp: more than five minutes from this server's clock"


def signed(message_id: str = "m", at: float = NOW) -> dict[str, str]:
    return signing.signed_headers([Secret(SECRET)], message_id, at, BODY)


def verified(headers: dict[str, str]) -> str:
    return signing.verify(headers, BODY, [Secret(SECRET)], NOW)


@pytest.mark.parametrize("good", [signed("m" * 256), signed(at=NOW - 300), signed(at=NOW + 300)])
def test_it_takes_the_longest_id_and_the_oldest_and_newest_time(good: dict[str, str]) -> None:
    assert verified(good) == good["webhook-id"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (signed("m" * 257), NO_ID),
        (signed("é"), NO_ID),
        (signed(at=NOW - 301), OLD),
        (signed() | {"webhook-timestamp": "1" * 12}, OLD),
        (signed() | {"webhook-timestamp": "0" * 3 + str(int(NOW))}, NO_TIME),
        (signed() | {"webhook-timestamp": "1.5"}, NO_TIME),
        (signed() | {"webhook-signature": "v1,\ud800 v1,é"}, WRONG),
        *[({k: v for k, v in signed().items() if k != name}, REQUIRED) for name in signed()],
        *[(signed() | {name: ""}, REQUIRED) for name in signed()],
        ({"webhook-id": "m"}, REQUIRED),
        ({"webhook-signature": "v1,"}, REQUIRED),
    ],
)
def test_it_says_what_is_wrong(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(BadSignature) as refused:
        verified(wrong)
    assert str(refused.value) == said


def test_it_looks_at_ten_signatures_and_no_more() -> None:
    good = signed()
    ninth, tenth = ("v1,AAAA " * n + good["webhook-signature"] for n in (9, 10))
    assert verified(good | {"webhook-signature": ninth}) == "m"
    with pytest.raises(BadSignature):
        verified(good | {"webhook-signature": tenth})


def test_it_makes_a_new_secret_each_time() -> None:
    secrets = {signing.new_secret() for _ in range(20)}
    assert {len(base64.b64decode(s.removeprefix("whsec_"))) for s in secrets} == {32}
    assert len(secrets) == 20
