"""Signatures: round trip, tampering, rotation, and the reference library as witness."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from service import signing
from service.domain import Secret
from service.errors import BadSignature

NOW = 1_800_000_000.0
SECRET = signing.new_secret()
BODY = '{"comment_ID": "1", "comment_content": "Grüße 🐀"}'.encode()


def headers(body: bytes = BODY, secret: str = SECRET, at: float = NOW) -> dict[str, str]:
    return signing.signed_headers([Secret(secret)], "msg_1", at, body)


@given(st.binary(max_size=200), st.floats(0, 4e9))
def test_it_verifies_what_it_signed(body: bytes, now: float) -> None:
    assert signing.verify(headers(body, at=now), body, [Secret(SECRET)], now) == "msg_1"


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_it_refuses_a_changed_body(place: int, change: int) -> None:
    tampered = bytearray(BODY)
    tampered[place] ^= change
    with pytest.raises(BadSignature, match="webhook-signature"):
        signing.verify(headers(), bytes(tampered), [Secret(SECRET)], NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_it_refuses_a_changed_or_missing_header(name: str) -> None:
    changed = headers() | {name: headers()[name] + "1"}
    missing = {k: v for k, v in headers().items() if k != name}
    for wrong in (changed, missing):
        with pytest.raises(BadSignature):
            signing.verify(wrong, BODY, [Secret(SECRET)], NOW)


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=60))
def test_it_answers_nonsense_with_one_error_only(signature: str, stamp: str, message_id: str) -> None:
    wrong = {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}
    with pytest.raises(BadSignature):
        signing.verify(wrong, BODY, [Secret(SECRET)], NOW)


@pytest.mark.parametrize("signature", ["v1", "v1,", "v1,€", "v1,%%%", "v1a," + "A" * 44, " ", "v1,é v1,"])
def test_it_refuses_malformed_signatures(signature: str) -> None:
    with pytest.raises(BadSignature):
        signing.verify(headers() | {"webhook-signature": signature}, BODY, [Secret(SECRET)], NOW)


@pytest.mark.parametrize("message_id", ["x" * 257, "é", "a\tb"])
def test_it_refuses_an_id_that_is_no_name(message_id: str) -> None:
    signed = signing.signed_headers([Secret(SECRET)], message_id, NOW, BODY)
    with pytest.raises(BadSignature, match="webhook-id"):
        signing.verify(signed, BODY, [Secret(SECRET)], NOW)


@pytest.mark.parametrize(("age", "accepted"), [(299, True), (301, False), (-299, True), (-301, False)])
def test_it_accepts_five_minutes_each_way(age: float, accepted: bool) -> None:
    signed = headers(at=NOW - age)
    if accepted:
        assert signing.verify(signed, BODY, [Secret(SECRET)], NOW) == "msg_1"
    else:
        with pytest.raises(BadSignature, match="five minutes"):
            signing.verify(signed, BODY, [Secret(SECRET)], NOW)


def test_it_accepts_two_secrets_while_one_is_rotated_out() -> None:
    new = signing.new_secret()
    secrets = [Secret(new), Secret(SECRET, expires_at=NOW + 10)]
    assert signing.verify(headers(), BODY, secrets, NOW)
    assert signing.verify(headers(secret=new), BODY, secrets, NOW)
    with pytest.raises(BadSignature):
        signing.verify(headers(at=NOW + 11), BODY, secrets, NOW + 11)


def test_it_signs_with_every_valid_secret() -> None:
    both = [Secret(SECRET), Secret(signing.new_secret())]
    assert len(signing.signed_headers(both, "m", NOW, BODY)["webhook-signature"].split(" ")) == 2


def test_it_finds_a_good_signature_among_others() -> None:
    good = headers()
    good["webhook-signature"] = "v1,AAAA v2,xyz " + good["webhook-signature"]
    assert signing.verify(good, BODY, [Secret(SECRET)], NOW) == "msg_1"


def test_it_signs_as_the_reference_library_does() -> None:
    theirs = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(NOW, UTC), BODY.decode())
    assert signing.sign(SECRET, "msg_1", int(NOW), BODY) == theirs


def test_it_never_shows_a_secret() -> None:
    assert SECRET not in repr(Secret(SECRET))


def test_it_makes_secrets_of_32_bytes() -> None:
    assert len(base64.b64decode(signing.new_secret().removeprefix("whsec_"))) == 32


@pytest.mark.parametrize(("left", "count"), [(-1, 1), (0, 1), (1, 2)])
def test_it_signs_with_a_secret_until_it_expires(left: float, count: int) -> None:
    secrets = [Secret(SECRET), Secret(signing.new_secret(), expires_at=NOW + left)]
    given = signing.signed_headers(secrets, "m", NOW, BODY)["webhook-signature"].split(" ")
    assert [s[:3] for s in given] == ["v1,"] * count


@pytest.mark.parametrize("secret", ["whsec_%%%%", "whsec_A", "whsec_QUJD\nREVG"])
def test_it_says_which_secret_is_none(secret: str) -> None:
    with pytest.raises(BadSignature, match=r"^the secret is not base64$"):
        signing.sign(secret, "m", 1, BODY)
