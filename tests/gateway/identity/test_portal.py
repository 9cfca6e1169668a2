"""The portal's requests: keys, signatures, replays, and bodies that are something else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity import portal
from gateway.identity.portal import PATH, Gate, Login, Refused, RefusedError, parse, signed

KEY = b"k" * 32
TEXT = KEY.hex()
NOW = 1_790_000_000.0
BODY = json.dumps({"address": "10.0.0.1", "user": "u"}).encode()
BEARER = {"Authorization": f"Bearer {TEXT}"}


def gate() -> Gate:
    return Gate(KEY, 3600.0)


def why(call) -> Refused:
    with pytest.raises(RefusedError) as caught:
        call()
    return caught.value.why


def sign(now: float = NOW, method: str = "POST", body: bytes = BODY) -> dict[str, str]:
    time = str(int(now))
    made = signed(TEXT.encode(), time, method, body)
    return {"X-Qinglang-Time": time, "X-Qinglang-Signature": made}


def test_a_login_by_key_and_by_signature() -> None:
    wanted = Login(address="10.0.0.1", user="u", seconds=3600.0)
    assert gate().admit("POST", PATH, BEARER, BODY, NOW) == wanted
    assert gate().admit("POST", PATH, sign(), BODY, NOW) == wanted
    assert gate().admit("DELETE", PATH, BEARER, BODY, NOW) == Login(address="10.0.0.1")


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "refused"),
    [
        ("POST", "/", BEARER, BODY, Refused.PATH),
        ("POST", f"{PATH}?x", BEARER, BODY, Refused.PATH),
        ("GET", PATH, BEARER, BODY, Refused.METHOD),
        ("POST", PATH, {}, BODY, Refused.KEY),
        ("POST", PATH, {"Authorization": "Bearer "}, BODY, Refused.KEY),
        ("POST", PATH, {"Authorization": f"Basic {TEXT}"}, BODY, Refused.KEY),
        ("POST", PATH, {"Authorization": "Bearer 密钥"}, BODY, Refused.KEY),
        ("POST", PATH, sign(), BODY + b" ", Refused.KEY),
        ("DELETE", PATH, sign(), BODY, Refused.KEY),
        ("POST", PATH, {**sign(), "X-Qinglang-Time": "0"}, BODY, Refused.KEY),
        ("POST", PATH, {**sign(), **BEARER, "X-Qinglang-Signature": "x"}, BODY, Refused.KEY),
        ("POST", PATH, sign(NOW - 121), BODY, Refused.REPLAY),
        ("POST", PATH, sign(NOW + 121), BODY, Refused.REPLAY),
        ("POST", PATH, BEARER, b"", Refused.BODY),
    ],
)
def test_refused(
    method: str, path: str, headers: dict[str, str], body: bytes, refused: Refused
) -> None:
    assert why(lambda: gate().admit(method, path, headers, body, NOW)) is refused


def test_a_signature_is_good_once() -> None:
    here = gate()
    here.admit("POST", PATH, sign(), BODY, NOW)
    assert why(lambda: here.admit("POST", PATH, sign(), BODY, NOW + 5)) is Refused.REPLAY


def test_a_time_that_is_none() -> None:
    time = "9" * 13
    made = signed(TEXT.encode(), time, "POST", BODY)
    headers = {"X-Qinglang-Time": time, "X-Qinglang-Signature": made}
    assert why(lambda: gate().admit("POST", PATH, headers, BODY, NOW)) is Refused.KEY


def test_remembering_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal, "REMEMBERED", 2)
    here = gate()
    for second in (0, 1):
        here.admit("POST", PATH, sign(NOW + second), BODY, NOW)
    assert why(lambda: here.admit("POST", PATH, sign(NOW + 2), BODY, NOW)) is Refused.REPLAY
    assert here.admit("POST", PATH, sign(NOW + 900), BODY, NOW + 900).user == "u"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nonsense",
        b"[" * 4000,
        b'{"address": 1}',
        b'{"address": "10.0.0.1"}',
        b'{"address": "10.0.0.1", "user": ""}',
        b'{"address": "10.0.0.1", "user": "u", "role": "teacher"}',
        b'{"address": "10.0.0.0/8", "user": "u"}',
        b'{"address": "0.0.0.0", "user": "u"}',
        b'{"address": "ff02::1", "user": "u"}',
        b'{"address": "10.0.0.1", "user": "u\\u0000"}',
        b'{"address": "10.0.0.1", "user": "u", "school": "../x"}',
        b'{"address": "10.0.0.1", "user": "u", "seconds": 59}',
        b'{"address": "10.0.0.1", "user": "u", "seconds": 1e9}',
        b'{"address": "10.0.0.1", "user": "u", "seconds": NaN}',
        b'{"address": "10.0.0.1", "user": "u", "seconds": true}',
        json.dumps({"address": "10.0.0.1", "user": "u" * 129}).encode(),
        b"\xff\xfe",
    ],
)
def test_bodies_that_are_something_else(body: bytes) -> None:
    assert why(lambda: parse("POST", body, 600.0)) is Refused.BODY


def test_addresses_are_made_canonical() -> None:
    body = b'{"address": "::ffff:10.0.0.1", "user": " u ", "school": "no-1", "seconds": 60}'
    assert parse("POST", body, 600.0) == Login(
        address="10.0.0.1", user="u", school="no-1", seconds=60.0
    )


@given(st.binary(max_size=200))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        assert parse("POST", body, 600.0).user
    except RefusedError as error:
        assert error.why is Refused.BODY  # noqa: PT017
