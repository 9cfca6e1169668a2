"""Codings undone chunk by chunk: the same bytes as in one piece, and bombs stopped."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.content import BUDGET, DECODERS
from gateway.unpack import Unpacker
from rules.model import Gap

PAGE = ("<html><title>清朗</title>" + "".join(f"第{n}段网页内容 " for n in range(3000))).encode()


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


CODINGS = {
    "": lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "X-GZIP": gzip.compress,
    "deflate": zlib.compress,
    "deflate ": raw_deflate,
    "br": lambda data: brotli.compress(data, quality=2),
    "zstd": zstandard.compress,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
    "gzip,gzip": lambda data: gzip.compress(gzip.compress(data)),
}


def unpacked(data: bytes, coding: str, size: int) -> bytes | Gap:
    unpacker = Unpacker(coding)
    out = b""
    for at in range(0, len(data), size):
        found = unpacker.feed(data[at : at + size])
        if isinstance(found, Gap):
            return found
        out += found
    return out


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("coding", CODINGS)
def test_any_chunks_give_the_same(coding: str, size: int) -> None:
    assert unpacked(CODINGS[coding](PAGE), coding, size) == PAGE


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_broken_off_gives_what_came(coding: str) -> None:
    data = CODINGS[coding](PAGE)
    found = unpacked(data[: len(data) // 2], coding, 500)
    assert isinstance(found, bytes)
    assert PAGE.startswith(found)


@pytest.mark.parametrize("size", [1, 5, 4096])
def test_gzip_members_and_padding(size: int) -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"two")
    assert unpacked(data, "gzip", size) == b"one two"
    assert unpacked(data + b"\0" * 50, "gzip", size) == b"one two"
    assert unpacked(data + b"\x1f\x1f\x1f", "gzip", size) == b"one two"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("size", [64, 64 * 1024])
def test_bombs(coding: str, size: int) -> None:
    bomb = CODINGS[coding](bytes(BUDGET * 4))
    unpacker = Unpacker(coding)
    largest = 0
    found: bytes | Gap = b""
    for at in range(0, len(bomb), size):
        found = unpacker.feed(bomb[at : at + size])
        if isinstance(found, Gap):
            break
        largest = max(largest, len(found))
    assert found is Gap.BOMB
    assert largest <= BUDGET
    assert unpacker.feed(b"more") is Gap.BOMB


def test_a_nested_bomb() -> None:
    bomb = gzip.compress(gzip.compress(gzip.compress(bytes(BUDGET * 8))))
    assert unpacked(bomb, "gzip,gzip,gzip", 1 << 16) is Gap.BOMB


def test_a_long_honest_body_passes() -> None:
    """Ten times the budget in all, at a ratio that is no bomb."""
    import random

    noise = random.Random(1)
    coder = zlib.compressobj()
    unpacker = Unpacker("deflate")
    total = 0
    for _ in range(BUDGET * 2 // 16384):
        block = noise.randbytes(4096) * 4
        found = unpacker.feed(coder.compress(block) + coder.flush(zlib.Z_SYNC_FLUSH))
        assert isinstance(found, bytes)
        total += len(found)
    assert total > BUDGET


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_not_what_it_says(coding: str) -> None:
    text = b"<html>this is not what the header says</html>" * 50
    assert unpacked(text, coding, 100) is Gap.UNDECODABLE


@pytest.mark.parametrize(
    ("coding", "gap"),
    [
        ("compress", Gap.UNDECODABLE), ("gzip, aes128gcm", Gap.UNDECODABLE),
        ("bogus", Gap.UNDECODABLE),
        ("gzip,gzip,gzip,gzip", Gap.BOMB),
    ],
)  # fmt: skip
def test_codings_nobody_reads(coding: str, gap: Gap) -> None:
    assert Unpacker(coding).feed(b"x") is gap


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(DECODERS)), st.lists(st.binary(max_size=100), max_size=8))
def test_any_bytes(coding: str, chunks: list[bytes]) -> None:
    unpacker = Unpacker(coding)
    for chunk in chunks:
        found = unpacker.feed(chunk)
        assert isinstance(found, Gap) or len(found) <= BUDGET


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.integers(0, 200), st.integers(0, 255))
def test_mutated_bodies(coding: str, at: int, byte: int) -> None:
    data = bytearray(CODINGS[coding](PAGE[:5000]))
    data[at % len(data)] = byte
    found = unpacked(bytes(data), coding, 50)
    assert isinstance(found, Gap) or len(found) <= BUDGET
