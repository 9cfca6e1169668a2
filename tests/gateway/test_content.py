"""The first window of a body: every coding, broken ones, bombs, and any bytes."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.content import (
    BUDGET,
    DECODERS,
    READ,
    acceptable,
    all_codings,
    is_page,
    is_text,
    media_type,
    readable,
)
from rules.model import Gap

PAGE = ("<html><title>清朗</title>" + "网页内容 " * 4000).encode()


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


CODINGS = {
    "": lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_whole_bodies(coding: str) -> None:
    assert readable(CODINGS[coding](PAGE), coding) == PAGE


def test_raw_deflate_is_read_as_browsers_do() -> None:
    assert readable(raw_deflate(PAGE), "deflate") == PAGE


@pytest.mark.parametrize("coding", CODINGS)
def test_a_first_window_is_enough(coding: str) -> None:
    cut = CODINGS[coding](bytes(range(256)) * 2000 + PAGE)
    found = readable(cut[: len(cut) // 2], coding)
    assert isinstance(found, bytes)
    assert (bytes(range(256)) * 2000 + PAGE).startswith(found[:1000])
    assert len(found) <= READ


def test_gzip_members_are_all_read() -> None:
    assert readable(gzip.compress(b"one ") + gzip.compress(b"two"), "gzip") == b"one two"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs(coding: str) -> None:
    bomb = CODINGS[coding](bytes(BUDGET * 4))
    assert readable(bomb, coding) is Gap.BOMB


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "compress", "aes128gcm", "x"])
def test_undecodable(coding: str) -> None:
    assert readable(b"<html>this is not what the header says</html>" * 50, coding) is (
        Gap.UNDECODABLE
    )


def test_too_many_codings() -> None:
    assert readable(b"a", "gzip, gzip, gzip, gzip") is Gap.BOMB


def test_an_empty_body_is_empty() -> None:
    assert readable(b"", "gzip") == b""


@pytest.mark.parametrize(
    ("media", "page", "text"),
    [
        ("text/html", True, True),
        ("", True, True),
        ("application/xhtml+xml", True, True),
        ("text/css", False, True),
        ("application/json", False, True),
        ("image/svg+xml", False, True),
        ("image/png", False, False),
        ("application/octet-stream", False, False),
    ],
)
def test_media_types(media: str, page: bool, text: bool) -> None:
    assert (is_page(media), is_text(media)) == (page, text)


@settings(max_examples=150)
@given(st.sampled_from(sorted(DECODERS)), st.binary(max_size=2000))
def test_any_bytes(coding: str, data: bytes) -> None:
    found = readable(data, coding)
    assert isinstance(found, Gap) or len(found) <= READ


@settings(max_examples=100)
@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.integers(0, 200), st.integers(0, 255))
def test_mutated_bodies(coding: str, at: int, byte: int) -> None:
    data = bytearray(CODINGS[coding](PAGE))
    data[at % len(data)] = byte
    found = readable(bytes(data), coding)
    assert isinstance(found, Gap) or len(found) <= READ


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("text/html; charset=utf-8", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/html foo", "text/html"),
        ("text/html(comment)", "text/html"),
        ("image/png, text/html", "text/html"),
        ("text/html, image/png", "text/html"),
        ("image/png, video/mp4", "video/mp4"),
        ("image/png, html", "image/png"),
        ("*/*", ""),
        ("unknown/unknown", ""),
        ("application/unknown", ""),
        ("html", ""),
        ("/", ""),
        ("", ""),
    ],
)
def test_media_type_as_browsers_read_it(header: str, expected: str) -> None:
    assert media_type(header) == expected


@given(st.text(max_size=80))
def test_any_media_type(header: str) -> None:
    found = media_type(header)
    assert found == "" or "/" in found
    assert not set(found) & set(" ;,")


@pytest.mark.parametrize(
    ("content", "transfer", "expected"),
    [
        ("", "", ""),
        ("gzip", "chunked", "gzip"),
        ("", "gzip, chunked", "gzip"),
        ("br", "GZIP,chunked", "br,gzip"),
        ("", "compress", "compress"),
        ("", "identity", ""),
    ],
)
def test_transfer_codings_come_last(content: str, transfer: str, expected: str) -> None:
    assert all_codings(content, transfer) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("gzip, deflate, br, zstd, dcb, dcz", "gzip, deflate, br, zstd"),
        ("gzip;q=1.0, *;q=0.5", "gzip;q=1.0"),
        ("dcb", ""),
        ("", ""),
    ],
)
def test_only_readable_codings_are_acceptable(asked: str, expected: str) -> None:
    assert acceptable(asked) == expected
