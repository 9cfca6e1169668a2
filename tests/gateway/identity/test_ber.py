"""BER: what is written reads back, and foreign bytes are refused, never believed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity.ber import (
    LARGEST,
    SEQUENCE,
    BerError,
    elements,
    frame,
    integer,
    number,
    text,
    tlv,
)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_lengths(size: int) -> None:
    made = tlv(SEQUENCE, b"x" * size)
    assert frame(made) == len(made)
    assert list(elements(made)) == [(SEQUENCE, b"x" * size)]


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 0x7FFF_FFFF])
def test_numbers(value: int) -> None:
    ((_, content),) = elements(number(value))
    assert integer(content) == value


@pytest.mark.parametrize(
    "data",
    [
        b"\x31\x00",  # no sequence
        b"\x30\x80",  # without end
        b"\x30\x85\0\0\0\0\1",
        b"\x30\x84" + LARGEST.to_bytes(4),
    ],
)
def test_impossible_frames(data: bytes) -> None:
    with pytest.raises(BerError):
        frame(data)


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x82", b"\x30\x82\x01"])
def test_unfinished_heads_wait(data: bytes) -> None:
    assert frame(data) == 0


@pytest.mark.parametrize("data", [b"\x04\x05abc", b"\x1f\x01\x00", b"\x04", b"\x04\x80"])
def test_what_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(BerError):
        list(elements(data))


@pytest.mark.parametrize("content", [b"", b"\0\0\0\0\0"])
def test_odd_numbers(content: bytes) -> None:
    with pytest.raises(BerError):
        integer(content)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_anything(data: bytes) -> None:
    for work in (frame, lambda said: list(elements(said))):
        try:
            work(data)
        except BerError:
            continue


def test_text_is_utf8() -> None:
    assert text("学") == b"\x04\x03\xe5\xad\xa6"
