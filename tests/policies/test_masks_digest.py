"""The bulk HMAC and its spellings, beside the standard library's."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import masks_digest


@given(st.binary(max_size=200), st.lists(st.binary(max_size=80), max_size=5))
def test_the_same_as_the_one_shot(key: bytes, messages: list[bytes]) -> None:
    digest = masks_digest.keyed(key)
    assert [digest(one) for one in messages] == [
        hmac.digest(key, one, "sha256") for one in messages
    ]


def test_sm3_where_there_is_one() -> None:
    if "sm3" not in hashlib.algorithms_available:
        with pytest.raises(ValueError, match="sm3"):
            masks_digest.keyed(b"k", "sm3")
        return
    assert masks_digest.keyed(b"k", "sm3")(b"m") == hmac.digest(b"k", b"m", "sm3")


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=6), st.integers(1, 48))
def test_base32_is_the_standard_s(digests: list[bytes], size: int) -> None:
    wanted = [base64.b32encode(one).decode().lower().rstrip("=")[:size] for one in digests]
    assert masks_digest.base32(digests, size) == wanted


def test_hex_and_digits() -> None:
    one = bytes(range(32))
    assert masks_digest.hexed([one], 6) == ["000102"]
    assert masks_digest.digits([one], 9) == [f"{int.from_bytes(one, 'big') % 10**9:09d}"]
    assert masks_digest.digits([bytes(32)], 4) == ["0000"]
