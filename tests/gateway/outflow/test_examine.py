"""One request's body: undone, read on either thread, masked and read again."""

from __future__ import annotations

import gzip
import json
import zlib

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.outflow.examine import Examiner, Sent, examine, rewritten, too_large, undone
from rules.recognise.personal.carried import Opaque
from rules.recognise.personal.kinds import Kind
from tests.gateway.outflow.bodies import FAKES, NUMBER, TODAY, finder

JSON = json.dumps({"idCard": NUMBER, "n": 1}).encode()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("", bytes), ("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress),
     ("br", brotli.compress)],
)  # fmt: skip
def test_codings(coding: str, pack: object) -> None:
    sent = Sent(body=pack(JSON), encoding=coding, media="application/json")  # type: ignore[operator]
    found = examine(sent, finder(), TODAY)
    assert found.seen.carried.verified == {Kind.ID_CARD: 1}
    assert found.data == JSON


def test_what_can_not_be_undone_is_said() -> None:
    for coding in ("zstd-of-tomorrow", "gzip"):
        found = examine(Sent(body=b"\x1f\x8bnothing", encoding=coding), finder(), TODAY)
        assert found.seen.carried.unread == (Opaque.CODING,), coding
    assert undone(b"", "gzip") in (b"", None)
    assert too_large().carried.unread == (Opaque.TOO_LARGE,)


def test_masked_and_read_again() -> None:
    sent = Sent(body=JSON, media="application/json", path=f"/s?id={NUMBER}")
    found = examine(sent, finder(), TODAY)
    fresh = rewritten(sent, found, FAKES, finder(), TODAY)
    assert fresh is not None
    assert NUMBER not in fresh.path + fresh.body.decode()
    assert json.loads(fresh.body)["n"] == 1
    plain = Sent(body=b'{"n": 1}', media="application/json")
    assert rewritten(plain, examine(plain, finder(), TODAY), FAKES, finder(), TODAY) is None


def test_the_thread_sees_the_same() -> None:
    one = Examiner(finder, key=b"k" * 32)
    sent = Sent(body=JSON, media="application/json")
    try:
        here, there = one.now(sent, TODAY), one.later(sent, TODAY).result(30)
        assert here.seen.carried == there.seen.carried
        assert one.mask(sent, here, TODAY) == one.mask_later(sent, there, TODAY).result(30)
        assert one.scrubbed(NUMBER) == "<id_card>"
    finally:
        one.close()


def test_a_body_that_takes_too_long_is_unread() -> None:
    times = iter([0.0, *[100.0] * 1000])
    one = Examiner(finder, clock=lambda: next(times))
    found = one.now(Sent(body=JSON, media="application/json"), TODAY)
    assert found.seen.carried.unread == (Opaque.BUDGET,)
    one.close()


@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "br", "deflate, gzip", "x"]),
       st.sampled_from(["", "application/json", "text/plain"]), st.text(max_size=20))  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_any_request(body: bytes, encoding: str, media: str, path: str) -> None:
    sent = Sent(body=body, encoding=encoding, media=media, path="/" + path)
    found = examine(sent, finder(), TODAY)
    rewritten(sent, found, FAKES, finder(), TODAY)
